"""Types and units, T1 to T6."""

from dataclasses import dataclass

from .errors import Defect
from .values import ANOTHER, BOOL, CODE, CODES, DATE, DIVISION, MONTH, NUMBER, PERIOD, PERSON, TEXT

HIGHEST_POWER = 8

# A unit is the powers of money, month, year, day and area, and whether it is a count (with all powers 0).
POWERS = 5
AREA_POWER = 4
RATIO = (0, 0, 0, 0, 0, False)
COUNT = (0, 0, 0, 0, 0, True)
MONEY = (1, 0, 0, 0, 0, False)
MONTHS = (0, 1, 0, 0, 0, False)
YEARS = (0, 0, 1, 0, 0, False)
DAYS = (0, 0, 0, 1, 0, False)
AREA = (0, 0, 0, 0, 1, False)


def is_whole(type_):
    """R2: whether what is of the type has whole numbers only; days and months are numbered."""
    return type_.kind in (DATE, MONTH) or type_.unit == COUNT


def scale_power(unit):
    """V1: money is held in fen, area in square decimetres: a hundredth for each power."""
    return unit[0] + unit[AREA_POWER]


@dataclass(frozen=True)
class Type:
    kind: str
    unit: tuple = None
    codes: "CodeList" = None

    def __str__(self):
        return f"{self.kind} {self.unit or ''} {self.codes.name if self.codes else ''}"


class CodeList:
    """A list of codes. A code's bit is the same in every division; which codes a division sees is T26."""

    def __init__(self, name, codes):
        self.name = name
        self.declared = list(codes)
        # What divisions add to the list.
        self.added = {}
        # The levels below that may: their names, or True for every one.
        self.open = ()
        self.bits = {}
        for code in codes:
            self.give_bit(code)

    def give_bit(self, code):
        self.bits.setdefault(code, ANOTHER << (1 + len(self.bits)))

    def add(self, division, code):
        self.added.setdefault(division, []).append(code)
        self.give_bit(code)

    def codes_of(self, chain):
        """The list's codes in their order, for divisions from the highest downwards."""
        if not self.added:
            return self.declared
        return self.declared + [code for division in chain for code in self.added.get(division, ())]

    def mask_of(self, codes):
        mask = 0
        for code in codes:
            mask |= self.bits[code]
        return mask


def number(unit):
    return Type(NUMBER, unit)


TRUTH = Type(BOOL)
DAY = Type(DATE)
MONTH_TYPE = Type(MONTH)
PERIOD_TYPE = Type(PERIOD)
TEXT_TYPE = Type(TEXT)
PERSON_TYPE = Type(PERSON)
DIVISION_TYPE = Type(DIVISION)

SCOPE = CodeList("scope", ["urban", "rural"])
ROLE = CodeList("role", ["member", "obligor"])
RELATION = CodeList("relation", ["applicant", "spouse", "child", "parent", "grandchild", "grandparent", "sibling", "other"])
SEX = CodeList("sex", ["male", "female"])
CHECK_KIND = CodeList("check_kind", ["new", "review", "complaint", "spot_check", "objection", "assistance", "urgent"])
BUILT_IN_LISTS = {codes.name: codes for codes in (SCOPE, ROLE, RELATION, SEX, CHECK_KIND)}

NAMED = {
    "money": number(MONEY), "money/month": number((1, -1, 0, 0, 0, False)), "money/year": number((1, 0, -1, 0, 0, False)),
    "ratio": number(RATIO), "count": number(COUNT), "months": number(MONTHS), "years": number(YEARS), "days": number(DAYS),
    "bool": TRUTH, "date": DAY, "month": MONTH_TYPE, "period": PERIOD_TYPE, "area": number(AREA),
    "division": DIVISION_TYPE, "text": TEXT_TYPE, "person": PERSON_TYPE,
}


def read_type(text, lists):
    """A type as files write it; `lists` maps names to code lists."""
    if text in NAMED:
        return NAMED[text]
    for prefix, kind in (("code(", CODE), ("codes(", CODES)):
        if text.startswith(prefix) and text.endswith(")"):
            name = text[len(prefix):-1]
            if name not in lists:
                raise Defect("UNKNOWN_TYPE", f"no code list {name}")
            return Type(kind, None, lists[name])
    raise Defect("UNKNOWN_TYPE", text)


def product_unit(a, b, operator):
    """T3"""
    factor = 1 if operator == "*" else -1
    powers = tuple(x + factor * y for x, y in zip(a[:POWERS], b[:POWERS]))
    if any(abs(power) > HIGHEST_POWER for power in powers):
        raise Defect("UNIT_MISMATCH", "a power beyond 8")
    return powers + (not any(powers) and operator == "*" and a[POWERS] and b[POWERS],)
