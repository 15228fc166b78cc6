"""Written forms, Y1 to Y5."""

from fractions import Fraction

from . import days
from .kinds import AREA_POWER
from .operators import fit
from .values import ANOTHER, BOOL, CODE, CODES, DATE, DIVISION, NUMBER, PERIOD

TRUTHS = ("", "FALSE", "TRUE", "UNDETERMINED")


def shown(end, unit):
    """An end in yuan and square metres."""
    power = unit[0] + unit[AREA_POWER]
    if end is None or power == 0:
        return end
    if power < 0:
        return end * 100 ** -power
    if end.__class__ is int and end % 100 ** power == 0:
        return end // 100 ** power
    return Fraction(end, 100 ** power)


def fraction(end):
    """An end in lowest terms, empty where infinite."""
    return "" if end is None else str(end)


def decimal(end, unit):
    """Y2"""
    below = end.denominator
    places = 2 if unit[0] else 0 if below == 1 else 4
    whole = (2 * abs(end.numerator) * 10 ** places + below) // (2 * below)
    digits = str(whole).rjust(places + 1, "0")
    text = digits[:-places] + "." + digits[-places:] if places else digits
    return "-" + text if end < 0 and whole else text


def number(value, unit):
    """Y2, Y3"""
    low, high = shown(value[2], unit), shown(value[3], unit)
    if low is not None and low == high and not value[4]:
        return decimal(low, unit)
    text = (f"[{decimal(low, unit)}" if low is not None else "(-∞") + ", "
    text += f"{decimal(high, unit)}]" if high is not None else "+∞)"
    return text + (" UNDEFINED" if value[4] else "")


def exact_number_text(value, unit):
    """Y4"""
    end = shown(value[2], unit)
    if end is None or value[2] != value[3] or value[4]:
        return ""
    places = 2 if unit[0] else 0 if end.denominator == 1 else 4
    return "" if 10 ** places % end.denominator == 0 else str(end)


def exact_key(value, unit):
    """Y6; empty where Y4 is."""
    text = exact_number_text(value, unit)
    if not text:
        return ""
    end = Fraction(shown(value[2], unit))
    for places in range(1, 10):
        if 10 ** places % end.denominator == 0:
            digits = str(abs(end.numerator) * 10 ** places // end.denominator).rjust(places + 1, "0")
            return ("-" if end < 0 else "") + digits[:-places] + "." + digits[-places:]
    return text


def codes(mask, codes_, program):
    if mask is None:
        mask = program.every(codes_)
    found = [code for code in program.codes_of(codes_) if codes_.bits[code] & mask]
    return "|".join(found) + ("|…" if mask & ANOTHER else "")


def day(number_):
    return ".." if number_ is None else days.written(number_)


def of_ends(value, text_of):
    """A date, month or division: one, or first and last."""
    low, high = ("" if end is None else text_of(end) for end in (value[2], value[3]))
    if low == high and low and not value[4]:
        return low, low, high
    return f"{low or '..'}/{high or '..'}" + (" UNDEFINED" if value[4] else ""), low, high


def key(value, type_, program):
    """B1: what a key of a missing row may be."""
    if type_.kind == CODE:
        return codes(value[2], type_.codes, program)
    if type_.kind == NUMBER:
        return exact_key(value, type_.unit) or number(value, type_.unit)
    return of_ends(value, days.written if type_.kind == DATE else days.written_month)[0]


def entry(run, type_, value):
    """An entry as the comparison takes it; X4: the ends in yuan must fit too."""
    found = {"exact_text": "", "low": "", "high": "", "undefined": False,
             "blame": run.items(value[0]), "marks": run.mark_names(value[1])}
    kind = type_.kind
    if kind == NUMBER:
        low, high = (None if end is None else fit(shown(end, type_.unit)) for end in (value[2], value[3]))
        found["text"] = number(value, type_.unit)
        found["exact_text"] = exact_number_text(value, type_.unit)
        found["low"], found["high"] = fraction(low), fraction(high)
        found["undefined"] = bool(value[4])
    elif kind in (DATE, DIVISION):
        found["text"], found["low"], found["high"] = of_ends(value, days.written if kind == DATE else "{:06}".format)
    elif kind == BOOL:
        found["text"] = TRUTHS[value[2]]
    elif kind in (CODE, CODES):
        found["text"] = codes(value[2], type_.codes, run.program)
    else:
        assert kind == PERIOD
        found["text"] = "../.." if value[2] is None else f"{days.written(value[2])}/{days.written(value[3])}"
    return found
