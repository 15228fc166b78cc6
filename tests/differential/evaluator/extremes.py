"""Least, greatest, mean and number of different values of a list, L30 to L34."""

from .filtered import SURELY, Filtered, presence, unproven
from .functions import note_compared
from .operators import ARITHMETIC, quotient, sum_of_ends
from .values import (DATE, NO_VALUE, ORDERED, PERHAPS_NONE, SURE, UNLISTED, WEAK, hull_number, is_exact_number, marked,
                     resting_on, settled, single)

# Whether a value, besides what it is, may be one of no element at all.
NOT_EMPTY, PERHAPS_EMPTY, EMPTY = 0, 1, 2


def lowest(ends):
    return None if None in ends else min(ends)


def highest(ends):
    return None if None in ends else max(ends)


def is_exact(value):
    """Of a value with its emptiness."""
    return is_exact_number(value) and value[5] == NOT_EMPTY


def settled_with(exact, values):
    """B2 of several values."""
    blame = 0
    for value in values:
        if not exact or value[1] & WEAK:
            blame |= value[0]
    return blame


class Extreme(Filtered):
    """`min`, `max` and `mean`; a side's value has its emptiness as a sixth part."""

    def __init__(self, name, slot, filters, body, default):
        super().__init__(slot, filters)
        self.name = name
        self.body = body.value
        self.is_date = body.kind == DATE
        self.default = default and default.value
        self.default_is_date = default is not None and default.kind == DATE

    def bodies(self, run, elements, dropped):
        """(body, state, blame, marks) of every element that the filters leave."""
        found = []
        for _, state, blame, marks in self.passed(run, elements, dropped):
            value = self.body(run)
            if self.is_date:
                note_compared(run, value, value)
            found.append((value, state, blame, marks))
        return found

    def side(self, run, elements, period_months):
        dropped = [0, 0]
        found = self.bodies(run, elements, dropped)
        value = resting_on(self.listed([one for one in found if one[1] != UNLISTED]), *dropped)
        for body, state, blame, marks in found:
            if state == UNLISTED:
                value = self.opened(value, body, blame, marks)
        return value, presence(one[1] for one in found)

    def listed(self, found):
        """L30"""
        if not found:
            return (0, 0, None, None, 0, EMPTY)
        sure = [one[0] for one in found if one[1] == SURE]
        low, high = self.ends([one[0] for one in found], sure)
        undefined = PERHAPS_NONE if any(one[0][4] for one in found) else 0
        emptiness = NOT_EMPTY if sure else PERHAPS_EMPTY
        exact = low == high and low is not None and not undefined and emptiness == NOT_EMPTY
        blame = marks = 0
        for body, state, element_blame, element_marks in found:
            marks |= body[1] | element_marks
            if not exact:
                blame |= body[0] | (element_blame if state != SURE else 0)
            elif body[1] & WEAK:
                blame |= body[0]
            if element_marks & WEAK:
                blame |= element_blame
        return (blame, marks, low, high, undefined, emptiness)

    def ends(self, bodies, sure):
        low, high = lowest([body[2] for body in bodies]), highest([body[3] for body in bodies])
        if self.name == "mean" and len(sure) == len(bodies):
            return self.mean(bodies, 2), self.mean(bodies, 3)
        if self.name == "min" and sure:
            ends = [body[3] for body in sure if body[3] is not None]
            high = min(ends) if ends else None
        if self.name == "max" and sure:
            ends = [body[2] for body in sure if body[2] is not None]
            low = max(ends) if ends else None
        return low, high

    @staticmethod
    def mean(bodies, part):
        total = 0
        for body in bodies:
            total = sum_of_ends(total, body[part])
        return None if total is None else quotient(total, len(bodies))

    def opened(self, value, body, blame, marks):
        """L32: the unlisted element, which the filters leave."""
        element = (blame, marks)
        marks |= value[1] | body[1]
        if value[5] == EMPTY:
            return (settled_with(False, (value, body, element)), marks, body[2], body[3], body[4] & PERHAPS_NONE, PERHAPS_EMPTY)
        low, high = value[2], value[3]
        perhaps = value[5] == PERHAPS_EMPTY
        if self.name in ("min", "mean") or perhaps:
            low = lowest([low, body[2]])
        if self.name in ("max", "mean") or perhaps:
            high = highest([high, body[3]])
        undefined = (value[4] | body[4]) & PERHAPS_NONE
        exact = low == high and low is not None and not undefined and not perhaps
        return (settled_with(exact, (value, body, element)), marks, low, high, undefined, value[5])

    def open(self, run, value, unlisted, blame, period_months):
        dropped = [0, 0]
        found = self.bodies(run, ((unlisted, UNLISTED, blame, 0),), dropped)
        for body, _, element_blame, marks in found:
            value = self.opened(value, body, element_blame, marks)
        return resting_on(value, *dropped)

    def replaced(self, run, value, unlisted, blame, awaited, stated):
        """L32, its end: what is found may be more than what is stated, or a statement may come, and then counts."""
        if self.name != "min" or not (awaited or stated) or value[5] == EMPTY or value[3] is None:
            return value
        alone = self.open(run, self.listed(()), unlisted, blame, None)
        if alone[5] == EMPTY or (alone[3] is not None and alone[3] <= value[3]):
            return value
        return (value[0] | blame, value[1], value[2], alone[3], value[4], value[5])

    def close(self, value, blame, marks):
        """L20: there is no neutral value, so that the value itself rests on what closes the list."""
        return resting_on(value, blame, marks)

    def weigh(self, found, stated, has_stated, proof=0, has_found=True):
        """L31"""
        if stated[5] == EMPTY:
            return resting_on(found, stated[0], stated[1])
        if found[5] == stated[5] == NOT_EMPTY:
            return super().weigh(found[:5], stated[:5], SURELY, proof) + (NOT_EMPTY,)
        stated = unproven(stated, proof)
        if found[5] == EMPTY:
            return resting_on(stated, found[0], found[1])
        lows = [side[2] for side in (found, stated) if side[5] == NOT_EMPTY] or [found[2], stated[2]]
        low, high = lowest(lows), highest([found[3], stated[3]])
        emptiness = PERHAPS_EMPTY if found[5] == stated[5] else NOT_EMPTY
        undefined = (found[4] | stated[4]) & PERHAPS_NONE
        exact = low == high and low is not None and not undefined and emptiness == NOT_EMPTY
        return (settled(exact, found, stated), found[1] | stated[1], low, high, undefined, emptiness)

    def hull(self, a, b):
        """L17 with L31; of values without emptiness (P8) the usual one."""
        if len(a) == 5:
            return hull_number(a, b)
        if a[5] == b[5] == EMPTY:
            return (settled(True, a, b), a[1] | b[1], None, None, 0, EMPTY)
        if EMPTY in (a[5], b[5]):
            empty, other = (a, b) if a[5] == EMPTY else (b, a)
            return (empty[0] | other[0], a[1] | b[1]) + other[2:5] + (PERHAPS_EMPTY,)
        emptiness = a[5] | b[5]
        value = hull_number(a[:5], b[:5])
        if emptiness:
            return (a[0] | b[0],) + value[1:] + (emptiness,)
        return value + (emptiness,)

    def same(self, found, stated):
        if found[5] == stated[5] == EMPTY:
            return True
        return is_exact(found) and is_exact(stated) and found[2] == stated[2]

    def finish(self, run, value):
        """L33"""
        default = self.default(run) if self.default else None
        if self.default_is_date:
            note_compared(run, default, default)
        emptiness, value = value[5], value[:5]
        if emptiness == NOT_EMPTY:
            return value
        if default is None:
            undefined = NO_VALUE if emptiness == EMPTY else PERHAPS_NONE
            low, high = (None, None) if emptiness == EMPTY else value[2:4]
            return (value[0] | run.item(ARITHMETIC), value[1], low, high, undefined)
        if emptiness == EMPTY:
            return resting_on(marked(default, value[1]), value[0], value[1])
        return hull_number(value, default)


class Distinct(Filtered):
    """`distinct`, L34."""

    def __init__(self, slot, filters, body):
        super().__init__(slot, filters)
        self.body = body.value
        self.kind = body.kind

    def content(self, value):
        """What an exact body is; None of others."""
        if self.kind in ORDERED:
            return value[2] if is_exact_number(value) else None
        return value[2] if single(value[2]) else None

    def side(self, run, elements, period_months):
        dropped, found = [0, 0], []
        for _, state, blame, marks in self.passed(run, elements, dropped):
            value = self.body(run)
            if self.kind == DATE:
                note_compared(run, value, value)
            found.append((value, state, blame, marks))
        value = resting_on(self.listed([one for one in found if one[1] != UNLISTED]), *dropped)
        for body, state, blame, marks in found:
            if state == UNLISTED:
                value = (value[0] | body[0] | blame, value[1] | body[1] | marks, value[2], None, value[4])
        return value, presence(one[1] for one in found)

    def listed(self, found):
        """The number of different values of the elements that are sure or possible."""
        seen, sure_seen, inexact = set(), set(), 0
        blame = marks = weak_blame = 0
        for value, state, element_blame, element_marks in found:
            blame |= value[0] | element_blame
            marks |= value[1] | element_marks
            weak_blame |= (value[0] if value[1] & WEAK else 0) | (element_blame if element_marks & WEAK else 0)
            content = self.content(value)
            if content is None:
                inexact += 1
                continue
            seen.add(content)
            if state == SURE:
                sure_seen.add(content)
        sure = any(one[1] == SURE for one in found)
        low, high = max(len(sure_seen), 1 if sure else 0), len(seen) + inexact
        if low == high:
            blame = 0
        return (blame | weak_blame, marks, low, high, 0)

    def close(self, value, blame, marks):
        return resting_on(value, blame, marks)

    def open(self, run, value, unlisted, blame, period_months):
        """L34: any number of others, if the filters leave the unlisted fact."""
        added, left = self.side(run, ((unlisted, UNLISTED, blame, 0),), None)
        if not left:
            return resting_on(value, added[0], added[1])
        return (value[0] | added[0], value[1] | added[1], value[2], None, value[4])
