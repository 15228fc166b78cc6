"""Values as tuples, and what every operation does with blame and marks.

Every value begins with its blame and its marks, both sets held as bits of a number; blame's bits are numbered by the run
(run.Run.item). What follows is by type:

    number, date, month   low, high, undefined   ends are whole numbers or fractions, None where infinite; money in fen,
                                                 area in square decimetres; NO_VALUE, PERHAPS_NONE, or 0
    division              low, high, undefined   codes read as numbers
    truth                 mask                   MAY_BE_FALSE | MAY_BE_TRUE
    code                  mask                   a bit for each code; the first one: another than the list's
    person                mask                   bit i: the i-th person listed; the bit behind the last: somebody else
    set of codes          mask                   None: not known
    period                from, to               days, `to` not included; None: not known
"""

ASSUMED, DECLARED, MANUAL, PRESUMED, UNPROVEN, PRELIMINARY = 1, 2, 4, 8, 16, 32
MARK_NAMES = ("assumed", "declared", "manual", "presumed", "unproven", "preliminary")
# The marks whose values keep their blame (V11).
WEAK = UNPROVEN | PRELIMINARY

MAY_BE_FALSE, MAY_BE_TRUE, UNDETERMINED = 1, 2, 3

# What a number may be beside its interval (V1); the first holds the second's bit, so that operands join by `|`.
NO_VALUE, PERHAPS_NONE = 3, 1

# A code's bit of another than the list's.
ANOTHER = 1

ZERO = (0, 0, 0, 0, 0)
FALSE = (0, 0, MAY_BE_FALSE)
TRUE = (0, 0, MAY_BE_TRUE)

# Evidence and bounds of a fold's elements (L1).
SURE, POSSIBLE, UNLISTED = 0, 1, 2
# No element: it counts with another person, and what the fold rests on is its blame and marks (L13).
ELSEWHERE = 3

NUMBER, DATE, MONTH, BOOL, CODE, CODES, PERIOD, TEXT, PERSON, DIVISION = (
    "number", "date", "month", "bool", "code", "codes", "period", "text", "person", "division")
ORDERED = (NUMBER, DATE, MONTH)


NAMES_OF_MARKS = [frozenset(name for bit, name in enumerate(MARK_NAMES) if marks >> bit & 1) for marks in range(2 * PRELIMINARY)]


def mark_names(marks):
    return NAMES_OF_MARKS[marks]


def settled(exact, a, b):
    """B2: the blame of a result of `a` and `b`."""
    if not exact:
        return a[0] | b[0]
    return (a[0] if a[1] & WEAK else 0) | (b[0] if b[1] & WEAK else 0)


def settled_one(exact, a):
    if not exact or a[1] & WEAK:
        return a[0]
    return 0


def resting_on(value, blame, marks):
    """B3: `value`, resting on something of this blame and these marks."""
    if marks & WEAK:
        return (value[0] | blame, value[1] | marks & WEAK) + value[2:]
    return value


def marked(value, marks):
    if marks | value[1] == value[1]:
        return value
    return (value[0], value[1] | marks) + value[2:]


def is_exact_number(value):
    return value[2] == value[3] and value[2] is not None and not value[4]


def single(mask):
    """Whether a mask is of one member."""
    return mask & (mask - 1) == 0


def hull_number(a, b):
    """V6 with B2."""
    low = None if a[2] is None or b[2] is None else min(a[2], b[2])
    high = None if a[3] is None or b[3] is None else max(a[3], b[3])
    undefined = NO_VALUE if a[4] & b[4] == NO_VALUE else (a[4] | b[4]) & PERHAPS_NONE
    exact = low == high and low is not None and not undefined
    return (settled(exact, a, b), a[1] | b[1], low, high, undefined)


def hull_truth(a, b):
    mask = a[2] | b[2]
    return (settled(mask != UNDETERMINED, a, b), a[1] | b[1], mask)


def hull_code(a, b):
    """Of codes; a set of another code alone does not come about."""
    mask = a[2] | b[2]
    return (settled(single(mask), a, b), a[1] | b[1], mask)


def hull_codes(a, b):
    """Of sets of codes, which are not known where they may be different ones."""
    mask = a[2] if a[2] == b[2] else None
    return (settled(mask is not None, a, b), a[1] | b[1], mask)
