"""Functions of values that need no knowledge of the case: rounding, ages, months."""

from fractions import Fraction

from . import days
from .errors import overflow
from .operators import ARITHMETIC, fit, quotient
from .values import is_exact_number, settled, settled_one

GRAINS = {"fen": 1, "jiao": 10, "yuan": 100}
LONGEST_PERIOD_MONTHS = 1200


def half_up(number):
    """To the nearest whole number, a half away from zero."""
    numerator, denominator = number.numerator, number.denominator
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def half_even(number):
    """To the nearest whole number, a half to the even one."""
    below = floor(number)
    rest = number - below
    if 2 * rest == 1:
        return below + below % 2
    return below if 2 * rest < 1 else below + 1


def toward_zero(number):
    return floor(number) if number >= 0 else ceiling(number)


def away_from_zero(number):
    return ceiling(number) if number >= 0 else floor(number)


def ceiling(number):
    return -(-number.numerator // number.denominator)


def floor(number):
    return number.numerator // number.denominator


HOW = {"half_up": half_up, "half_even": half_even, "ceiling": ceiling, "floor": floor, "toward_zero": toward_zero,
       "away_from_zero": away_from_zero}


def rounding(how, size):
    """F3: to a multiple of the size."""
    to_whole = HOW[how]

    def end(number):
        if number is None:
            return None
        return fit(to_whole(quotient(number, size)) * size)

    def rounded(a):
        low = end(a[2])
        high = low if a[2] == a[3] and low is not None else end(a[3])
        exact = low == high and low is not None and not a[4]
        return (settled_one(exact, a), a[1], low, high, a[4])
    return rounded


def to_hundredths(a):
    """F2 of `yuan` and `square_metres`."""
    return (a[0], a[1], None if a[2] is None else fit(a[2] * 100), None if a[3] is None else fit(a[3] * 100), a[4])


def span(a, b, counted):
    """F5, F12: what is counted from `a` to `b`, 0 and infinity where an end is missing."""
    low = counted(a[3], b[2]) if a[3] is not None and b[2] is not None else 0
    high = counted(a[2], b[3]) if a[2] is not None and b[3] is not None else None
    undefined = a[4] | b[4]
    return (settled(low == high and not undefined, a, b), a[1] | b[1], low, high, undefined)


def age(run, born, day):
    """F5, with N4."""
    for end in {born[2], born[3]} - {None}:
        for year in run.anniversary_years:
            run.change(days.anniversary(end, year))
    if not (day[2] == day[3] == run.policy_day and not day[4]):
        for end in {day[2], day[3]} - {None}:
            for year in run.anniversary_years:
                run.change(days.anniversary(end, year))
                run.change(days.anniversary(end, year) + 1)
    return span(born, day, days.completed_years)


def note_moved(run, *dates):
    """N3 of what is counted from dates: tomorrow, where one of them moves with the policy day."""
    for date in dates:
        if run.policy_day in (date[2], date[3]):
            run.change(run.policy_day + 1)


def months_between(run, first, second):
    note_moved(run, first, second)
    return span(first, second, days.completed_months)


def months_up_to(with_month_of_day):
    """F6: whole months before a day's month, or up to and with it."""
    def function(run, day, months):
        run.change(run.next_month)
        marks = day[1] | months[1]
        if not is_exact_number(day) or not is_exact_number(months):
            return (settled(False, day, months), marks, None, None)
        count, end = months[2], days.month_number(day[2]) + with_month_of_day
        if count.__class__ is int and 1 <= count <= LONGEST_PERIOD_MONTHS and end - count >= days.FIRST_MONTH \
                and end <= days.LAST_MONTH:
            return (settled(True, day, months), marks, days.first_of(end - count), days.first_of(end))
        return (settled(False, day, months) | run.item(ARITHMETIC), marks, None, None)
    return function


months_before, months_through = months_up_to(0), months_up_to(1)


def add_months(run, day, months):
    """F11"""
    note_moved(run, day)
    least, most, odd = days.whole(months[2], months[3])
    ends = (None if at is None or count is None else days.plus_months(at, count)
            for at, count in ((day[2], least), (day[3], most)))
    low, high, outside = days.kept(*ends)
    undefined = day[4] | months[4]
    exact = low == high and low is not None and not undefined
    blame = settled(exact, day, months) | (run.item(ARITHMETIC) if odd or outside else 0)
    return (blame, day[1] | months[1], low, high, undefined)


def of_both_ends(part):
    """F13: a part of both ends of a date."""
    def function(run, day):
        run.change(run.next_month)
        low = None if day[2] is None else part(day[2])
        high = None if day[3] is None else part(day[3])
        exact = low == high and low is not None and not day[4]
        return (settled_one(exact, day), day[1], low, high, day[4])
    return function


month_start = of_both_ends(days.month_start)
month_end = of_both_ends(days.month_end)
year_of = of_both_ends(days.year_of)


def month_of(run, day):
    """F13: any month where the ends are of different years."""
    run.change(run.next_month)
    low, high = 1, 12
    if day[2] is not None and day[3] is not None and days.year_of(day[2]) == days.year_of(day[3]):
        low, high = days.month_of(day[2]), days.month_of(day[3])
    return (settled_one(low == high and not day[4], day), day[1], low, high, day[4])


def shifted(run, day, by, operator):
    """O16: days added to or taken from a date, with X6 and N3."""
    note_moved(run, day)
    value = operator(day, by)
    low, high, outside = days.kept(value[2], value[3])
    return (value[0] | (run.item(ARITHMETIC) if outside else 0), value[1], low, high, value[4])


def constant(number):
    """A number's text of G2 as an end."""
    exact = Fraction(number)
    return exact.numerator if exact.denominator == 1 else exact


def note_compared(run, a, b):
    """N5. The day behind an end is never earlier than the end itself, and an end that is past has no say."""
    today = run.policy_day
    both_today = 0
    for value in (a, b):
        for end in (value[2], value[3]):
            if end is not None and end > today:
                run.change(end)
        both_today += today in (value[2], value[3])
    if both_today == 2:
        run.change(today + 1)
