"""The operators O1 to O16, on values."""

from fractions import Fraction
from math import gcd

from .errors import overflow
from .values import (ANOTHER, MAY_BE_FALSE, MAY_BE_TRUE, NO_VALUE, PERHAPS_NONE, UNDETERMINED, WEAK, settled, settled_one, single)

LIMIT = 1 << 127
ARITHMETIC = ("ARITHMETIC", "", "", "", "", "", "", "")


def fit(number):
    """X3: `number`, whole numbers as such, if it fits."""
    if number.__class__ is int:
        if -LIMIT < number < LIMIT:
            return number
        raise overflow()
    numerator, denominator = number.numerator, number.denominator
    if not -LIMIT < numerator < LIMIT or denominator >= LIMIT:
        raise overflow()
    return numerator if denominator == 1 else number


def sum_of_fractions(a, b):
    """X5: over the least common denominator, whose parts must fit before anything is brought to lowest terms."""
    left, right = a.denominator, b.denominator
    common = left // gcd(left, right) * right
    if common >= LIMIT:
        raise overflow()
    first, second = a.numerator * (common // left), b.numerator * (common // right)
    total = first + second
    if not (-LIMIT < first < LIMIT and -LIMIT < second < LIMIT and -LIMIT < total < LIMIT):
        raise overflow()
    return fit(Fraction(total, common))


def sum_of_ends(a, b):
    if a is None or b is None:
        return None
    if a.__class__ is int and b.__class__ is int:
        total = a + b
        if -LIMIT < total < LIMIT:
            return total
        raise overflow()
    return sum_of_fractions(a, b)


def add(a, b):
    """O1"""
    a_blame, a_marks, a_low, a_high, a_undefined = a
    b_blame, b_marks, b_low, b_high, b_undefined = b
    low = sum_of_ends(a_low, b_low)
    high = low if a_low == a_high and b_low == b_high and low is not None else sum_of_ends(a_high, b_high)
    undefined = a_undefined | b_undefined
    marks = a_marks | b_marks
    if low != high or low is None or undefined:
        return (a_blame | b_blame, marks, low, high, undefined)
    if not marks & WEAK:
        return (0, marks, low, high, 0)
    return (settled(True, a, b), marks, low, high, 0)


def negative(a):
    """O2"""
    low, high = a[3], a[2]
    return (a[0], a[1], None if low is None else -low, None if high is None else -high, a[4])


def subtract(a, b):
    """O3"""
    return add(a, negative(b))


def quotient(a, b):
    if a.__class__ is int and b.__class__ is int:
        return fit(a // b if a % b == 0 else Fraction(a, b))
    return fit(Fraction(a) / b)


def sign(end, infinite):
    """-1, 0 or 1 of an end that stands for `infinite` (-1 or 1) where it is None."""
    if end is None:
        return infinite
    return (end > 0) - (end < 0)


def corners(a, b, of_finite, over):
    """Least and greatest of the four products (O4) or, with `over`, quotients (O6) of the ends; None where infinite."""
    low = high = None
    low_infinite = high_infinite = False
    for a_end, a_infinite in ((a[2], -1), (a[3], 1)):
        for b_end, b_infinite in ((b[2], -1), (b[3], 1)):
            if a_end is not None and b_end is not None:
                corner = of_finite(a_end, b_end)
            elif over and b_end is None:
                corner = 0
            else:
                direction = sign(a_end, a_infinite) * sign(b_end, b_infinite)
                if direction:
                    low_infinite = low_infinite or direction < 0
                    high_infinite = high_infinite or direction > 0
                    continue
                corner = 0
            low = corner if low is None else min(low, corner)
            high = corner if high is None else max(high, corner)
    return (None if low_infinite else low), (None if high_infinite else high)


def product_of_ends(a, b):
    return fit(a * b)


def multiply(a, b):
    """O4"""
    a_low, b_low = a[2], b[2]
    undefined = a[4] | b[4]
    if a_low == a[3] and b_low == b[3] and a_low is not None and b_low is not None:
        low = high = fit(a_low * b_low)
    else:
        low, high = corners(a, b, product_of_ends, False)
    exact = low == high and low is not None and not undefined
    return (settled(exact, a, b), a[1] | b[1], low, high, undefined)


def divide(run, a, b):
    """O5, O6"""
    b_low, b_high = b[2], b[3]
    marks = a[1] | b[1]
    if (b_low is None or b_low <= 0) and (b_high is None or b_high >= 0):
        undefined = NO_VALUE if b_low == b_high == 0 and not b[4] else PERHAPS_NONE  # exactly 0: V5
        return (a[0] | b[0] | run.item(ARITHMETIC), marks, None, None, undefined | a[4] | b[4])
    if a[2] == a[3] and b_low == b_high and a[2] is not None:
        low = high = quotient(a[2], b_low)
    else:
        low, high = corners(a, b, quotient, True)
    undefined = a[4] | b[4]
    exact = low == high and low is not None and not undefined
    return (settled(exact, a, b), marks, low, high, undefined)


def less(a, b):
    """O7"""
    a_low, a_high, b_low, b_high = a[2], a[3], b[2], b[3]
    if a[4] | b[4]:
        mask = UNDETERMINED
    elif a_high is not None and b_low is not None and a_high < b_low:
        mask = MAY_BE_TRUE
    elif a_low is not None and b_high is not None and a_low >= b_high:
        mask = MAY_BE_FALSE
    else:
        return (a[0] | b[0], a[1] | b[1], UNDETERMINED)
    return (settled(mask != UNDETERMINED, a, b), a[1] | b[1], mask)


SWAPPED = (0, MAY_BE_TRUE, MAY_BE_FALSE, UNDETERMINED)


def opposite(a):
    """O12"""
    return (a[0], a[1], SWAPPED[a[2]])


def greater(a, b):
    return less(b, a)


def at_most(a, b):
    return opposite(less(b, a))


def at_least(a, b):
    return opposite(less(a, b))


def equal_ordered(a, b):
    """O9"""
    mask = UNDETERMINED
    if not (a[4] | b[4]):
        a_low, a_high, b_low, b_high = a[2], a[3], b[2], b[3]
        if a_low == a_high and b_low == b_high and a_low is not None and b_low is not None:
            mask = MAY_BE_TRUE if a_low == b_low else MAY_BE_FALSE
        elif (a_high is not None and b_low is not None and a_high < b_low) or (
                b_high is not None and a_low is not None and b_high < a_low):
            mask = MAY_BE_FALSE
    return (settled(mask != UNDETERMINED, a, b), a[1] | b[1], mask)


def equal_members(a, b):
    """O10 of truths."""
    mask = MAY_BE_TRUE if a[2] & b[2] else 0
    if not (a[2] == b[2] and single(a[2])):
        mask |= MAY_BE_FALSE
    return (settled(mask != UNDETERMINED, a, b), a[1] | b[1], mask)


def equal_codes(a, b):
    """O10 of codes: another one than the list's equals none."""
    common = a[2] & b[2] & ~ANOTHER
    mask = MAY_BE_TRUE if common else 0
    if not (common and a[2] == b[2] and single(a[2])):
        mask |= MAY_BE_FALSE
    return (settled(mask != UNDETERMINED, a, b), a[1] | b[1], mask)


def union(a, b):
    """O11a of `+`"""
    known = a[2] is not None and b[2] is not None
    return (settled(known, a, b), a[1] | b[1], a[2] | b[2] if known else None)


def difference(a, b):
    """O11a of `-`"""
    known = a[2] is not None and b[2] is not None
    return (settled(known, a, b), a[1] | b[1], a[2] & ~b[2] if known else None)


def within(a, codes):
    """O11"""
    if codes[2] is None:
        mask = UNDETERMINED
    else:
        mask = (MAY_BE_TRUE if a[2] & codes[2] else 0) | (MAY_BE_FALSE if a[2] & ~codes[2] else 0)
    return (settled(mask != UNDETERMINED, a, codes), a[1] | codes[1], mask)


def joined(deciding, other):
    """O13: `&&` with `deciding` MAY_BE_FALSE, `||` with MAY_BE_TRUE."""
    def join(a, b):
        a_decides, b_decides = a[2] == deciding, b[2] == deciding
        if a_decides or b_decides:
            if not b_decides:
                return a if a[1] & WEAK else (0, a[1], deciding)
            if not a_decides:
                return b if b[1] & WEAK else (0, b[1], deciding)
            marks = a[1] | b[1]
            if a[1] & WEAK and b[1] & WEAK:
                return (a[0] | b[0], marks, deciding)
            return (0, marks & ~WEAK, deciding)
        if a[2] == other and b[2] == other:
            return (settled(True, a, b), a[1] | b[1], other)
        return (a[0] | b[0], a[1] | b[1], UNDETERMINED)
    return join


# Of both sides, where both are computed; O14 leaves out the right one where the left one decides.
both = joined(MAY_BE_FALSE, MAY_BE_TRUE)
either = joined(MAY_BE_TRUE, MAY_BE_FALSE)


def chosen(condition, value):
    """O15 with a condition that is decided: its blame is there only if it is unproven."""
    blame, marks = condition[0], condition[1]
    if not marks:
        return value
    return (value[0] | (blame if marks & WEAK else 0), value[1] | marks) + value[2:]


def unchosen(condition, value, exact):
    """O15 with a condition that is not: `value` is the hull of both branches."""
    blame, marks = condition[0], condition[1]
    if not exact or marks & WEAK:
        return (value[0] | blame, value[1] | marks) + value[2:]
    return (value[0], value[1] | marks) + value[2:]


def least(a, b):
    """F1: only the one that is surely not above the other can win, and the other's blame is left out."""
    undefined = a[4] | b[4]
    low = None if a[2] is None or b[2] is None else min(a[2], b[2])
    if a[3] is None:
        high = b[3]
    else:
        high = a[3] if b[3] is None else min(a[3], b[3])
    marks = a[1] | b[1]
    exact = low == high and low is not None and not undefined
    if not undefined:
        if a[3] is not None and b[2] is not None and a[3] <= b[2]:
            return (settled_one(exact, a) | (b[0] if b[1] & WEAK else 0), marks, low, high, 0)
        if b[3] is not None and a[2] is not None and b[3] <= a[2]:
            return (settled_one(exact, b) | (a[0] if a[1] & WEAK else 0), marks, low, high, 0)
    return (settled(exact, a, b), marks, low, high, undefined)


def greatest(a, b):
    """F1, mirrored."""
    return negative(least(negative(a), negative(b)))
