"""Lists in expressions, T16 and T17."""

from . import folds
from .errors import Defect
from .kinds import COUNT, MONTHS, TRUTH, number
from .syntax import Member, Name
from .typed import Typed, mismatch
from .values import BOOL, NUMBER, PERIOD

MOST_LISTS = 8
LISTS = ("persons", "members", "obligors")
FOLDS = {"sum": 2, "count": 2, "size": 0, "exists": 2, "all": 2, "months": 0}
METHODS = tuple(FOLDS) + ("filter", "during")


class Source:
    """The list of a fold before its filters: of people (`which`) or of a person's facts."""

    def __init__(self, which=None, kind=None, person_slot=None, during=None):
        self.which = which
        self.kind = kind
        self.person_slot = person_slot
        self.during = during


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
    passes = [body_of(checker, step, source.kind, around, BOOL).value for step in reversed(filters)]
    if len(node.arguments) != FOLDS[node.name]:
        raise mismatch(f"arguments of {node.name}")
    if node.name == "months" and (source.kind is None or not source.kind.by_month):
        raise mismatch("months of what has none")
    body = body_of(checker, node, source.kind, around, NUMBER if node.name == "sum" else BOOL) if node.arguments else None
    fold = folds.fold_named(node.name, around, passes, body and body.value)
    type_ = {"sum": body and body.type, "count": number(COUNT), "size": number(COUNT), "months": number(MONTHS)}
    return result(checker, source, fold, type_.get(node.name, TRUTH))


def result(checker, source, fold, type_):
    if source.which is not None:
        checker.uses.add(source.which)
        return Typed(type_, folds.of_people(source.which, fold))
    checker.uses.add(source.kind)
    return Typed(type_, folds.of_facts(source.kind, source.person_slot, source.during, fold))


def body_of(checker, step, kind, slot, wanted):
    """The second argument of a filter or fold, with its first as a variable."""
    if len(step.arguments) != 2:
        raise mismatch(f"arguments of {step.name}")
    variable, body = step.arguments
    if not isinstance(variable, Name):
        raise Defect("EXPRESSION_SYNTAX", "no name for a variable")
    name = variable.name
    if name in checker.variables or name in checker.names or name in LISTS:
        raise Defect("UNKNOWN_NAME", f"{name} is no new name")
    checker.variables[name] = (slot, kind)
    found = checker.check(body)
    del checker.variables[name]
    if found.kind != wanted:
        raise mismatch(f"{step.name} of {found.type}")
    return found


def source_of(checker, node):
    if isinstance(node, Name) and node.name in LISTS:
        return Source(node.name)
    period = None
    if isinstance(node, Member) and node.name == "during" and node.arguments is not None:
        if len(node.arguments) != 1:
            raise mismatch("arguments of during")
        period, node = node.arguments[0], node.of
    kind, slot = kind_of(checker, node)
    if kind.by_month != (period is not None):
        raise mismatch(f"{kind.name} and during")
    if period is None:
        return Source(None, kind, slot)
    found = checker.check(period)
    if found.kind != PERIOD:
        raise mismatch("no period")
    return Source(None, kind, slot, found.value)


def kind_of(checker, node):
    if isinstance(node, Member) and node.arguments is None and isinstance(node.of, Name):
        variable = checker.variables.get(node.of.name)
        if variable is None:
            raise Defect("UNKNOWN_NAME", f"{node.of.name} is no variable")
        slot, kind = variable
        if kind is None and node.name in checker.kinds:
            return checker.kinds[node.name], slot
        if kind is None and node.name not in checker.names:
            raise Defect("UNKNOWN_NAME", f"no kind {node.name}")
    elif isinstance(node, Member) and node.arguments is not None and node.name not in METHODS:
        raise Defect("UNKNOWN_FUNCTION", node.name)
    elif isinstance(node, Name) and node.name not in checker.variables and node.name not in checker.names:
        raise Defect("UNKNOWN_NAME", node.name)
    raise mismatch("no list")
