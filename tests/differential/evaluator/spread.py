"""Facts of a year or a period, L40: how many months they are for, and how many of those are in the list's period."""

from . import days
from .facts import Fact
from .values import POSSIBLE, is_exact_number

MONTHS_OF_A_YEAR = 12
TIME_FIELDS = {"year": ("year",), "period": ("from", "until")}


def time_fields(kind):
    return [kind.fields[name] for name in TIME_FIELDS[kind.by]]


def months_of(fact, kind):
    """The numbers of the months a fact is for; None where they are not known."""
    values = [fact.fields[field.index] for field in time_fields(kind)]
    if not all(is_exact_number(value) for value in values):
        return None
    if kind.by == "year":
        year = values[0][2]
        if not days.FIRST_MONTH <= year * MONTHS_OF_A_YEAR <= days.LAST_MONTH:
            return None
        return range(year * MONTHS_OF_A_YEAR, (year + 1) * MONTHS_OF_A_YEAR)
    start, end = values[0][2], values[1][2]
    if start >= end:
        return None
    return range(days.month_number(start), days.month_number(end - 1) + 1)


def blame_of(run, fact, kind):
    """What keeps the months from being known: fields that are not exact, or all of them."""
    fields = time_fields(kind)
    blame = 0
    for field in fields:
        value = fact.fields[field.index]
        if not is_exact_number(value):
            blame |= value[0]
    if not blame:
        for field in fields:
            blame |= run.reader.not_told(fact.statement, field)
    return blame


def with_months(fact, span, inside):
    found = Fact()
    found.fields = fact.fields + [span, inside]
    found.month, found.days, found.time_blame, found.statement = None, None, fact.time_blame, fact.statement
    return found


def exactly(count):
    return (0, 0, count, count, 0)


def possible(fact, kind, period, months, of_fields, blame):
    """A fact whose months, or those of the list, are not known: to blame `of_fields`, or with the period's `blame`."""
    most = None if period[2] is None else max(len(days.months_within(period[2], period[3])), 1)
    if months is not None:
        span = exactly(len(months))
    else:
        span = exactly(MONTHS_OF_A_YEAR) if kind.by == "year" else (of_fields, 0, 1, None, 0)
    if kind.by == "year":
        most = MONTHS_OF_A_YEAR if most is None else min(most, MONTHS_OF_A_YEAR)
    return with_months(fact, span, (0 if most == 1 else blame, 0, 1, most, 0))


def elements(run, told, kind, period):
    found = []
    for fact, state, blame, marks in told:
        months = months_of(fact, kind)
        if months is not None and period[2] is not None:
            inside = [month for month in days.months_within(period[2], period[3]) if month in months]
            if inside:
                found.append((with_months(fact, exactly(len(months)), exactly(len(inside))), state, blame, marks))
            continue
        of_fields = 0 if months is not None else blame_of(run, fact, kind)
        unknown = of_fields | (period[0] if period[2] is None else 0)
        found.append((possible(fact, kind, period, months, of_fields, unknown), POSSIBLE, blame | unknown, marks))
    return found


def unlisted(fact, kind, period, blame):
    return possible(fact, kind, period, None, blame, blame)
