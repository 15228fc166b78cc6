"""What a division's chain computes on one policy day."""

from .graph import closure, in_order, named
from .rows import Lookup
from .symbols import PARAMETER, QUANTITY, TEST
from .values import ASSUMED, marked


class Chain:
    """A division's files and those above, whatever the day (W2)."""

    def __init__(self, pack, divisions):
        self.pack = pack
        self.divisions = divisions
        self.order = in_order(pack, divisions)
        self.is_member = named(pack, divisions, "is_member")
        # Who the members are is computed before what asks for it (L13).
        self.settling = closure(pack, divisions, self.is_member)
        self.complete = {"member": named(pack, divisions, "members_complete"),
                         "obligor": named(pack, divisions, "obligors_complete")}
        # And so is whether anybody is missing (H3a).
        self.before_missing = self.settling.union(*(closure(pack, divisions, test) for test in self.complete.values()))
        self.order.sort(key=lambda symbol: (symbol not in self.settling, symbol not in self.before_missing))
        self.change_days = sorted(self.days_of_rows())
        self.names_obligors = any("obligors" in row.uses for division in divisions for symbol in self.order
                                  for row in symbol.rows.get(division, ()))
        self.codes, self.masks = {}, {}

    def dated(self):
        """All rows of the chain."""
        for division in self.divisions:
            for symbol in self.order:
                yield from symbol.rows.get(division, ())
            for rules in self.pack.evidence.values():
                yield from rules.get(division, ())
        for programme in self.programmes():
            for division in self.divisions:
                yield from programme.rows.get(division, ())

    def days_of_rows(self):
        found = set()
        for row in self.dated():
            found.add(row.start)
            if row.end is not None:
                found.add(row.end)
        return found

    def programmes(self):
        for division in self.divisions:
            yield from self.pack.programmes.get(division, {}).values()

    def levels(self, rows_by_division, day):
        """The rows in force, those of the lowest level that has any first (W3, W4)."""
        found = []
        for division in reversed(self.divisions):
            rows = [row for row in rows_by_division.get(division, ()) if row.in_force(day)]
            if rows:
                found.append(rows)
        return found


class Program:
    def __init__(self, chain, day):
        self.chain = chain
        self.day = day
        self.household_slots = chain.pack.household_slots
        self.personal_slots = chain.pack.personal_slots
        self.change_days = chain.change_days
        self.is_member = chain.is_member
        self.lookups = {}
        self.steps = [(symbol, self.step(symbol)) for symbol in chain.order if self.is_computed(symbol)]
        self.evidence = {kind: levels for kind, levels in
                         ((kind, chain.levels(rules, day)) for kind, rules in chain.pack.evidence.items()) if levels}
        self.candidates = {}
        self.calendar = [chain.pack.calendar[division] for division in reversed(chain.divisions)
                         if division in chain.pack.calendar]
        self.programmes = [(programme, levels[0][0]) for programme, levels in
                           ((programme, chain.levels(programme.rows, day)) for programme in chain.programmes()) if levels]

    def is_computed(self, symbol):
        """A table is computed where it is called."""
        if symbol.sort == PARAMETER:
            self.lookups[symbol] = Lookup(symbol, self.chain.levels(symbol.rows, self.day))
        return not symbol.is_table

    def completeness(self, role):
        return self.chain.complete[role]

    def codes_of(self, codes):
        """T26"""
        found = self.chain.codes.get(codes)
        if found is None:
            found = self.chain.codes[codes] = codes.codes_of(self.chain.divisions)
        return found

    def every(self, codes):
        mask = self.chain.masks.get(codes)
        if mask is None:
            mask = self.chain.masks[codes] = codes.mask_of(self.codes_of(codes))
        return mask

    def step(self, symbol):
        """The function of the run that gives the symbol's value; of a person's, for the one in the first variable."""
        if symbol.sort == PARAMETER:
            return self.parameter_step(symbol)
        levels = self.chain.levels(symbol.rows, self.day)
        if not levels:
            return missing_row(symbol)
        row = levels[0][0]
        value_of = row.value
        if not row.assumed:
            return value_of
        return lambda run: marked(value_of(run), ASSUMED)

    def parameter_step(self, symbol):
        lookup = self.lookups[symbol]
        household = [None if key.symbol.personal else key.symbol.slot for key in symbol.keys] if not symbol.is_table else []
        personal = [key.symbol.slot for key in symbol.keys] if not symbol.is_table else []
        if not symbol.keys:
            return lambda run: lookup.value(run, (), "")

        def value_of(run):
            person = run.variables[0] if symbol.personal else None
            keys = [run.household[slot] if slot is not None else person.values[own]
                    for slot, own in zip(household, personal)]
            return lookup.value(run, keys, person.id if person else "")
        return value_of

    def candidate_rules(self, kind, variant):
        """P1"""
        key = (kind, variant)
        found = self.candidates.get(key)
        if found is None:
            rules = [rule for rules in self.evidence.get(kind, ()) for rule in rules]
            found = [rule for rule in rules if variant is not None and rule.variant == variant]
            found += [rule for rule in rules if rule.variant is None]
            self.candidates[key] = found
        return found


def missing_row(symbol):
    """R1"""
    def value_of(run):
        person = run.variables[0].id if symbol.personal else ""
        item = run.item(("POLICY_ROW", person, "", "", "", "", "", symbol.name))
        return run.unknown(symbol.type, item)
    return value_of


def entries_of(chain):
    return [symbol for symbol in chain.order if symbol.sort in (QUANTITY, TEST)]

