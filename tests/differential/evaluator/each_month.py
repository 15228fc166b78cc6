"""Months one by one, L50 and L51."""

from . import days
from .operators import ARITHMETIC
from .values import SURE, UNLISTED, marked, resting_on

MOST_MONTHS = 120


def of_months(period_of, fold):
    """L50: a fold of `each_month(period)`; the variable is the month's value."""
    def value_of(run):
        period = period_of(run)
        elements = None
        if period[2] is not None:
            months = days.months_within(period[2], period[3])
            if len(months) <= MOST_MONTHS:
                elements = [((0, 0, month, month, 0), SURE, 0, 0) for month in months]
        if elements is None:
            blame = period[0] | (run.item(ARITHMETIC) if period[2] is not None else 0)
            elements = [((blame, 0, None, None, 0), UNLISTED, blame, 0)]
        value = fold.side(run, elements, None)[0]
        return fold.finish(run, resting_on(marked(value, period[1]), period[0], period[1]))
    return value_of


def as_period(month_of):
    """L51"""
    def period(run):
        month = month_of(run)
        if month[2] is None or month[2] != month[3] or month[4]:
            return (month[0], month[1], None, None)
        return (month[0], month[1], days.first_of(month[2]), days.last_of(month[2]) + 1)
    return period
