"""One assessment: the case's people and facts, what is computed of them, and the first day on which it may change."""

from bisect import bisect_right

from . import days, evidence, spread
from .facts import FactReader, unknown, within
from .kinds import CHECK_KIND, RELATION, ROLE, SCOPE, SEX, Type
from .symbols import HOUSEHOLD
from .values import ANOTHER, BOOL, CODE, DATE, POSSIBLE, SURE, UNLISTED, UNPROVEN, WEAK, mark_names

DEEPEST_LISTS = 8
NOBODY = frozenset()


class Person:
    """Somebody listed, or missing (H3): the values of personal symbols by slot."""
    __slots__ = ("id", "index", "number", "role", "missing", "missing_blame", "values", "declared", "answers", "in_order",
                 "found", "told")

    def stated(self, kind):
        """Whether anything of the kind is stated, of whatever month or day."""
        return any(fact.kind is kind for fact in self.declared)


def holds_nothing(kind, start, end):
    """P5: whether there is nothing to state of a period."""
    return start >= end if kind.by == "day" else not days.months_within(start, end)


class People:
    """A list of people: elements, marks that every fold of it gets, weak marks and blame of what it rests on."""
    __slots__ = ("elements", "marks", "resting", "resting_blame")

    def __init__(self, elements):
        self.elements = elements
        self.marks = 0
        self.resting = 0
        self.resting_blame = 0

    def rest_on(self, value):
        if value[1] & WEAK:
            self.resting |= value[1] & WEAK
            self.resting_blame |= value[0]


class Run:
    """What functions of a run read: values by slot, variables of lists, items of blame, days on which something changes."""

    def __init__(self, program, case):
        self.program = program
        self.case = case
        self.policy_day = case.policy_day
        date = days.from_ordinal(case.policy_day)
        self.anniversary_years = [year for year in (date.year, date.year + 1) if year <= 9999]
        self.next_month = days.month_end(case.policy_day) + 1
        self.state_days = tuple(sorted((case.application_day, case.policy_day)))
        self.next_change = None
        self.bits = {}
        self.variables = [None] * (DEEPEST_LISTS + 2)
        self.somebody_else = 1 << len(case.persons)
        self.everybody = 2 * self.somebody_else - 1
        self.evidence_known, self.lists, self.unlisted_facts = {}, {}, {}
        self.reader = FactReader(self)
        self.household = [None] * program.household_slots
        self.household[:len(HOUSEHOLD)] = self.built_in(case)
        self.listed = [self.person(i, person) for i, person in enumerate(case.persons)]
        self.missing = {}
        told = [fact for answer in case.answers for fact in answer.facts] + [fact for person in case.persons for fact in person.declared]
        self.held_together = any(fact.held_with is not None for fact in told)
        self.after_missing = False  # once it is known whether a member is missing (H3a)
        self.settling = False  # while who the members are is being computed (L13)

    def item(self, item):
        """The bit of an item of blame."""
        bit = self.bits.get(item)
        if bit is None:
            bit = self.bits[item] = 1 << len(self.bits)
        return bit

    def items(self, blame):
        if not blame:
            return NOBODY
        return frozenset(item for item, bit in self.bits.items() if bit & blame)

    @staticmethod
    def mark_names(marks):
        return mark_names(marks)

    def change(self, day):
        """N1: a day on which something may change."""
        if self.policy_day < day <= days.LAST_DAY and (self.next_change is None or day < self.next_change):
            self.next_change = day

    # People.

    def built_in(self, case):
        """T7 of the household, in the order of symbols.HOUSEHOLD."""
        staff = case.staff_relative
        division = int(case.division)
        return [self.exact_day(case.policy_day), self.exact_day(case.application_day),
                self.stated_day(case.acceptance_day, "acceptance_day"), self.stated_day(case.request_day, "request_day"),
                self.stated_code(SCOPE, case.scope, "", "scope"),
                self.stated_code(CHECK_KIND, case.check_kind, "", "check_kind"),
                self.unstated(BOOL, "", "staff_relative") if staff is None else (0, 0, 2 if staff else 1),
                (0, 0, division, division, 0)]

    def unstated(self, kind, person, detail):
        return self.unknown(Type(kind), self.item(evidence.unstated(person, detail)))

    def stated_day(self, day, detail, person=""):
        return self.unstated(DATE, person, detail) if day is None else self.exact_day(day)

    def unknown(self, type_, blame, minimum=None, maximum=None, may_be_another=False):
        every = self.every(type_.codes) if type_.codes else 0
        return unknown(type_, blame, minimum, maximum, self.everybody, every | (ANOTHER if may_be_another else 0))

    def every(self, codes):
        """The mask of a list's codes as the division has them."""
        return self.program.every(codes)

    @staticmethod
    def exact_day(day):
        return (0, 0, day, day, 0)

    def stated_code(self, codes, code, person, detail):
        """H7"""
        if code is None:
            return self.unknown(Type(CODE, None, codes), self.item(evidence.unstated(person, detail)))
        return (0, 0, codes.bits[code])

    def person(self, index, told):
        person = Person()
        person.id, person.index, person.number, person.role = told.id, index, told.number, told.role
        person.missing, person.missing_blame = False, 0
        person.declared, person.answers, person.in_order = told.declared, told.answers, told.in_order
        person.values = [None] * self.program.personal_slots
        person.values[0] = (0, 0, ROLE.bits[told.role])
        person.values[1] = (0, 0, RELATION.bits[told.relation])
        person.values[2] = self.stated_code(SEX, told.sex, told.id, "sex")
        person.values[3] = self.stated_day(told.birth, "birth", told.id)
        person.found, person.told = {}, {}
        return person

    def missing_person(self, role, blame):
        """H5"""
        person = Person()
        person.id, person.index, person.number, person.role = "", -1, None, role
        person.missing, person.missing_blame = True, blame
        person.declared, person.answers, person.in_order = (), {}, ()
        person.values = [None] * self.program.personal_slots
        person.values[:4] = [(0, 0, ROLE.bits[role]), (blame, 0, self.every(RELATION)), (blame, 0, self.every(SEX)),
                             (blame, 0, None, None, 0)]
        person.found, person.told = {}, {}
        self.missing[role] = person
        return person

    def reckon_with_missing(self, role):
        """H3, H4: the missing person of a role, once the test that says whether there is one is computed; None without one."""
        symbol = self.program.completeness(role)
        if role == "obligor" and not self.program.chain.names_obligors:
            return None
        if symbol is None:
            if role == "member":
                return None
            return self.missing_person(role, self.item(("POLICY_ROW", "", "", "", "", "", "", "obligors_complete")))
        test = self.household[symbol.slot]
        if test[2] == 2:
            return None
        if test[2] == 1:
            return self.missing_person(role, self.item(("IDENTITY", "", "", "", "", "", "", symbol.name)))
        return self.missing_person(role, test[0])

    def people(self, which):
        key = (which, self.after_missing)
        found = self.lists.get(key)
        if found is None:
            found = self.lists[key] = self.list_of(which)
        return found

    def list_of(self, which):
        """H1 to H6"""
        role = "obligor" if which == "obligors" else "member"
        people = People([(person, SURE, 0, 0) for person in self.listed if person.role == role])
        if which == "persons":
            if self.after_missing and "member" in self.missing:
                people.rest_on((self.missing["member"].missing_blame, UNPROVEN))
            return people
        if role in self.missing:
            missing = self.missing[role]
            people.elements.append((missing, UNLISTED, missing.missing_blame, 0))
        complete = self.program.completeness(role)
        if complete is not None:
            test = self.household[complete.slot]
            people.marks |= test[1] & ~WEAK
            people.rest_on(test)
        if which == "members" and self.program.is_member is not None:
            people.elements = list(self.belonging(people))
        return people

    def belonging(self, people):
        """H2"""
        slot = self.program.is_member.slot
        for person, state, blame, marks in people.elements:
            test = person.values[slot]
            people.marks |= test[1] & ~WEAK
            if test[2] == 1:
                people.rest_on(test)
                continue
            if test[2] == 3 and state == SURE:
                state = POSSIBLE
                blame |= test[0]
            if test[1] & WEAK:
                blame |= test[0]
                marks |= test[1] & WEAK
            yield (person, state, blame, marks)

    # Facts and evidence.

    def member_named(self, name):
        return next(person for person in self.listed if person.id == name)

    def told_by(self, person, kind):
        """What answers tell of a person and what is stated, whatever its month or day."""
        found = person.found.get(kind)
        if found is None:
            found = person.found[kind] = self.reader.found(person, kind)
            person.told[kind] = self.reader.stated(person, kind)
        return found, person.told[kind]

    def elements(self, person, kind, period, rule):
        found, stated = (self.of_period(side, kind, period) for side in self.told_by(person, kind))
        if not self.held_together:
            return found, stated
        if rule is None or rule.use != "declared":
            stated = [self.reader.counted_here(element) for element in stated]
        return [self.reader.counted_here(element) for element in found], stated

    def of_period(self, elements, kind, period):
        """L11, L40"""
        if period is None or not elements:
            return elements
        if kind.spread:
            return spread.elements(self, elements, kind, period)
        return within(elements, period)

    def statement_blame(self, person, kind, period):
        """P5: None if what is stated suffices for a list of the period, which is None of kinds by state; else the blame."""
        if period is not None and period[2] is not None and holds_nothing(kind, *period[2:4]):
            return None
        elements = self.of_period(self.told_by(person, kind)[1], kind, period)
        if any(state == SURE for _, state, _, _ in elements):
            return None
        perhaps = 0
        for _, _, blame, _ in elements:
            perhaps |= blame
        return perhaps if elements else self.item(evidence.unstated(person.id, kind.name))

    def unlisted(self, kind, blame, period):
        if kind.spread:
            return spread.unlisted(self.reader.unlisted(kind, blame), kind, period, blame)
        key = (kind, blame)
        fact = self.unlisted_facts.get(key)
        if fact is None:
            fact = self.unlisted_facts[key] = self.reader.unlisted(kind, blame)
        return fact

    def presumed(self, person, kind, rule, period, blame):
        """L23"""
        amount = person.values[rule.presume.slot]
        months = days.months_within(period[2], period[3]) if kind.by_month else [None]
        return [self.reader.presumed(kind, month, amount, blame) for month in months]

    def evidence(self, person, kind, rule, period):
        """Whether the person's list is proven, and what leaves it unproven, or is outstanding (P3, P11, L18)."""
        if rule is None:
            return False, self.item(("POLICY_ROW", "", "", "", "", "", "", f"evidence.{kind.name}"))
        if person.missing:
            return False, person.missing_blame
        key = (person, kind, rule, period and (period[0], period[2], period[3]))
        known = self.evidence_known.get(key)
        if known is None:
            known = self.evidence_known[key] = evidence.proof_of(self, person, kind, rule, period)
        return known

    def disagreement(self, person, rule):
        return evidence.disagreement(self, person, rule)

    # Computing.

    def compute(self):
        """X1: every symbol in an order in which what it uses comes first."""
        if self.program.completeness("obligor") is None:
            self.reckon_with_missing("obligor")
        done = []
        for symbol, value_of in self.program.steps:
            if symbol.personal:
                done.append((symbol, value_of))
                for person in self.listed:
                    self.compute_for(person, symbol, value_of)
                for person in self.missing.values():
                    self.compute_for(person, symbol, value_of)
                continue
            self.begin(symbol)
            self.household[symbol.slot] = value_of(self)
            for role in ("member", "obligor"):
                if symbol is self.program.completeness(role):
                    person = self.reckon_with_missing(role)
                    for earlier, earlier_value_of in done if person else ():
                        self.compute_for(person, earlier, earlier_value_of)

    def compute_for(self, person, symbol, value_of):
        self.variables[0] = person
        self.begin(symbol)
        person.values[symbol.slot] = value_of(self)

    def begin(self, symbol):
        chain = self.program.chain
        self.settling = symbol in chain.settling
        self.after_missing = symbol not in chain.before_missing

    def note_changes_of_rows(self):
        """N2"""
        at = bisect_right(self.program.change_days, self.policy_day)
        if at < len(self.program.change_days):
            self.change(self.program.change_days[at])

    def note_changes_of_facts(self):
        """N7"""
        for person in self.case.persons:
            for fact in person.declared:
                self.note_fact(fact)
        for answer in self.case.answers:
            for fact in answer.facts:
                self.note_fact(fact)

    def note_fact(self, fact):
        for field in fact.kind.fields.values():
            if field.type.kind == DATE and field.name in fact.fields:
                self.change(fact.fields[field.name])
                self.change(fact.fields[field.name] + 1)
