"""Working days by the calendar's rows, D1 to D6."""

from . import days
from .values import ASSUMED, settled

LONGEST_WALK = 4000
NO_CALENDAR = ("POLICY_ROW", "", "", "", "", "", "", "calendar")


class CalendarRow:
    """A row of `calendar`; it is of the days from `start` to `end` (not included)."""
    __slots__ = ("start", "end", "assumed", "off", "work")


class Walk:
    """Walks for one call: whether one was broken, whether a row looked at is assumed."""

    def __init__(self, run):
        self.run = run
        self.levels = run.program.calendar
        self.broken = False
        self.assumed = False

    def row_of(self, day):
        for rows in self.levels:
            for row in rows:
                if row.start <= day < row.end:
                    return row
        return None

    def is_working(self, day):
        """D2; None if the day has no row."""
        row = self.row_of(day)
        if row is None:
            return None
        self.assumed = self.assumed or row.assumed
        if day in row.work:
            return True
        # Monday is day 1 of a week, and so is the first of January of year 1.
        return day not in row.off and day % 7 not in (6, 0)

    def steps(self, day):
        """The days looked at, with whether each is a working day; ends where the walk is broken."""
        for ahead in range(1, LONGEST_WALK + 1):
            working = None if day + ahead > days.LAST_DAY else self.is_working(day + ahead)
            if working is None:
                break
            yield day + ahead, working
        self.broken = True

    def after(self, day, count):
        """The count-th working day after a day; None where the walk is broken."""
        if count == 0:
            return day
        for at, working in self.steps(day):
            count -= working
            if count == 0:
                return at
        return None

    def between(self, first, last):
        """The working days after the first up to and with the last; None where the walk is broken."""
        if last <= first:
            return 0
        found = 0
        for at, working in self.steps(first):
            found += working
            if at == last:
                return found
        return None

    def settled(self, a, b, marks, low, high):
        """D6"""
        exact = low == high and low is not None
        blame = settled(exact, a, b)
        if self.broken and not exact:
            blame |= self.run.item(NO_CALENDAR)
        return (blame, marks | (ASSUMED if self.assumed else 0), low, high, 0)
