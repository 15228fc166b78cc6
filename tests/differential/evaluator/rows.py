"""Parameters: which rows a combination of keys chooses, and what they come to (R2 to R4a)."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from . import written
from .functions import note_moved
from .kinds import is_whole
from .values import ASSUMED, BOOL, CODE, CODES, DATE, DIVISION, NUMBER, PERHAPS_NONE, WEAK

# How many combinations of keys are remembered; keys that are numbers have no end of them.
MOST_KNOWN = 10000


@dataclass(frozen=True)
class Range:
    """The numbers that a row is for, or those of days or months; an end that is None is infinite."""
    low: object
    with_low: bool
    high: object
    with_high: bool

    def holds(self, number):
        if self.low is not None and (number < self.low or (number == self.low and not self.with_low)):
            return False
        return self.high is None or number < self.high or (number == self.high and self.with_high)

    def is_empty(self, whole):
        """Whether no number, or no whole one, is in it."""
        if self.low is None or self.high is None:
            return False
        if whole:
            low = -(-self.low.numerator // self.low.denominator)
            if low == self.low and not self.with_low:
                low += 1
            return not self.holds(low)
        return self.low > self.high or (self.low == self.high and not (self.with_low and self.with_high))

    def meets(self, other, whole):
        """Whether some number is in both."""
        low, with_low = self.low, self.with_low
        if low is None or (other.low is not None and (other.low, not other.with_low) > (low, not with_low)):
            low, with_low = other.low, other.with_low
        high, with_high = self.high, self.with_high
        if high is None or (other.high is not None and (other.high, other.with_high) < (high, with_high)):
            high, with_high = other.high, other.with_high
        return not Range(low, with_low, high, with_high).is_empty(whole)


def samples(low, high, cuts, whole):
    """Numbers of [low, high], one of every stretch between the cuts and every cut itself; `whole` ones only."""
    edges = sorted({edge for edge in cuts if (low is None or edge > low) and (high is None or edge < high)})
    points = ([] if low is None else [low]) + edges + ([] if high is None or high == low else [high])
    found = [point for point in points if not whole or point.denominator == 1]
    bounds = ([None] if low is None else []) + points + ([None] if high is None else [])
    for left, right in zip(bounds, bounds[1:]):
        inside = between(left, right, whole)
        if inside is not None:
            found.append(inside)
    return found


def between(left, right, whole):
    """A number strictly between two edges; None if there is no such one."""
    if left is None and right is None:
        return 0
    if left is None:
        return -(-right.numerator // right.denominator) - 1
    number = left.numerator // left.denominator + 1
    if right is None or number < right:
        return number
    return None if whole else Fraction(left + right) / 2


class Lookup:
    """A parameter on one day in one chain: `levels` has the rows in force, those of the lowest level first."""

    def __init__(self, symbol, levels):
        self.symbol = symbol
        self.levels = levels
        self.cuts = []
        for at, key in enumerate(symbol.keys):
            self.cuts.append([edge for rows in levels for row in rows if isinstance(row.match[at], Range)
                              for edge in (row.match[at].low, row.match[at].high) if edge is not None])
        # What keys of certain contents come to; the same for every case.
        self.known = {}

    def combinations(self, keys, also=None):
        """One representative of every combination that the keys may be and that rows, and `also` a band, tell apart."""
        choices = []
        for at, (key, value, cuts) in enumerate(zip(self.symbol.keys, keys, self.cuts)):
            if also is not None and isinstance(also[at], Range):
                cuts = cuts + [edge for edge in (also[at].low, also[at].high) if edge is not None]
            if key.type.kind == CODE:
                choices.append([1 << at for at in range(value[2].bit_length()) if value[2] >> at & 1])
            else:
                choices.append(samples(value[2], value[3], cuts, is_whole(key.type)))
        return product(*choices)

    def row_for(self, combination):
        for rows in self.levels:
            for row in rows:
                if all(is_for(match, key) for match, key in zip(row.match, combination)):
                    return row
        return None

    def chosen(self, keys):
        """The rows for all combinations, and whether one has none."""
        rows, missing = {}, False
        for combination in self.combinations(keys):
            row = self.row_for(combination)
            if row is None:
                missing = True
            else:
                rows[id(row)] = row
        return list(rows.values()), missing

    def value(self, run, keys, person):
        """R3, R4; `person` is empty for the household's and for whoever is missing."""
        blame = marks = 0
        for key, value in zip(self.symbol.keys, keys):
            blame |= value[0]
            marks |= value[1]
            if key.type.kind == DATE:
                note_moved(run, value)
        if any(key.type.kind != CODE and value[4] for key, value in zip(self.symbol.keys, keys)):
            return self.undefined(run, blame, marks)
        contents = tuple(key[2:] for key in keys)
        found = self.known.get(contents)
        if found is None:
            if len(self.known) >= MOST_KNOWN:
                self.known.clear()
            found = self.known[contents] = self.chosen(keys)
        rows, missing = found
        if any(row.assumed for row in rows):
            marks |= ASSUMED
        type_ = self.symbol.type
        values = [row.value for row in rows]
        item = 0
        if missing:
            item = run.item(("POLICY_ROW", person, "", "", "", "", "", self.missing_text(run, keys)))
            values.append(run.unknown(type_, 0, self.symbol.minimum, self.symbol.maximum))
        content = hull_of(values, type_)
        if not rows:
            blame = blame if marks & WEAK else 0
        exact = is_exact(content, type_)
        blame = 0 if exact and not marks & WEAK else blame | item
        return (blame, marks) + content

    def undefined(self, run, blame, marks):
        value = run.unknown(self.symbol.type, 0, self.symbol.minimum, self.symbol.maximum)
        if self.symbol.type.kind in (NUMBER, DATE):
            return (blame, marks) + value[2:4] + (PERHAPS_NONE,)
        return (blame, marks) + value[2:]

    def missing_text(self, run, keys):
        name = self.symbol.name
        if not keys:
            return name
        parts = [f"{key.name}={written.key(value, key.type, run.program)}" for key, value in zip(self.symbol.keys, keys)]
        return f"{name}[{','.join(parts)}]"


def is_for(match, key):
    if match is None:
        return True
    if isinstance(match, Range):
        return match.holds(key)
    return bool(match & key)


def hull_of(values, type_):
    """The content that holds those of all values (R3)."""
    if type_.kind in (NUMBER, DATE, DIVISION):
        lows, highs = [value[2] for value in values], [value[3] for value in values]
        return (None if None in lows else min(lows), None if None in highs else max(highs), 0)
    if type_.kind == CODES:
        same = all(value[2] == values[0][2] for value in values)
        return (values[0][2] if same else None,)
    mask = 0
    for value in values:
        mask |= value[2]
    return (mask,)


def is_exact(content, type_):
    if type_.kind in (NUMBER, DATE, DIVISION):
        return content[0] == content[1] and content[0] is not None and not content[2]
    if type_.kind == CODES:
        return content[0] is not None
    assert type_.kind in (BOOL, CODE)
    return content[0] & (content[0] - 1) == 0


# What may be said of a parameter's rows (F14). `keys` has the values of codes looked up, None for all other keys.


def anything(run, key):
    """What a key may be that nobody knows; a count also less than 0, a code also one that the list does not have (R2)."""
    return (0, 0, None, None, 0) if key.type.kind == NUMBER else run.unknown(key.type, 0, may_be_another=True)


def of_rows(run, lookup, keys, type_, of_lookup):
    """`of_lookup` gives content and item by all keys, where those looked up are exact."""
    blame = marks = 0
    exact = True
    every = []
    for key, value in zip(lookup.symbol.keys, keys):
        if value is None:
            value = anything(run, key)
        else:
            blame |= value[0]
            marks |= value[1]
            exact = exact and value[2] & (value[2] - 1) == 0
        every.append(value)
    if not exact:
        symbol = lookup.symbol
        bounds = (symbol.minimum, symbol.maximum) if type_ is symbol.type else ()
        return (blame, marks) + run.unknown(type_, 0, *bounds)[2:]
    rows, _ = lookup.chosen(every)
    if any(row.assumed for row in rows):
        marks |= ASSUMED
    content, item = of_lookup(rows, every)
    return ((blame if marks & WEAK else 0) | item, marks) + content


def size(run, lookup, keys, type_):
    return of_rows(run, lookup, keys, type_, lambda rows, _: ((len(rows), len(rows), 0), 0))


def extreme(choose):
    def function(run, lookup, keys, type_):
        def of_lookup(rows, _):
            if rows:
                found = choose(row.value[2] for row in rows)
                return (found, found, 0), 0
            value = run.unknown(type_, 0, lookup.symbol.minimum, lookup.symbol.maximum)
            told = [run.unknown(key.type, 0) if of is None else of for key, of in zip(lookup.symbol.keys, keys)]
            item = run.item(("POLICY_ROW", "", "", "", "", "", "", lookup.missing_text(run, told)))
            return value[2:], 0 if is_exact(value[2:], type_) else item
        return of_rows(run, lookup, keys, type_, of_lookup)
    return function


highest, lowest = extreme(max), extreme(min)


def stretches(lookup, every):
    """For the codes of all other keys, the rows along the one key that is a number, a row once for every stretch."""
    along = next(at for at, key in enumerate(lookup.symbol.keys) if key.type.kind == NUMBER)
    runs = {}
    for combination in lookup.combinations(every):
        others = combination[:along] + combination[along + 1:]
        runs.setdefault(others, []).append((combination[along], lookup.row_for(combination)))
    for found in runs.values():
        rows = [row for _, row in sorted(found, key=lambda pair: pair[0])]
        yield [row for at, row in enumerate(rows) if row is not None and (at == 0 or rows[at - 1] is not row)]


def ordered(is_before):
    def function(run, lookup, keys, type_):
        def of_lookup(_, every):
            holds = all(is_before(left.value[2], right.value[2]) for rows in stretches(lookup, every)
                        for left, right in zip(rows, rows[1:]))
            return (2 if holds else 1,), 0
        return of_rows(run, lookup, keys, type_, of_lookup)
    return function


rising, falling = ordered(lambda left, right: left < right), ordered(lambda left, right: left > right)
