"""An expression's type beside its function, and when two of them agree (T4 to T6)."""

from .errors import Defect
from .kinds import COUNT, RATIO, number
from .values import NUMBER


def mismatch(text):
    return Defect("TYPE_MISMATCH", text)


class Typed:
    """An expression's type and its value as a function of the run.

    `bare` and `zero` are T4's and T5's; `constant` is the number where T10 asks whether it is whole, else None.
    """
    __slots__ = ("type", "value", "bare", "zero", "constant")

    def __init__(self, type_, value, bare=False, zero=False, constant=None):
        self.type = type_
        self.value = value
        self.bare = bare
        self.zero = zero
        self.constant = constant

    @property
    def kind(self):
        return self.type.kind

    @property
    def unit(self):
        return self.type.unit


def fits_unit(typed, unit):
    """T5: whether a bare number can be one of the unit."""
    return typed.zero or unit in (COUNT, RATIO)


def agreed_type(a, b):
    """T6: the type that both are, or the defect."""
    if a.kind != b.kind:
        raise mismatch(f"{a.type} and {b.type}")
    if a.kind == NUMBER:
        if a.bare and b.bare:
            return number(RATIO)
        if a.bare or b.bare:
            unit = b.unit if a.bare else a.unit
            if not fits_unit(a if a.bare else b, unit):
                raise Defect("UNIT_MISMATCH", "a bare number and a unit")
            return number(unit)
        if a.unit != b.unit:
            raise Defect("UNIT_MISMATCH", f"{a.unit} and {b.unit}")
    elif a.type.codes is not b.type.codes:
        raise mismatch("codes of different lists")
    return a.type


def need_type(typed, type_):
    """T6 of an expression and the type that its place has."""
    agreed_type(typed, Typed(type_, None))
