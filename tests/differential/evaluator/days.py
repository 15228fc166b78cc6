"""Days as numbers (1 January of year 1 is 1), months as numbers (year * 12 + month - 1), years as people count them."""

import datetime
from math import ceil, floor

FIRST_DAY = datetime.date(1800, 1, 1).toordinal()
LAST_DAY = datetime.date(9999, 12, 31).toordinal()
FIRST_MONTH, LAST_MONTH = 1800 * 12, 9999 * 12 + 11
from_ordinal = datetime.date.fromordinal


def read_day(text):
    """The number of `2025-03-03`; None if there is no such day from 1800 to 9999."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    year, month, day = text[:4], text[5:7], text[8:]
    if not (text.isascii() and year.isdigit() and month.isdigit() and day.isdigit()) or int(year) < 1800:
        return None
    try:
        return datetime.date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        return None


def read_month(text):
    """The number of `2025-03`; None if there is no such month from 1800 to 9999."""
    if len(text) != 7 or text[4] != "-" or not text.isascii():
        return None
    year, month = text[:4], text[5:]
    if not (year.isdigit() and month.isdigit()) or int(year) < 1800 or not 1 <= int(month) <= 12:
        return None
    return int(year) * 12 + int(month) - 1


def written(day):
    return from_ordinal(day).isoformat()


def written_month(month):
    return f"{month // 12:04}-{month % 12 + 1:02}"


def whole(low, high):
    """X6: both ends, those that are not whole rounded outward, and whether one was not."""
    rounded = (None if low is None else floor(low), None if high is None else ceil(high))
    return rounded + (rounded != (low, high),)


def kept(low, high):
    """X6, X6a: both ends as whole days of the calendar's range, and whether one was none."""
    low, high, odd = whole(low, high)
    outside = any(end is not None and not FIRST_DAY <= end <= LAST_DAY for end in (low, high))
    if low is not None:
        low = None if low < FIRST_DAY else min(low, LAST_DAY)
    if high is not None:
        high = None if high > LAST_DAY else max(high, FIRST_DAY)
    return low, high, odd or outside


def month_number(day):
    date = from_ordinal(day)
    return date.year * 12 + date.month - 1


def first_of(month):
    """The number of the first day of a month."""
    return datetime.date(month // 12, month % 12 + 1, 1).toordinal()


def last_of(month):
    if month == LAST_MONTH:
        return LAST_DAY
    return first_of(month + 1) - 1


def year_of(day):
    return from_ordinal(day).year


def month_of(day):
    return from_ordinal(day).month


def month_start(day):
    return first_of(month_number(day))


def month_end(day):
    return last_of(month_number(day))


def plus_months(day, count):
    """F11: the same day so many months later, or that month's last one. Not checked against the calendar's range."""
    date = from_ordinal(day)
    month = date.year * 12 + date.month - 1 + count
    if not FIRST_MONTH <= month <= LAST_MONTH:
        return FIRST_DAY - 1 if month < FIRST_MONTH else LAST_DAY + 1
    last = last_of(month)
    return min(first_of(month) + date.day - 1, last)


def completed_years(born, day):
    """F5, never below 0. Who is born on 29 February completes a year on 1 March of a common year."""
    first, second = from_ordinal(born), from_ordinal(day)
    years = second.year - first.year
    if (second.month, second.day) < (first.month, first.day):
        years -= 1
    return max(years, 0)


def completed_months(first, second):
    """F12, never below 0."""
    months = month_number(second) - month_number(first)
    if months <= 0:
        return 0
    if plus_months(first, months) > second:
        months -= 1
    return months


def anniversary(day, year):
    """The day on which a year is completed in `year`, by F5."""
    date = from_ordinal(day)
    if date.month == 2 and date.day == 29:
        try:
            return datetime.date(year, 2, 29).toordinal()
        except ValueError:
            return datetime.date(year, 3, 1).toordinal()
    return datetime.date(year, date.month, date.day).toordinal()


def months_within(start, end):
    """The numbers of the months that lie wholly within the days from `start` to `end`, which is not included."""
    first, last = month_number(start), month_number(end - 1) if end > start else month_number(start) - 1
    if first_of(first) < start:
        first += 1
    if end > start and last_of(last) >= end:
        last -= 1
    return range(first, max(last + 1, first))
