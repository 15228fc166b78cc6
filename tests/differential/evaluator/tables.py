"""Tables, and what may be said of a parameter's rows: T21, T22, F14."""

from . import rows
from .errors import Defect
from .kinds import COUNT, TRUTH, number
from .symbols import PARAMETER
from .syntax import Name
from .typed import Typed, mismatch, need_type
from .values import CODE, DATE, NUMBER


def check_table(checker, symbol, arguments, person_slot):
    """A call of a table: `table(…)`, or `v.table(…)` with the variable's slot."""
    if symbol.personal != (person_slot is not None):
        raise mismatch(f"{symbol.name} is the household's or a person's")
    given = [key for key in symbol.keys if key.symbol is None]
    if len(arguments) != len(given):
        raise mismatch(f"arguments of {symbol.name}")
    values = []
    for node, key in zip(arguments, given):
        found = checker.check(node, key.type.codes)
        need_type(found, key.type)
        values.append(found.value)
    checker.uses.add(symbol)
    sources = sources_of(symbol, values, person_slot)

    def value_of(run):
        person = run.variables[person_slot].id if person_slot is not None else ""
        return run.program.lookups[symbol].value(run, [source(run) for source in sources], person)
    return Typed(symbol.type, value_of)


def sources_of(symbol, values, person_slot):
    """A function of the run for every key: the arguments in their order, and what is looked up."""
    sources, left = [], iter(values)
    for key in symbol.keys:
        sources.append(next(left) if key.symbol is None else looked_up(key.symbol, person_slot))
    return sources


def looked_up(symbol, person_slot):
    slot = symbol.slot
    if symbol.personal:
        return lambda run: run.variables[person_slot].values[slot]
    return lambda run: run.household[slot]


def parameter(checker, arguments):
    if len(arguments) != 1 or not isinstance(arguments[0], Name):
        raise mismatch("the name of a parameter is meant")
    symbol = checker.names.get(arguments[0].name)
    if symbol is None:
        if arguments[0].name in checker.variables:
            raise mismatch("a variable is no parameter")
        raise Defect("UNKNOWN_NAME", arguments[0].name)
    if symbol.sort != PARAMETER or symbol.personal:
        raise mismatch(f"{symbol.name} is no parameter of the household")
    checker.uses.add(symbol)
    return symbol


def about(function, result):
    """A function of a parameter's rows; `result` gives its type, or raises."""
    def call(checker, arguments, place):
        symbol = parameter(checker, arguments)
        type_ = result(symbol)
        keys = [looked_up(key.symbol, None) if key.symbol is not None and key.type.kind == CODE else None
                for key in symbol.keys]

        def value_of(run):
            values = [of and of(run) for of in keys]
            return function(run, run.program.lookups[symbol], values, type_)
        return Typed(type_, value_of)
    return call


def of_count(symbol):
    return number(COUNT)


def of_values(symbol):
    if symbol.type.kind not in (NUMBER, DATE):
        raise mismatch("neither numbers nor dates")
    return symbol.type


def of_order(symbol):
    if symbol.type.kind not in (NUMBER, DATE) or sum(key.type.kind == NUMBER for key in symbol.keys) != 1:
        raise mismatch("not along one number")
    return TRUTH


CALLS = {
    "size": about(rows.size, of_count), "highest": about(rows.highest, of_values), "lowest": about(rows.lowest, of_values),
    "rising": about(rows.rising, of_order), "falling": about(rows.falling, of_order),
}
