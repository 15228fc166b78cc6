"""What symbols use, in one chain: T19, and an order of computing in which what is used comes first."""

from .errors import Defect
from .facts import Kind
from .symbols import BUILT_IN, Symbol, above


def named(pack, chain, name):
    """The symbol of a name in a chain, built-in ones aside."""
    for division in reversed(chain):
        symbol = pack.symbols.get(division, {}).get(name)
        if symbol is not None:
            return symbol
    return None


def used_by(pack, chain, used):
    """The symbols behind one thing that an expression uses: a symbol, a list of people, a kind of fact."""
    if isinstance(used, Symbol):
        return [used] if used.sort != BUILT_IN else []
    if isinstance(used, Kind):
        rules = [rule for division in chain for rule in pack.evidence.get(used, {}).get(division, ())]
        return [symbol for rule in rules for symbol in (rule.when, rule.presume) if symbol is not None]
    names = {"members": ("is_member", "members_complete"), "obligors": ("obligors_complete",), "persons": ()}[used]
    return [symbol for symbol in (named(pack, chain, name) for name in names) if symbol is not None]


def uses_of(pack, chain, symbol):
    found = [key.symbol for key in symbol.keys if key.symbol is not None and key.symbol.sort != BUILT_IN]
    for division in chain:
        for row in symbol.rows.get(division, ()):
            for used in row.uses:
                found.extend(used_by(pack, chain, used))
    return found


def closure(pack, chain, symbol):
    """The symbol and all that it uses."""
    found, waiting = set(), [symbol] if symbol is not None else []
    while waiting:
        used = waiting.pop()
        if used not in found:
            found.add(used)
            waiting.extend(uses_of(pack, chain, used))
    return found


def in_order(pack, chain):
    """The chain's symbols, each behind what it uses; CYCLE where there is no such order."""
    order, state = [], {}
    for division in chain:
        for symbol in pack.symbols.get(division, {}).values():
            visit(pack, chain, symbol, state, order)
    return order


def visit(pack, chain, first, state, order):
    """Depth first, without recursion: chains of symbols may be long."""
    if first in state:
        return
    path = [(first, iter(uses_of(pack, chain, first)))]
    state[first] = "open"
    while path:
        symbol, uses = path[-1]
        for used in uses:
            if state.get(used) == "open":
                raise Defect("CYCLE", used.name)
            if used not in state:
                state[used] = "open"
                path.append((used, iter(uses_of(pack, chain, used))))
                break
        else:
            state[symbol] = "done"
            order.append(symbol)
            path.pop()


def check_cycles(pack, division):
    in_order(pack, above(division))
