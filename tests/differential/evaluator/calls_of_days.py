"""Functions of periods, months, divisions and working days: T50 to T52, F20 to F25, D1 to D6."""

from . import days, workdays
from . import functions as f
from .calls import counted, of_day_and_count, of_types, text_of
from .errors import Defect
from .kinds import DAY, DAYS, MONTHS, MONTH_TYPE, PERIOD_TYPE, TRUTH, number
from .operators import equal_ordered
from .symbols import is_place, places_within
from .typed import Typed, mismatch
from .values import DIVISION, MAY_BE_FALSE, MAY_BE_TRUE, UNDETERMINED, is_exact_number, settled, settled_one

DIGITS = {"region": 2, "city": 4, "county": 6}
WHOLE_CODE = 6


def period(run, first, last):
    """F20"""
    f.note_moved(run, first, last)
    marks = first[1] | last[1]
    if is_exact_number(first) and is_exact_number(last):
        return (settled(True, first, last), marks, first[2], max(first[2], last[2]))
    return (settled(False, first, last), marks, None, None)


def in_period(run, day, within):
    """F21"""
    mask = UNDETERMINED
    start, end = within[2], within[3]
    if start is not None:
        for edge in (start, end):
            f.note_compared(run, day, (0, 0, edge, edge, 0))
        if not day[4]:
            if day[2] is not None and day[2] >= start and day[3] is not None and day[3] < end:
                mask = MAY_BE_TRUE
            elif (day[3] is not None and day[3] < start) or (day[2] is not None and day[2] >= end):
                mask = MAY_BE_FALSE
    return (settled(mask != UNDETERMINED, day, within), day[1] | within[1], mask)


def period_start(run, within):
    """F22"""
    return (settled_one(within[2] is not None, within), within[1], within[2], within[2], 0)


def period_end(run, within):
    """F22"""
    last = None if within[2] is None else within[3] - 1
    low, high, outside = days.kept(last, last)
    blame = settled_one(last is not None, within) | (run.item(f.ARITHMETIC) if outside else 0)
    return (blame, within[1], low, high, 0)


def of_ends(part):
    """F23: a part of both ends."""
    def function(run, value):
        low = None if value[2] is None else part(value[2])
        high = None if value[3] is None else part(value[3])
        exact = low == high and low is not None and not value[4]
        return (settled_one(exact, value), value[1], low, high, value[4])
    return function


def month_containing(run, day):
    run.change(run.next_month)
    return of_ends(days.month_number)(run, day)


def division_argument(checker, node):
    found = checker.check(node)
    if found.kind != DIVISION:
        raise mismatch("no division")
    return found.value


def within(checker, arguments, place):
    """F24"""
    counted(arguments, 2)
    of = division_argument(checker, arguments[0])
    code = text_of(arguments[1], code="BAD_VALUE")
    if not is_place(code):
        raise Defect("BAD_VALUE", code)
    first, last = places_within(code)

    def value_of(run):
        value = of(run)
        mask = UNDETERMINED
        if value[2] is not None and value[2] >= first and value[3] is not None and value[3] <= last:
            mask = MAY_BE_TRUE
        elif (value[3] is not None and value[3] < first) or (value[2] is not None and value[2] > last):
            mask = MAY_BE_FALSE
        return (settled_one(mask != UNDETERMINED, value), value[1], mask)
    return Typed(TRUTH, value_of)


def same_division(checker, arguments, place):
    """F25"""
    counted(arguments, 3)
    first, second = division_argument(checker, arguments[0]), division_argument(checker, arguments[1])
    cut = 10 ** (WHOLE_CODE - DIGITS[text_of(arguments[2], DIGITS)])

    def cut_off(value):
        return value[:2] + tuple(None if end is None else end // cut for end in value[2:4]) + value[4:]
    return Typed(TRUTH, lambda run: equal_ordered(cut_off(first(run)), cut_off(second(run))))


def working_days_after(run, day, count):
    """D4, D6"""
    f.note_moved(run, day)
    marks, undefined = day[1] | count[1], day[4] | count[4]
    if undefined:
        return (settled(False, day, count), marks, None, None, undefined)
    least, most, odd = days.whole(count[2], count[3])
    walk = workdays.Walk(run)
    low, high = (None if at is None or ahead is None else find(at, ahead)
                 for find, at, ahead in ((walk.earliest, day[2], least), (walk.latest, day[3], most)))
    value = walk.settled(day, count, marks, low, high)
    if odd or any(end is not None and end < 0 for end in (least, most)):
        value = (value[0] | run.item(f.ARITHMETIC),) + value[1:]
    return value


def working_days_between(run, first, second):
    """D5, D6"""
    f.note_moved(run, first, second)
    marks, undefined = first[1] | second[1], first[4] | second[4]
    if undefined:
        return (settled(False, first, second), marks, 0, None, undefined)
    walk = workdays.Walk(run)
    low = 0
    if first[3] is not None and second[2] is not None:
        low = walk.between(first[3], second[2], False)
    high = None
    if first[2] is not None and second[3] is not None:
        high = walk.between(first[2], second[3], True)
    return walk.settled(first, second, marks, low, high)


DAYS_TYPE = number(DAYS)
CALLS = {
    "months_through": of_day_and_count(f.months_through, PERIOD_TYPE, number(MONTHS)),
    "period": of_types(period, PERIOD_TYPE, DAY, DAY), "in_period": of_types(in_period, TRUTH, DAY, PERIOD_TYPE),
    "period_start": of_types(period_start, DAY, PERIOD_TYPE), "period_end": of_types(period_end, DAY, PERIOD_TYPE),
    "month_first": of_types(of_ends(days.first_of), DAY, MONTH_TYPE),
    "month_last": of_types(of_ends(days.last_of), DAY, MONTH_TYPE),
    "month_containing": of_types(month_containing, MONTH_TYPE, DAY),
    "within": within, "same_division": same_division,
    "working_days_after": of_day_and_count(working_days_after, DAY, DAYS_TYPE),
    "working_days_between": of_types(working_days_between, DAYS_TYPE, DAY, DAY),
}
