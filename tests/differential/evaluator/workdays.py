"""Working days by the calendar's rows, D1 to D6."""

from . import days
from .values import ASSUMED, settled

NO_CALENDAR = ("POLICY_ROW", "", "", "", "", "", "", "calendar")


class CalendarRow:
    """A row of `calendar`; it is of the days from `start` to `end` (not included)."""
    __slots__ = ("start", "end", "assumed", "off", "work")


class Walk:
    """Walks for one call: whether one came by a day of which nothing is known, whether a row looked at is assumed."""

    def __init__(self, run):
        self.run = run
        self.levels = run.program.calendar
        self.unknown = False
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

    def steps(self, day, last):
        """The days after a day up to the last, with whether each is a working day; None: not known (D3). A stretch of days of
        which no row speaks comes as its last day, with how many they are."""
        while day < last:
            working = self.is_working(day + 1)
            if working is not None:
                day += 1
                yield day, working, 1
                continue
            self.unknown = True
            starts = [row.start for rows in self.levels for row in rows if row.start > day]
            until = min([last] + [start - 1 for start in starts])
            yield until, None, until - day
            day = until

    def earliest(self, day, count):
        """D4: e; None if it may be any day."""
        if count < 0:
            return None
        if count == 0:
            return day
        for at, working, many in self.steps(day, days.LAST_DAY):
            if working is None:
                if count <= many:
                    return at - many + count
                count -= many
            elif working:
                count -= 1
                if count == 0:
                    return at
        self.unknown = True
        return days.LAST_DAY

    def latest(self, day, count):
        """D4: l; None if it may be any day."""
        if count <= 0:
            return day
        for at, working, _ in self.steps(day, days.LAST_DAY):
            count -= bool(working)
            if count == 0:
                return at
        self.unknown = True
        return None

    def between(self, first, last, unknown_works):
        """D5: the working days after the first up to and with the last."""
        return sum(many for _, working, many in self.steps(first, last) if (unknown_works if working is None else working))

    def settled(self, a, b, marks, low, high):
        """D6"""
        exact = low == high and low is not None
        blame = settled(exact, a, b)
        if self.unknown and not exact:
            blame |= self.run.item(NO_CALENDAR)
        return (blame, marks | (ASSUMED if self.assumed else 0), low, high, 0)
