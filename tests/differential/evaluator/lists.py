"""Lists in expressions: T16, T17, T30 to T32, T53."""

from . import each_month, folds, sides
from .calls import text_of
from .errors import Defect
from .kinds import COUNT, MONTHS, TRUTH, number
from .syntax import Call, Member, Name
from .typed import Typed, agreed_type, mismatch
from .values import BOOL, CODE, MONTH, NUMBER, ORDERED, PERIOD

MOST_LISTS = 8
LISTS = ("persons", "members", "obligors")
# How many arguments a fold takes.
FOLDS = {"sum": (2,), "count": (2,), "size": (0,), "exists": (2,), "all": (2,), "months": (0,), "min": (2, 3), "max": (2, 3),
         "mean": (2, 3), "distinct": (2,)}
METHODS = tuple(FOLDS) + ("filter", "during", "by")
# Of what is the variable of a list?
PEOPLE, A_MONTH = None, "month"
# What the body of a fold may be.
BODIES = {"sum": (NUMBER,), "count": (BOOL,), "exists": (BOOL,), "all": (BOOL,), "min": ORDERED, "max": ORDERED,
          "mean": (NUMBER,), "distinct": (NUMBER, "date", MONTH, CODE, BOOL)}


class Source:
    """The list of a fold before its filters: of people (`which`), of a person's facts, of months (`period`)."""

    def __init__(self, which=None, kind=None, person_slot=None, during=None, variant=None, period=None):
        self.which = which
        self.kind = kind
        self.person_slot = person_slot
        self.during = during
        self.variant = variant
        self.period = period

    @property
    def of(self):
        """What a variable of the list is of."""
        return A_MONTH if self.period is not None else self.kind


def check_fold(checker, node):
    if node.name not in FOLDS:
        raise mismatch(f"{node.name} makes no value")
    filters, at = [], node.of
    while isinstance(at, Member) and at.name == "filter" and at.arguments is not None:
        filters.append(at)
        at = at.of
    source = source_of(checker, at)
    around = len(checker.variables)
    if around + 1 > MOST_LISTS:
        raise Defect("EXPRESSION_LIMIT", "too many lists inside one another")
    passes = [body_of(checker, step, source.of, around, (BOOL,), (2,)).value for step in reversed(filters)]
    if len(node.arguments) not in FOLDS[node.name]:
        raise mismatch(f"arguments of {node.name}")
    if node.name == "months" and (source.kind is None or not source.kind.by_month):
        raise mismatch("months of what has none")
    body = default = None
    if node.arguments:
        body = body_of(checker, node, source.of, around, BODIES[node.name], FOLDS[node.name])
    type_ = type_of_fold(node.name, body)
    if len(node.arguments) == 3:
        default = checker.check(node.arguments[2], body.type.codes)
        type_ = agreed_type(body, default)
    fold = folds.fold_named(node.name, around, passes, body, default)
    return result(checker, source, fold, type_)


def type_of_fold(name, body):
    if name in ("count", "size", "distinct"):
        return number(COUNT)
    if name == "months":
        return number(MONTHS)
    return TRUTH if name in ("exists", "all") else body.type


def result(checker, source, fold, type_):
    if source.which is not None:
        checker.uses.add(source.which)
        return Typed(type_, sides.of_people(source.which, fold))
    if source.period is not None:
        return Typed(type_, each_month.of_months(source.period, fold))
    checker.uses.add(source.kind)
    return Typed(type_, sides.of_facts(source.kind, source.person_slot, source.during, fold, source.variant))


def body_of(checker, step, of, slot, wanted, counts):
    """The second argument of a filter or fold, with its first as a variable."""
    if len(step.arguments) not in counts:
        raise mismatch(f"arguments of {step.name}")
    variable, body = step.arguments[:2]
    if not isinstance(variable, Name):
        raise Defect("EXPRESSION_SYNTAX", "no name for a variable")
    name = variable.name
    if name in checker.variables or name in checker.names or name in LISTS:
        raise Defect("UNKNOWN_NAME", f"{name} is no new name")
    checker.variables[name] = (slot, of)
    found = checker.check(body)
    del checker.variables[name]
    if found.kind not in wanted:
        raise mismatch(f"{step.name} of {found.type}")
    return found


def source_of(checker, node):
    if isinstance(node, Name) and node.name in LISTS:
        return Source(node.name)
    if isinstance(node, Call) and node.name == "each_month":
        if len(node.arguments) != 1:
            raise mismatch("arguments of each_month")
        period = checker.check(node.arguments[0])
        if period.kind != PERIOD:
            raise mismatch("months of no period")
        return Source(period=period.value)
    return facts_of(checker, node)


def method_called(node, name):
    return isinstance(node, Member) and node.name == name and node.arguments is not None


def facts_of(checker, node):
    """`v.kind` with its `.during` and `.by`."""
    variant = period = None
    if method_called(node, "by"):
        if len(node.arguments) != 1:
            raise mismatch("arguments of by")
        variant, node = text_of(node.arguments[0], code="UNKNOWN_NAME"), node.of
    if method_called(node, "during"):
        if len(node.arguments) != 1:
            raise mismatch("arguments of during")
        period, node = node.arguments[0], node.of
    kind, slot = kind_of(checker, node)
    if kind.timed != (period is not None):
        raise mismatch(f"{kind.name} and during")
    if variant is not None and (kind.name, variant) not in checker.variants:
        raise Defect("UNKNOWN_NAME", f"no variant {variant}")
    if period is None:
        return Source(None, kind, slot, None, variant)
    found = checker.check(period)
    if found.kind not in (PERIOD, MONTH):
        raise mismatch("no period")
    during = found.value if found.kind == PERIOD else each_month.as_period(found.value)
    return Source(None, kind, slot, during, variant)


def kind_of(checker, node):
    if isinstance(node, Member) and node.arguments is None and isinstance(node.of, Name):
        slot, of = checker.variables.get(node.of.name, (None, A_MONTH))
        if of is PEOPLE and node.name in checker.kinds:
            return checker.kinds[node.name], slot
        if of is PEOPLE:
            raise Defect("UNKNOWN_NAME", f"no kind {node.name}")
    raise mismatch("no list")


def closed(checker, arguments, place):
    """T31"""
    if len(arguments) != 1:
        raise mismatch("arguments of closed")
    node = arguments[0]
    if checker.constants:
        raise mismatch("a list among constants")
    if isinstance(node, Name) and node.name in ("members", "obligors"):
        checker.uses.add(node.name)
        return Typed(TRUTH, sides.closed_people(node.name))
    if isinstance(node, Member):
        source = facts_of(checker, node)
        checker.uses.add(source.kind)
        return Typed(TRUTH, sides.closed_facts(source.kind, source.person_slot, source.during, source.variant))
    raise mismatch("closed of no list")


