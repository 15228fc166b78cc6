"""Who may give rows for a name, and whether rows of one level meet: T23, T25, C7."""

from .errors import Defect
from .kinds import is_whole
from .rows import Range
from .symbols import above, level_of

LEVELS = ("nation", "region", "city", "county")


class Delegation:
    """The levels below that a name is left to, by the divisions that say so."""

    def __init__(self):
        self.by_division = {}

    def read(self, division, declaring, told):
        """What a division says in `delegate`; below the declaring one it has to be left the name itself."""
        if told is None:
            return
        levels = frozenset(told.get("to") or ())
        if division != declaring:
            left = self.left_to(division, declaring)
            if LEVELS[level_of(division)] not in left or not levels <= left:
                raise Defect("DELEGATION_BREACH", division)
            if "to" not in told:
                return
        self.by_division[division] = levels

    def left_to(self, division, declaring):
        """The levels that may give rows as the divisions above have it."""
        found = frozenset()
        for code in above(division)[:-1]:
            if level_of(code) >= level_of(declaring):
                found = self.by_division.get(code, found)
        return found

    def check(self, division, declaring, name):
        if division != declaring and LEVELS[level_of(division)] not in self.left_to(division, declaring):
            raise Defect("DELEGATION_BREACH", name)


def meet(first, second, keys):
    """Whether two rows of one level are in force together for some same combination of keys."""
    if first.end is not None and first.end <= second.start or second.end is not None and second.end <= first.start:
        return False
    if not keys:
        return True
    return all(matches_meet(key, a, b) for key, a, b in zip(keys, first.match, second.match))


def matches_meet(key, a, b):
    if a is None or b is None:
        return True
    if isinstance(a, Range):
        return a.meets(b, is_whole(key.type))
    return bool(a & b)


def check_overlaps(rows, keys, name):
    """PERIOD_OVERLAP of one level's rows."""
    for at, row in enumerate(rows):
        if any(meet(row, other, keys) for other in rows[:at]):
            raise Defect("PERIOD_OVERLAP", name)
