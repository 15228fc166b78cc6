"""Constants of policy files by their types, and the vocabulary: code lists, categories, kinds of facts."""

import re

from . import days
from .constants import CONSTANT, read_number
from .errors import Defect
from .facts import Field, Kind
from .kinds import MONTHS, number, read_type
from .values import BOOL, CODE, CODES, DATE, DIVISION, MONTH, NUMBER, TEXT


def is_constant(text):
    return CONSTANT.fullmatch(text) is not None or days.read_day(text) is not None


def read_date(text):
    day = days.read_day(text)
    if day is None:
        raise Defect("BAD_DATE", text)
    return day


def read_month(text):
    month = days.read_month(text)
    if month is None:
        raise Defect("BAD_DATE", text)
    return month


def read_end(text, type_):
    """T23: a constant of a key that is a number, a day or a month."""
    if not isinstance(text, str):
        raise Defect("BAD_VALUE", str(text))
    if type_.kind == DATE:
        return read_date(text)
    return read_month(text) if type_.kind == MONTH else read_number(text, type_)


def read_truth(text):
    if text not in ("true", "false"):
        raise Defect("BAD_VALUE", text)
    return 2 if text == "true" else 1


def bit_of(codes, code, chain):
    if code not in codes.codes_of(chain):
        raise Defect("UNKNOWN_CODE", f"{code} is not in {codes.name}")
    return codes.bits[code]


def read_value(text, type_, chain):
    """The value of a row or default, without blame and marks."""
    kind = type_.kind
    if kind == CODES:
        mask = 0
        for code in text if isinstance(text, list) else [text]:
            mask |= bit_of(type_.codes, code, chain)
        return (0, 0, mask)
    if not isinstance(text, str):
        raise Defect("BAD_VALUE", str(text))
    if kind == NUMBER:
        end = read_number(text, type_)
        return (0, 0, end, end, 0)
    if kind == DIVISION:
        if not re.fullmatch("[0-9]{6}", text):
            raise Defect("BAD_VALUE", text)
        return (0, 0, int(text), int(text), 0)
    if kind == DATE:
        day = read_date(text)
        return (0, 0, day, day, 0)
    if kind == BOOL:
        return (0, 0, read_truth(text))
    if kind == CODE:
        return (0, 0, bit_of(type_.codes, text, chain))
    if kind == MONTH:
        month = read_month(text)
        return (0, 0, month, month, 0)
    raise Defect("BAD_VALUE", text)


def read_kind(name, item, lists):
    kind = Kind()
    kind.name = name
    kind.by = item.get("by", "state")
    kind.by_month, kind.timed = kind.by == "month", kind.by != "state"
    kind.categories = frozenset(item.get("categories") or ())
    kind.fields = {}
    computed = 0
    for field_name, told in (item.get("fields") or {}).items():
        field = Field()
        field.name, field.type = field_name, read_type(told["type"], lists)
        field.index = None
        if field.type.kind != TEXT:
            field.index = computed
            computed += 1
        field.minimum = read_number(told["min"], field.type) if "min" in told else None
        field.maximum = read_number(told["max"], field.type) if "max" in told else None
        field.default = read_value(told["default"], field.type, ("000000",)) if "default" in told else None
        kind.fields[field_name] = field
    kind.spread = {}
    if kind.by in ("year", "period"):
        for at, spread in enumerate(("span", "within")):
            field = Field()
            field.name, field.type, field.index = spread, number(MONTHS), computed + at
            kind.spread[spread] = field
    return kind
