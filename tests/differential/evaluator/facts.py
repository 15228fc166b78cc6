"""Facts as lists see them: fields with their values, months, and what keeps a fact from being sure (S1 to S10, L10 to L14)."""

from . import days
from .evidence import unstated
from .kinds import COUNT
from .symbols import is_place, places_within
from .values import (BOOL, CODE, CODES, DATE, DECLARED, DIVISION, ELSEWHERE, MANUAL, MONTH, NUMBER, PERIOD, PERSON, POSSIBLE,
                     PRESUMED, SURE, TEXT, UNDETERMINED, WEAK, is_exact_number)


class Field:
    """A field of a kind; `index` is its place among the fields that have values."""
    __slots__ = ("name", "type", "index", "default", "minimum", "maximum")


class Kind:
    """A kind of fact of the vocabulary: `by` is state, month, day, year or period; `fields` and what spreads a fact (T35) by name."""
    __slots__ = ("name", "by", "by_month", "timed", "categories", "fields", "spread")

    def time_field(self):
        """The field that says of which month or day a fact is; None of other kinds."""
        if self.by == "day":
            return self.fields["day"]
        if self.by_month:
            for field in self.fields.values():
                if field.type.kind == MONTH:
                    return field
        return None


class Fact:
    """A fact as a loop variable: the values of its fields; its month's number, and the first and last of its days, None
    where they are not known; what is told of it, None of one that nobody tells."""
    __slots__ = ("fields", "month", "days", "time_blame", "statement")

    def set_time(self, kind, value):
        """L11: the month or day that the value of the kind's field says."""
        self.time_blame = value[0]
        at = value[2] if is_exact_number(value) else None
        if at is not None and kind.by_month:
            self.month, self.days = at, (days.first_of(at), days.last_of(at))
        elif at is not None:
            self.days = (at, at)


def unknown(type_, blame, minimum=None, maximum=None, everybody=0, every=0):
    """V9; `every` is the mask of the codes it may be. An unknown value that has one member only is exact and has no blame."""
    kind = type_.kind
    if kind == NUMBER:
        low = 0 if minimum is None and type_.unit == COUNT else minimum
        exact = low == maximum and low is not None
        return (0 if exact else blame, 0, low, maximum, 0)
    if kind in (DATE, MONTH, DIVISION):
        return (blame, 0, None, None, 0)
    if kind == BOOL:
        return (blame, 0, UNDETERMINED)
    if kind == CODE:
        return (0 if every & (every - 1) == 0 else blame, 0, every)
    if kind == PERSON:
        return (blame, 0, everybody)
    if kind == CODES:
        return (blame, 0, None)
    assert kind == PERIOD
    return (blame, 0, None, None)


class FactReader:
    """Makes the facts of one run."""

    def __init__(self, run):
        self.run = run

    def field_value(self, statement, field):
        """S5 to S8"""
        told = statement.fields.get(field.name)
        if field.name in statement.doubtful:
            return self.unknown(field, self.run.item(statement.answer.item("CONFLICT")))
        kind = field.type.kind
        if field.name == "amount" and any(amount is not None for _, amount in statement.also):
            return self.amount(statement, field, told)
        if told is None:
            if field.default is not None:
                return field.default
        elif kind == NUMBER:
            if (field.minimum is None or told >= field.minimum) and (field.type.unit != COUNT or told >= 0):
                return (0, 0, told, told, 0)
        elif kind in (DATE, MONTH):
            return (0, 0, told, told, 0)
        elif kind == DIVISION:
            if is_place(told):
                first, last = places_within(told)
                return (0 if first == last else self.not_told(statement, field), 0, first, last, 0)
        elif kind == BOOL:
            return (0, 0, 2 if told else 1)
        elif kind == CODE:
            bit = field.type.codes.bits.get(told, 0)
            if bit & self.run.every(field.type.codes):
                return (0, 0, bit)
        else:
            return self.person_value(statement, told)
        return self.unknown(field, self.not_told(statement, field))

    def amount(self, statement, field, told):
        """S9"""
        amounts = statement.amounts(told)
        if any(amount is None or (field.minimum is not None and amount < field.minimum) for amount in amounts):
            return self.unknown(field, self.not_told(statement, field))
        low, high = min(amounts), max(amounts)
        return (0 if low == high else self.run.item(statement.answer.item("CONFLICT")), 0, low, high, 0)

    def not_told(self, statement, field):
        if statement.answer is None:
            return self.run.item(unstated(statement.person, f"{statement.kind.name}.{field.name}"))
        return self.run.item(statement.answer.item("FIELD"))

    def unknown(self, field, blame):
        return self.run.unknown(field.type, blame, field.minimum, field.maximum, True)

    def person_value(self, statement, number):
        """S8"""
        for person in self.run.listed:
            if person.number == number:
                return (0, 0, 1 << person.index)
        item = ("IDENTITY", statement.person, "", "", "", "", "", "")
        if statement.answer is not None:
            answer = statement.answer
            item = ("IDENTITY", statement.person, answer.source, answer.category, answer.kind, answer.reason, "", "")
        return (self.run.item(item), 0, self.run.somebody_else)

    def element(self, statement):
        """(fact, state, blame, marks) of a statement, its month left aside (L12, L14)."""
        kind, answer = statement.kind, statement.answer
        fact = Fact()
        fact.fields = [self.field_value(statement, field) for field in kind.fields.values() if field.type.kind != TEXT]
        fact.month, fact.days, fact.time_blame = None, None, 0
        fact.statement = statement
        timed = kind.time_field()
        if timed is not None:
            fact.set_time(kind, fact.fields[timed.index])
        state, blame = SURE, 0
        if statement.possible:
            state = POSSIBLE
            blame = self.perhaps_the_same(statement)
        if answer is None:
            return (fact, state, blame, DECLARED)
        return (fact, state, blame, MANUAL if answer.manual else 0)

    def found(self, person, kind):
        """S3: in the order of the answers."""
        return [self.element(statement) for answer in person.in_order for statement in answer.facts
                if statement.kind is kind and statement.is_usable()]

    def perhaps_the_same(self, statement):
        """The item of L12."""
        answer = statement.answer
        return self.run.item(unstated(statement.person, statement.kind.name) if answer is None else answer.item("DUPLICATE"))

    def counted_here(self, element):
        """L13: an element that is held with somebody else, as it counts here."""
        fact, state, blame, marks = element
        statement = fact.statement
        other = statement.held_with
        if other is None or other.person == statement.person or not other.is_usable():
            return element
        run = self.run
        if run.settling:
            return (fact, POSSIBLE, blame | self.perhaps_the_same(statement), marks)
        if run.program.is_member is None:
            return (fact, ELSEWHERE, 0, 0)
        test = run.member_named(other.person).values[run.program.is_member.slot]
        weak = test[1] & WEAK
        if test[2] == 2:
            return (fact, ELSEWHERE, test[0] if weak else 0, weak)
        if test[2] == UNDETERMINED:
            return (fact, POSSIBLE, blame | self.perhaps_the_same(statement) | test[0], marks | weak)
        return (fact, state, blame | test[0] if weak else blame, marks | weak)

    def stated(self, person, kind):
        return [self.element(statement) for statement in person.declared if statement.kind is kind]

    def unlisted(self, kind, blame):
        """S10"""
        fact = Fact()
        fact.fields = [self.unknown(field, blame) for field in kind.fields.values() if field.type.kind != TEXT]
        fact.month, fact.days, fact.time_blame, fact.statement = None, None, blame, None
        return fact

    def presumed(self, kind, month, amount, blame):
        """L23: a fact of a month (None where the kind has none) and an amount."""
        fact = self.unlisted(kind, blame)
        for field in kind.fields.values():
            if field.name == "amount":
                fact.fields[field.index] = no_less(amount, field.minimum)
            elif field.type.kind == MONTH and kind.by_month:
                fact.fields[field.index] = (0, 0, month, month, 0)
            elif field.index is not None and field.default is not None:
                fact.fields[field.index] = field.default
        fact.month, fact.time_blame = month, 0
        return (fact, SURE, 0, PRESUMED)


def no_less(amount, minimum):
    """L23: kept at what a fact may have at least."""
    if minimum is None:
        return amount
    low = minimum if amount[2] is None else max(amount[2], minimum)
    high = None if amount[3] is None else max(amount[3], minimum)
    if (low, high) == amount[2:4]:
        return amount
    exact = low == high and not amount[4]
    return (0 if exact and not amount[1] & WEAK else amount[0], amount[1], low, high, amount[4])


def within(elements, period):
    """L11: those of a month that may be wholly within the period, of a day that may be in it."""
    start, end = period[2], period[3]
    found = []
    for fact, state, blame, marks in elements:
        if start is None:
            found.append((fact, POSSIBLE, blame | period[0], marks))
        elif fact.days is None:
            found.append((fact, POSSIBLE, blame | fact.time_blame, marks))
        elif start <= fact.days[0] and fact.days[1] < end:
            found.append((fact, state, blame, marks))
    return found
