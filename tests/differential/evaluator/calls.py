"""The functions of T18: what their arguments have to be, and what they come to."""

from . import days, evidence
from . import functions as f
from . import operators as o
from .errors import Defect
from .kinds import AREA, COUNT, DAY, DAYS, MONTHS, PERIOD_TYPE, RATIO, RELATION, TRUTH, YEARS, MONEY, Type, number, scale_power
from .syntax import Text
from .typed import Typed, agreed_type, need_type
from .values import CODE, DATE, NUMBER, ORDERED, PERSON, PRESUMED, UNDETERMINED, WEAK, marked


def counted(arguments, wanted):
    if len(arguments) != wanted:
        raise Defect("TYPE_MISMATCH", f"{len(arguments)} arguments instead of {wanted}")


def argument(checker, node, type_):
    """The value of an argument of a type."""
    found = checker.check(node)
    need_type(found, type_)
    return found.value


def extreme(operator):
    def call(checker, arguments, place):
        if len(arguments) < 2:
            raise Defect("TYPE_MISMATCH", "of two or more")
        result = checker.check(arguments[0])
        if result.kind not in ORDERED:
            raise Defect("TYPE_MISMATCH", "without an order")
        for node in arguments[1:]:
            result = pair(result, checker.check(node), operator)
        return result
    return call


def pair(first, second, operator):
    type_ = agreed_type(first, second)
    a_of, b_of = first.value, second.value
    if type_.kind == DATE:
        def of_dates(run):
            a, b = a_of(run), b_of(run)
            f.note_compared(run, a, b)
            return operator(a, b)
        return Typed(type_, of_dates)
    return Typed(type_, lambda run: operator(a_of(run), b_of(run)), first.bare and second.bare)


def of_types(function, result, *types):
    """A function of the run and of values of these types."""
    def call(checker, arguments, place):
        counted(arguments, len(types))
        values = [argument(checker, node, type_) for node, type_ in zip(arguments, types)]
        if len(values) == 1:
            first = values[0]
            return Typed(result, lambda run: function(run, first(run)))
        first, second = values
        return Typed(result, lambda run: function(run, first(run), second(run)))
    return call


def of_day_and_count(function, result, type_):
    """A function of a date and of so many days or months; T51, T52, G9: written ones are whole."""
    def call(checker, arguments, place):
        counted(arguments, 2)
        first = argument(checker, arguments[0], DAY)
        count = checker.check(arguments[1])
        need_type(count, type_)
        if count.constant is not None and count.constant.denominator != 1:
            raise Defect("BAD_VALUE", "days or months that are not whole")
        second = count.value
        return Typed(result, lambda run: function(run, first(run), second(run)))
    return call


def unit(unit_):
    """`yuan(n)` and the others; the number alone has no unit."""
    def call(checker, arguments, place):
        counted(arguments, 1)
        found = checker.check(arguments[0])
        if found.kind != NUMBER or found.unit not in (COUNT, RATIO):
            raise Defect("UNIT_MISMATCH", "a unit of what has one")
        value = found.value
        if scale_power(unit_):
            constant = None if found.constant is None else found.constant * 100
            return Typed(number(unit_), lambda run: f.to_hundredths(value(run)), constant=constant)
        return Typed(number(unit_), value, constant=found.constant)
    return call


def text_of(node, choices=None, code="UNKNOWN_CODE"):
    """A TEXT; what is none has the code of one that is not found."""
    if not isinstance(node, Text):
        raise Defect(code, "a text is meant")
    if choices is not None and node.text not in choices:
        raise Defect(code, node.text)
    return node.text


def rounded(checker, arguments, place):
    """T33"""
    counted(arguments, 3)
    found = checker.number(arguments[0])
    how, type_ = text_of(arguments[1], f.HOW), found.type
    if isinstance(arguments[2], Text):
        size = f.GRAINS[text_of(arguments[2], f.GRAINS)]
        if found.unit[0] != 1:
            raise Defect("UNIT_MISMATCH", "rounded is money")
    else:
        grain = checker.number(arguments[2])
        agreed_type(found, grain)
        if grain.constant is None or grain.constant <= 0:
            raise Defect("BAD_VALUE", "no grain")
        size = grain.constant
        if grain.bare and found.unit == RATIO:
            type_ = number(COUNT)
    value, rounding = found.value, f.rounding(how, size)
    return Typed(type_, lambda run: rounding(value(run)))


def date(checker, arguments, place):
    counted(arguments, 1)
    day = days.read_day(text_of(arguments[0], code="BAD_DATE"))
    if day is None:
        raise Defect("BAD_DATE", arguments[0].text)
    value = (0, 0, day, day, 0)
    return Typed(DAY, lambda run: value)


def category(checker, node):
    return text_of(node, checker.categories)


def answered(checker, arguments, place):
    counted(arguments, 2)
    slot, of = checker.person_slot(arguments[0]), category(checker, arguments[1])
    return Typed(TRUTH, lambda run: evidence.answered(run, run.variables[slot], of))


def not_ruled_out(checker, arguments, place):
    counted(arguments, 3)
    truth = checker.truth(arguments[0]).value
    slot, of = checker.person_slot(arguments[1]), category(checker, arguments[2])
    return Typed(TRUTH, lambda run: evidence.not_ruled_out(run, truth(run), run.variables[slot], of))


def of_person(function, result):
    def call(checker, arguments, place):
        counted(arguments, 1)
        found = checker.check(arguments[0])
        if found.kind != PERSON:
            raise Defect("TYPE_MISMATCH", "no person")
        value = found.value
        return Typed(result, lambda run: function(run, value(run)))
    return call


def listed(run, person):
    """F7"""
    if person[2] & run.somebody_else:
        return (person[0], person[1], UNDETERMINED)
    return (person[0] if person[1] & WEAK else 0, person[1], 2)


def is_person(checker, arguments, place):
    """F7a"""
    counted(arguments, 2)
    found = checker.check(arguments[0])
    if found.kind != PERSON:
        raise Defect("TYPE_MISMATCH", "no person")
    number_of, slot = found.value, checker.person_slot(arguments[1])

    def call(run):
        who, person = run.variables[slot], number_of(run)
        own = 0 if who.missing else 1 << who.index
        mask = person[2]
        truth = (2 if mask & (own | run.somebody_else) else 0) | (1 if mask & ~own else 0)
        if truth != UNDETERMINED:
            return (person[0] if person[1] & WEAK else 0, person[1], truth)
        return (person[0] | (who.missing_blame if who.missing else 0), person[1], truth)
    return Typed(TRUTH, call)


def relation_of(run, person):
    """F8"""
    mask, relations, obligors = person[2], 0, 0
    for listed_person in run.listed:
        if mask >> listed_person.index & 1:
            if listed_person.role == "obligor":
                obligors |= run.item(("IDENTITY", listed_person.id, "", "", "", "", "", ""))
            else:
                relations |= listed_person.values[1][2]
    if mask & run.somebody_else or obligors:
        return (person[0] | obligors, person[1], RELATION.mask_of(RELATION.declared))
    exact = relations & (relations - 1) == 0
    return (0 if exact and not person[1] & WEAK else person[0], person[1], relations)


def presumed(checker, arguments, place):
    counted(arguments, 1)
    found = checker.check(arguments[0], place)
    value = found.value
    return Typed(found.type, lambda run: marked(value(run), PRESUMED))


MONTHS_TYPE = number(MONTHS)
CALLS = {
    "min": extreme(o.least), "max": extreme(o.greatest), "round": rounded, "date": date, "presumed": presumed,
    "age": of_types(f.age, number(YEARS), DAY, DAY),
    "months_between": of_types(f.months_between, MONTHS_TYPE, DAY, DAY),
    "months_before": of_day_and_count(f.months_before, PERIOD_TYPE, MONTHS_TYPE),
    "add_months": of_day_and_count(f.add_months, DAY, MONTHS_TYPE),
    "month_start": of_types(f.month_start, DAY, DAY), "month_end": of_types(f.month_end, DAY, DAY),
    "year_of": of_types(f.year_of, number(COUNT), DAY), "month_of": of_types(f.month_of, number(COUNT), DAY),
    "yuan": unit(MONEY), "months": unit(MONTHS), "years": unit(YEARS), "days": unit(DAYS), "ratio": unit(RATIO),
    "square_metres": unit(AREA),
    "answered": answered, "not_ruled_out": not_ruled_out,
    "listed": of_person(listed, TRUTH), "is_person": is_person, "relation_of": of_person(relation_of, Type(CODE, None, RELATION)),
}
