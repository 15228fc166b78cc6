"""Numbers that are written as constants: R6."""

import re
from fractions import Fraction

from .errors import Defect
from .kinds import COUNT, scale_power

DIGITS = r"([0-9]{1,18}(?:\.[0-9]{1,18})?)"
CONSTANT = re.compile(rf"(-?)(?:{DIGITS}|([0-9]{{1,18}})/([0-9]{{1,18}}))[ \t]*(%?)")


def plain(fraction):
    return fraction.numerator if fraction.denominator == 1 else fraction


def read_number(text, type_):
    """R6; money in fen."""
    match = CONSTANT.fullmatch(text)
    if match is None:
        raise Defect("BAD_VALUE", text)
    minus, decimal, above, below, percent = match.groups()
    if decimal is not None:
        found = Fraction(decimal)
    elif int(below) == 0:
        raise Defect("BAD_VALUE", text)
    else:
        found = Fraction(int(above), int(below))
    if percent:
        found /= 100
    if minus:
        found = -found
    if type_.unit == COUNT and found.denominator != 1:
        raise Defect("BAD_VALUE", text)
    return plain(found * Fraction(100) ** scale_power(type_.unit))
