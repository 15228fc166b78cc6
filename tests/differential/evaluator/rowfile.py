"""Rows as files write them."""

import re

from . import days
from .errors import Defect
from .kinds import NAMED, is_whole
from .rows import Range
from .symbols import Row
from .values import CODE
from .workdays import CalendarRow
from .vocabulary import bit_of, read_end, read_value


def read_dates(row, told):
    """`from`, `to` and `trust` of any row."""
    row.start = days.read_day(told.get("from", ""))
    row.end = days.read_day(told["to"]) if "to" in told else None
    if row.start is None or ("to" in told and row.end is None):
        raise Defect("BAD_DATE", str(told))
    if row.end is not None and row.end <= row.start:
        raise Defect("EMPTY_PERIOD", str(told))
    row.assumed = told.get("trust") != "verified"


def read_validity(text, names):
    """I6: a symbol, or a type and value such as `12 months`."""
    written = re.fullmatch(r"([0-9]{1,9}) (months|years|days)", text)
    if written:
        number = int(written[1])
        return NAMED[written[2]], (0, 0, number, number, 0)
    symbol = names.get(text)
    if symbol is None:
        raise Defect("UNKNOWN_NAME", text)
    if symbol.type not in (NAMED["months"], NAMED["years"], NAMED["days"]):
        raise Defect("TYPE_MISMATCH", text)
    return symbol


def read_calendar_row(told):
    row = CalendarRow()
    read_dates(row, told)
    for name in ("off", "work"):
        found = frozenset(days.read_day(day) for day in told.get(name) or ())
        if not all(day is not None and row.start <= day < row.end for day in found):
            raise Defect("BAD_VALUE", str(told))
        setattr(row, name, found)
    if row.off & row.work:
        raise Defect("BAD_VALUE", str(told))
    return row


def read_parameter_row(symbol, told, chain):
    row = Row()
    read_dates(row, told)
    row.uses = frozenset()
    row.value = read_value(told["value"], symbol.type, chain)
    row.match = read_matches(symbol, told, chain)
    return row


def read_matches(symbol, told, chain):
    """What a row's `key` says of every key of the parameter."""
    by_key = told.get("key") or {}
    unknown = set(by_key) - {key.name for key in symbol.keys}
    if unknown:
        raise Defect("UNKNOWN_KEY", str(unknown))
    return [read_match(key, by_key[key.name], chain) if key.name in by_key else None for key in symbol.keys]


def read_match(key, told, chain):
    """T23"""
    if key.type.kind == CODE:
        mask = 0
        for code in told if isinstance(told, list) else [told]:
            mask |= bit_of(key.type.codes, code, chain)
        return mask
    if not isinstance(told, dict):
        number = read_end(told, key.type)
        return Range(number, True, number, True)
    if not told or not told.keys() <= {"from", "over", "to", "upto"} or len({"from", "over"} & told.keys()) > 1 \
            or len({"to", "upto"} & told.keys()) > 1:
        raise Defect("BAD_VALUE", str(told))
    ends = {name: read_end(text, key.type) for name, text in told.items()}
    found = Range(ends.get("from", ends.get("over")), "from" in ends, ends.get("upto", ends.get("to")), "upto" in ends)
    if found.is_empty(is_whole(key.type)):
        raise Defect("BAD_VALUE", str(told))
    return found


def read_expression(checker, symbol, told):
    row = Row()
    read_dates(row, told)
    row.match = None
    row.value = checker.whole(told["value"], symbol.type)
    row.uses = frozenset(checker.uses)
    return row
