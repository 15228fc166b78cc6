"""A pack of policies, and what it makes of a case."""

from . import days
from .case import read_case
from .errors import Defect, Refused
from .pack import PackReader
from .program import Chain, Program, entries_of
from .reading import read
from .run import Run
from .symbols import above
from .values import ASSUMED, DATE, WEAK, marked
from .written import TRUTHS, entry

MOST_PROGRAMS = 200
NOT_TOLD = {"text": "", "exact_text": "", "low": "", "high": "", "blame": frozenset()}


class Pack:
    def __init__(self, directories):
        self.read = PackReader(directories)
        self.with_files = {file.division for file in self.read.files}
        self.chains = {}
        self.programs = {}

    def chain_of(self, division):
        """W5"""
        chain = above(division)
        while chain and chain[-1] not in self.with_files:
            chain.pop()
        if not chain:
            raise Refused("NO_POLICY_SET", division)
        found = self.chains.get(chain[-1])
        if found is None:
            found = self.chains[chain[-1]] = Chain(self.read, chain)
        return found

    def program_of(self, case):
        chain = self.chain_of(case.division)
        key = (chain, case.policy_day)
        program = self.programs.get(key)
        if program is None:
            if len(self.programs) >= MOST_PROGRAMS:
                self.programs.clear()
            program = self.programs[key] = Program(chain, case.policy_day)
        if case.programme is not None and all(programme.name != case.programme for programme, _ in program.programmes):
            raise Refused("NO_POLICY_SET", case.programme)
        return program

    def assess(self, case):
        """What a case file's text, or its mapping, comes to: `entries`, `indications`, `next_change`; or `error`."""
        try:
            data = read(case) if isinstance(case, str) else case
            told = read_case(data, self.read.kinds, self.read.categories)
            program = self.program_of(told)
            if not told.well_formed:
                raise Refused("CASE", "persons")
            return result(Run(program, told))
        except Defect as defect:
            return {"error": "CASE_FILE", "text": str(defect)}
        except Refused as refused:
            return {"error": refused.code, "text": str(refused)}


def result(run):
    run.compute()
    entries = {}
    for symbol in entries_of(run.program.chain):
        for person in run.listed if symbol.personal else [None]:
            value = person.values[symbol.slot] if person else run.household[symbol.slot]
            entries[symbol.name, person.id if person else ""] = entry(run, symbol.type, value)
        if symbol.type.kind == DATE:
            note_dates(run, symbol)
    indications = {}
    for programme, row in run.program.programmes:
        for person in indicated(run, programme):
            indications[programme.name, person.id if person else ""] = indication(run, row, person)
    run.note_changes_of_rows()
    run.note_changes_of_facts()
    change = run.next_change
    return {"entries": entries, "indications": indications, "next_change": None if change is None else days.written(change)}


def note_dates(run, symbol):
    """N3: quantities that are dates."""
    people = run.listed + list(run.missing.values()) if symbol.personal else []
    for value in [person.values[symbol.slot] for person in people] or [run.household[symbol.slot]]:
        if run.policy_day in (value[2], value[3]):
            run.change(run.policy_day + 1)


def indicated(run, programme):
    """I5"""
    return [person for person in run.listed if person.role == "member"] if programme.personal else [None]


def value_for(run, symbol, person):
    return person.values[symbol.slot] if symbol.personal else run.household[symbol.slot]


def indication(run, row, person):
    """I2, I3, I6"""
    test = value_for(run, row.test, person)
    if row.assumed:
        test = marked(test, ASSUMED)
    found = {"result": TRUTHS[test[2]], "robust": test[2] != 3 and not test[1] & WEAK, "blame": run.items(test[0]),
             "marks": run.mark_names(test[1])}
    for name, told in (("amount", row.amount), ("validity", row.validity)):
        value = NOT_TOLD
        if isinstance(told, tuple):
            value = entry(run, *told)
        elif told is not None:
            value = entry(run, told.type, value_for(run, told, person))
        found[name] = value["text"]
        found.update({f"{name}_{part}": value[part] for part in ("exact_text", "low", "high", "blame")})
    return found
