"""What is known so far, K1 and K2."""

from .kinds import TRUTH
from .typed import Typed, mismatch
from .values import (MAY_BE_FALSE, MAY_BE_TRUE, NO_VALUE, ORDERED, PRELIMINARY, UNDETERMINED, settled_one)


def one(arguments):
    if len(arguments) != 1:
        raise mismatch(f"{len(arguments)} arguments instead of 1")
    return arguments[0]


def defined(checker, arguments, place):
    """K1"""
    found = checker.check(one(arguments))
    if found.kind not in ORDERED:
        raise mismatch("defined of what has no order")
    of = found.value

    def value_of(run):
        value = of(run)
        mask = MAY_BE_TRUE
        if value[4]:
            mask = MAY_BE_FALSE if value[4] == NO_VALUE else UNDETERMINED
        return (settled_one(mask != UNDETERMINED, value), value[1], mask)
    return Typed(TRUTH, value_of)


def decided(otherwise):
    """K2: `surely` with false, `possibly` with true of what is undetermined."""
    def call(checker, arguments, place):
        of = checker.truth(one(arguments)).value

        def value_of(run):
            truth = of(run)
            if truth[2] == UNDETERMINED:
                return (truth[0], truth[1] | PRELIMINARY, otherwise)
            return truth
        return Typed(TRUTH, value_of)
    return call


CALLS = {"defined": defined, "surely": decided(MAY_BE_FALSE), "possibly": decided(MAY_BE_TRUE)}
