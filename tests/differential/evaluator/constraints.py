"""What is demanded of constants when files are loaded: constraints and bands, C1 to C7."""

from itertools import product

from . import operators as o
from .errors import Defect, Refused
from .graph import used_by
from .overlay import meet
from .program import Chain, Program
from .rows import anything, is_for
from .run import Person, Run
from .symbols import PARAMETER, above
from .values import CODE, MAY_BE_FALSE, MAY_BE_TRUE, UNDETERMINED

MOST_COMBINATIONS = 4096


class Demand:
    """A row of a constraint, or a bound of a band: `value` is a function of the run, `uses` what it names."""
    __slots__ = ("name", "division", "start", "end", "assumed", "value", "uses")


class Band:
    """A row of `bands` or `guides`. A bound is a Demand, or content that a row's value is held against."""
    __slots__ = ("symbol", "division", "start", "end", "assumed", "match", "minimum", "maximum", "binding")


class Constants(Run):
    """A run without a case: a household's parameters on one day, with some codes as given."""

    def __init__(self, program, given):
        self.program = program
        self.policy_day = program.day
        self.next_change, self.next_month, self.anniversary_years = None, program.day, ()
        self.bits = {}
        self.everybody = 0
        self.household = [None] * program.household_slots
        # Parameters of a person have bands too, and keys that are a person's.
        somebody = Person()
        somebody.id, somebody.values = "", [None] * program.personal_slots
        self.variables = [somebody]
        self.given = given

    def change(self, day):
        """No case, no day on which it changes."""

    def compute_constants(self, symbols):
        for symbol, value_of in self.program.steps:
            if symbol in symbols:
                self.values_of(symbol)[symbol.slot] = value_of(self)

    def values_of(self, symbol):
        return self.variables[0].values if symbol.personal else self.household

    def assign(self, symbols):
        """C3: keys that are no parameters: the codes given, numbers unknown."""
        for symbol in symbols:
            if symbol in self.given:
                self.values_of(symbol)[symbol.slot] = (0, 0, self.given[symbol])
            else:
                self.values_of(symbol)[symbol.slot] = self.unknown(symbol.type, 0)


def used(pack, chain, uses):
    """Household parameters that are used, and the other symbols that are keys of them."""
    parameters, keys = set(), set()
    waiting = [symbol for name in uses for symbol in used_by(pack, chain, name)]
    while waiting:
        symbol = waiting.pop()
        if symbol in parameters:
            continue
        parameters.add(symbol)
        for key in symbol.keys:
            if key.symbol is None:
                continue
            if key.symbol.sort == PARAMETER and not key.symbol.personal:
                waiting.append(key.symbol)
            else:
                keys.add(key.symbol)
    return parameters, keys


class Loader:
    """Looks at all demands of a pack in the chain of every division that has files."""

    def __init__(self, pack, constraints, bands):
        self.pack = pack
        self.constraints = constraints
        self.bands = bands
        self.warnings = []
        self.programs = {}
        self.chains = {division: Chain(pack, [code for code in above(division)])
                       for division in sorted({file.division for file in pack.files})}

    def program(self, chain, day):
        key = (chain, day)
        if key not in self.programs:
            self.programs[key] = Program(chain, day)
        return self.programs[key]

    def check(self):
        for constraint in self.constraints:
            for division, chain in self.chains.items():
                if constraint.division in above(division):
                    self.check_constraint(constraint, chain, division)
        for band in self.bands:
            self.check_constant_bounds(band)
            for division, chain in self.chains.items():
                if band.division in above(division) and self.concerns(band, chain, division):
                    self.check_bounds(band, chain)

    def days(self, demand, chain, parameters):
        """C2"""
        found = {demand.start}
        for symbol in parameters:
            for division in chain.divisions:
                for row in symbol.rows.get(division, ()):
                    found.update(day for day in (row.start, row.end) if day is not None)
        return sorted(day for day in found if day >= demand.start and (demand.end is None or day < demand.end))

    def combinations(self, program, keys):
        """C3: a code for every key that is no parameter; None where there are too many."""
        free = sorted((symbol for symbol in keys if symbol.type.kind == CODE), key=lambda symbol: symbol.name)
        choices = [[symbol.type.codes.bits[code] for code in program.codes_of(symbol.type.codes)] for symbol in free]
        count = 1
        for choice in choices:
            count *= len(choice)
        if count > MOST_COMBINATIONS:
            return None
        return [dict(zip(free, codes)) for codes in product(*choices)]

    def runs(self, demand, chain, symbols=()):
        """A run for every day and combination; None where one cannot be computed."""
        parameters, keys = used(self.pack, chain.divisions, set(demand.uses) | set(symbols))
        for day in self.days(demand, chain, parameters):
            program = self.program(chain, day)
            given = self.combinations(program, keys)
            if given is None:
                yield None
                continue
            for codes in given:
                run = Constants(program, codes)
                try:
                    run.assign(keys)
                    run.compute_constants(parameters)
                    yield run
                except Refused:
                    yield None

    def check_constraint(self, constraint, chain, division):
        """C4"""
        parameters, _ = used(self.pack, chain.divisions, constraint.uses)
        if constraint.division != division and not any(division in symbol.rows for symbol in parameters):
            return
        results = set()
        for run in self.runs(constraint, chain):
            try:
                results.add(UNDETERMINED if run is None else constraint.value(run)[2])
            except Refused:
                results.add(UNDETERMINED)
        if MAY_BE_FALSE in results:
            raise Defect("CONSTRAINT_BROKEN", f"{constraint.name} in {division}")
        if UNDETERMINED in results:
            self.warnings.append(("CONSTRAINT_UNDETERMINED", constraint.name))

    def check_constant_bounds(self, band):
        """C5 of constants, and C7 of the bands of levels below."""
        for bound, outside in ((band.minimum, below), (band.maximum, above_it)):
            if bound is None or isinstance(bound, Demand):
                continue
            for division, rows in band.symbol.rows.items():
                if band.division in above(division):
                    for row in rows:
                        if meet(row, band, band.symbol.keys) and outside(row.value, bound):
                            self.breach(band)
            for other in self.bands:
                if other.symbol is band.symbol and other.division != band.division and band.division in above(other.division):
                    for content in (other.minimum, other.maximum):
                        if isinstance(content, tuple) and meet(other, band, band.symbol.keys) and outside(content, bound):
                            self.breach(band)

    def breach(self, band):
        if band.binding:
            raise Defect("BAND_BREACH", band.symbol.name)
        self.warnings.append(("GUIDANCE_LEFT", band.symbol.name))

    def concerns(self, band, chain, division):
        """C4, C6: whether the band, or a row that it uses, is of the chain's lowest level."""
        if band.division == division:
            return True
        names = {band.symbol}.union(*(bound.uses for bound in (band.minimum, band.maximum) if isinstance(bound, Demand)))
        parameters, _ = used(self.pack, chain.divisions, names)
        return any(division in symbol.rows for symbol in parameters)

    def check_bounds(self, band, chain):
        """C5 of expressions; C6: one of the two for a row."""
        results = {}
        for bound, is_minimum in ((band.minimum, True), (band.maximum, False)):
            if isinstance(bound, Demand):
                for row, left in self.judged(band, bound, is_minimum, chain):
                    results.setdefault(row, set()).add(left)
        for left in results.values():
            if MAY_BE_TRUE in left:
                self.breach(band)
            elif UNDETERMINED in left:
                self.warnings.append(("CONSTRAINT_UNDETERMINED", band.symbol.name))

    def judged(self, band, bound, is_minimum, chain):
        """(row, whether it is outside of the bound); None for the row where a day cannot be computed."""
        symbol = band.symbol
        bound_rows = {row for division, rows in symbol.rows.items() if band.division in above(division) for row in rows}
        for run in self.runs(bound, chain, [symbol]):
            if run is None:
                yield None, UNDETERMINED
                continue
            lookup = run.program.lookups[symbol]
            # C3: a parameter of a person is none of the household's.
            keys = [anything(run, key) if key.symbol is None or (key.symbol.personal and key.symbol.sort == PARAMETER)
                    else run.values_of(key.symbol)[key.symbol.slot] for key in symbol.keys]
            try:
                limit = bound.value(run)
            except Refused:
                yield None, UNDETERMINED
                continue
            for combination in lookup.combinations(keys, band.match):
                row = lookup.row_for(combination)
                if row not in bound_rows or not all(is_for(match, key) for match, key in zip(band.match, combination)):
                    continue
                left = o.less(row.value, limit) if is_minimum else o.less(limit, row.value)
                yield row, left[2]


def below(value, bound):
    return value[2] < bound[2]


def above_it(value, bound):
    return value[3] > bound[3]


