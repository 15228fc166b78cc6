"""Symbols (W1) and the rows that say what they are."""

import re

from .kinds import CHECK_KIND, DAY, DIVISION_TYPE, RELATION, ROLE, SCOPE, SEX, TRUTH, Type
from .values import CODE

PARAMETER, QUANTITY, TEST, BUILT_IN = "parameter", "quantity", "test", "built-in"


class Symbol:
    """A named value; `slot` is its place among the household's or a person's, `rows` are by division."""

    def __init__(self, name, sort, division, type_=None, personal=False):
        self.name = name
        self.sort = sort
        self.division = division
        self.type = type_
        self.personal = personal
        self.slot = None
        self.rows = {}
        self.delegation = None
        # Of parameters: their keys in order, bounds.
        self.keys = []
        self.minimum = None
        self.maximum = None

    @property
    def is_table(self):
        return any(key.symbol is None for key in self.keys)


class Key:
    """A parameter's key: looked up (`symbol`) or given by whoever calls the table."""
    __slots__ = ("name", "symbol", "type")


class Row:
    """Something dated. `value` is a parameter's value or an expression's function, `uses` what that names; of a
    parameter `match` has for every key a mask of codes, a Range, or None for any."""
    __slots__ = ("start", "end", "assumed", "value", "uses", "match", "file", "place")

    def in_force(self, day):
        return self.start <= day and (self.end is None or day < self.end)


HOUSEHOLD = [("policy_day", DAY), ("application_day", DAY), ("acceptance_day", DAY), ("request_day", DAY),
             ("scope", Type(CODE, None, SCOPE)), ("check_kind", Type(CODE, None, CHECK_KIND)), ("staff_relative", TRUTH),
             ("division", DIVISION_TYPE)]
PERSONAL = [("role", Type(CODE, None, ROLE)), ("relation", Type(CODE, None, RELATION)), ("sex", Type(CODE, None, SEX)),
            ("birth", DAY)]


def built_in():
    """T7"""
    symbols = {}
    for personal, named in ((False, HOUSEHOLD), (True, PERSONAL)):
        for slot, (name, type_) in enumerate(named):
            symbols[name] = Symbol(name, BUILT_IN, None, type_, personal)
            symbols[name].slot = slot
    return symbols


def level_of(division):
    """0 the nation, 1 a region, 2 a city, 3 a county."""
    if division == "000000":
        return 0
    if division.endswith("0000"):
        return 1
    return 2 if division.endswith("00") else 3


def is_place(code):
    """Whether a text is the six digits of a region, city or county; a part of nothing is none (000100, 640004)."""
    if not re.fullmatch("[0-9]{6}", code) or code.startswith("00"):
        return False
    return code[2:4] != "00" or code[4:] == "00"


def places_within(code):
    """The codes within a region, city or county, first and last, as numbers."""
    first = int(code)
    return first, first + (0, 9999, 99, 0)[level_of(code)]


def above(division):
    """The division and those above it, from the nation downwards."""
    found = ["000000", division[:2] + "0000", division[:4] + "00", division]
    return [code for at, code in enumerate(found) if code not in found[:at]]
