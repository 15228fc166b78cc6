"""Folds of lists, L1 to L22: what filters leave of a list's elements and what they add up to."""

from . import days
from .operators import add, both, chosen, either, greatest, unchosen
from .values import (ASSUMED, DECLARED, FALSE, MAY_BE_FALSE, MAY_BE_TRUE, POSSIBLE, SURE, TRUE, UNDETERMINED, UNLISTED, UNPROVEN,
                     WEAK, ZERO, hull_number, hull_truth, is_exact_number, marked, resting_on, settled_one)

FOUND_SIDE, DECLARED_SIDE, HIGHER, AGREED = "found", "declared", "higher", "agreed"


def possible_amount(value):
    """The end or infinity that any number of such values may reach (L3)."""
    low = None if value[2] is None or value[2] < 0 else 0
    high = None if value[3] is None or value[3] > 0 else 0
    return low, high


def contribution(value, state, blame, marks):
    """L3, of a number; `blame` and `marks` are the element's."""
    if state == SURE:
        if not marks:
            return value
        return resting_on(marked(value, marks), blame, marks)
    marks |= value[1]
    low, high, undefined = value[2], value[3], value[4]
    if state == POSSIBLE:
        low = None if low is None else min(low, 0)
        high = None if high is None else max(high, 0)
    else:
        low, high = possible_amount(value)
    exact = low == high and low is not None and not undefined
    return (0 if exact and not marks & WEAK else value[0] | blame, marks, low, high, undefined)


def sum_of(body):
    def contribute(run, state, blame, marks):
        return contribution(body(run), state, blame, marks)
    return contribute


def counted(truth):
    """L4: 1 of what is surely true, 0 of what is surely not."""
    return (truth[0], truth[1], truth[2] >> 1 if truth[2] != UNDETERMINED else 0, truth[2] >> 1, 0)


def count_of(body):
    def contribute(run, state, blame, marks):
        return contribution(counted(body(run)), state, blame, marks)
    return contribute


def size_of(run, state, blame, marks):
    return contribution((0, 0, 1, 1, 0), state, blame, marks)


def truth_of(body, deciding):
    """L4 of `exists` (deciding is true) and `all` (false)."""
    def contribute(run, state, blame, marks):
        truth = body(run)
        if state != SURE and truth[2] & deciding:
            return (truth[0] | blame, truth[1] | marks, UNDETERMINED)
        if not marks:
            return truth
        return resting_on(marked(truth, marks), blame, marks)
    return contribute


class Fold:
    """A fold other than `months`. `contribute` gives what one element adds, which `join` adds to what is there."""

    def __init__(self, slot, filters, contribute, join, neutral, numbers):
        self.slot = slot
        self.filters = filters
        self.contribute = contribute
        self.join = join
        self.neutral = neutral
        self.numbers = numbers

    def side(self, run, elements, period_months=None, value=None):
        """L2, L5: the elements' contributions joined to `value`, and whether an element is left."""
        if value is None:
            value = self.neutral
        slot, filters, variables = self.slot, self.filters, run.variables
        left = False
        for element, state, blame, marks in elements:
            variables[slot] = element
            for passes in filters:
                truth = passes(run)
                if truth[2] == MAY_BE_FALSE:
                    if truth[1] & WEAK:
                        value = self.join(value, self.resting(truth[0], truth[1] & WEAK))
                    break
                marks |= truth[1]
                if truth[2] == UNDETERMINED and state != UNLISTED:
                    state = POSSIBLE
                    blame |= truth[0]
                elif truth[1] & WEAK:
                    blame |= truth[0]
            else:
                left = True
                value = self.join(value, self.contribute(run, state, blame, marks))
        return value, left

    def resting(self, blame, marks):
        """The neutral value resting on something of this blame and these weak marks."""
        return (blame, marks) + self.neutral[2:]

    def close(self, value, blame, marks):
        """L20"""
        return self.join(value, self.resting(blame, marks))

    def open(self, run, value, unlisted, blame, period_months):
        """L19"""
        return self.side(run, ((unlisted, UNLISTED, blame, 0),), None, value)[0]

    def higher(self, found, stated):
        return greatest(found, stated) if self.numbers else self.join(found, stated)

    def hull(self, found, stated):
        return hull_number(found, stated) if self.numbers else hull_truth(found, stated)


class Months:
    """`months()`, L6: the number of different months."""

    neutral = ZERO
    numbers = True

    def __init__(self, slot, filters):
        self.slot = slot
        self.filters = filters

    def passed(self, run, elements):
        """The elements that the filters leave, and blame of what dropped ones rest on."""
        left, resting, weak = [], 0, 0
        for element, state, blame, marks in elements:
            run.variables[self.slot] = element
            for passes in self.filters:
                truth = passes(run)
                if truth[2] == MAY_BE_FALSE:
                    if truth[1] & WEAK:
                        resting |= truth[0]
                        weak |= truth[1] & WEAK
                    break
                marks |= truth[1]
                if truth[2] == UNDETERMINED and state != UNLISTED:
                    state = POSSIBLE
                    blame |= truth[0]
                elif truth[1] & WEAK:
                    blame |= truth[0]
            else:
                left.append((element, state, blame, marks))
        return left, resting, weak

    def side(self, run, elements, period_months):
        left, resting, weak = self.passed(run, elements)
        sure, every, unknown = set(), set(), 0
        blame, marks = 0, 0
        for fact, state, element_blame, element_marks in left:
            blame |= element_blame
            marks |= element_marks
            if fact.month is None:
                unknown += 1
                continue
            every.add(fact.month)
            if state == SURE:
                sure.add(fact.month)
        low, high = len(sure), len(every) + unknown
        if period_months is not None:
            high = min(high, period_months)
        if low == high and not marks & WEAK:
            blame = 0
        blame |= resting
        marks |= weak
        return (blame, marks, low, high, 0), bool(left)

    def close(self, value, blame, marks):
        return add(value, (blame, marks, 0, 0, 0))

    def open(self, run, value, unlisted, blame, period_months):
        """L19: as many months as the period has, if the filters leave the unlisted fact."""
        left, resting, weak = self.passed(run, ((unlisted, UNLISTED, blame, 0),))
        if not left:
            return resting_on(value, resting, weak)
        _, _, blame, marks = left[0]
        low, high, undefined = value[2], period_months, value[4]
        exact = low == high and not undefined
        kept = settled_one(exact, value) | (blame if not exact or marks & WEAK else 0)
        return (kept, value[1] | marks, low, high, undefined)

    def higher(self, found, stated):
        return greatest(found, stated)

    def hull(self, found, stated):
        return hull_number(found, stated)


def fold_named(name, slot, filters, body):
    """The fold of a method's name; `body` is None for those without."""
    if name == "sum":
        return Fold(slot, filters, sum_of(body), add, ZERO, True)
    if name == "count":
        return Fold(slot, filters, count_of(body), add, ZERO, True)
    if name == "size":
        return Fold(slot, filters, size_of, add, ZERO, True)
    if name == "exists":
        return Fold(slot, filters, truth_of(body, MAY_BE_TRUE), either, FALSE, False)
    if name == "all":
        return Fold(slot, filters, truth_of(body, MAY_BE_FALSE), both, TRUE, False)
    return Months(slot, filters)


def of_people(which, fold):
    """A fold of `persons`, `members` or `obligors`: H1 to H6."""
    def value_of(run):
        people = run.people(which)
        value = fold.side(run, people.elements)[0]
        if people.resting:
            value = fold.close(value, people.resting_blame, people.resting)
        return marked(value, people.marks) if people.marks else value
    return value_of


def weighed(fold, found, stated, has_stated):
    """L16"""
    if not has_stated:
        return found
    if fold.numbers and found[2] is not None and stated[3] is not None and found[2] >= stated[3] \
            and not found[4] and not stated[4]:
        return resting_on(found, stated[0], stated[1])
    return fold.higher(found, stated)


def agreed(run, fold, person, rule, found, stated):
    """L17"""
    value = fold.hull(found, stated)
    exact = [is_exact_number(side) if fold.numbers else side[2] != UNDETERMINED for side in (found, stated)]
    if all(exact) and found[2] == stated[2]:
        return value
    return (value[0] | run.disagreement(person, rule),) + value[1:]


def months_of(period):
    """How many months a period has; None where that is not known."""
    if period is None or period[2] is None:
        return None
    return days.month_number(period[3]) - days.month_number(period[2])


def of_facts(kind, person_slot, during, fold, variant=None):
    """A fold of `v.kind`: L10 to L22. `during` gives the period of kinds by month."""
    def value_of(run):
        person = run.variables[person_slot]
        period = during(run) if during else None
        rules = run.program.candidate_rules(kind, variant)
        return by_candidates(run, fold, person, kind, period, rules, 0)
    return value_of


def by_candidates(run, fold, person, kind, period, rules, at):
    """P1, P8: the fold under the candidate at a place, or those behind it."""
    if at == len(rules):
        return of_rule(run, fold, person, kind, period, None)
    rule = rules[at]
    if rule.when is None or person.missing:
        return of_rule(run, fold, person, kind, period, rule)
    test = person.values[rule.when.slot]
    if test[2] == MAY_BE_TRUE:
        return chosen(test, of_rule(run, fold, person, kind, period, rule))
    that = by_candidates(run, fold, person, kind, period, rules, at + 1)
    if test[2] == MAY_BE_FALSE:
        return chosen(test, that)
    value = fold.hull(of_rule(run, fold, person, kind, period, rule), that)
    return unchosen(test, value, is_exact_number(value) if fold.numbers else value[2] != UNDETERMINED)


def of_rule(run, fold, person, kind, period, rule):
    proven, open_blame = run.evidence(person, kind, rule, period)
    months = months_of(period)
    found_elements, stated_elements = run.elements(person, kind, period)
    found = fold.side(run, found_elements, months)[0]
    stated, has_stated = fold.side(run, stated_elements, months)
    closing = None if proven or rule is None or person.missing or rule.otherwise == "unknown" else rule.otherwise
    use = rule.use if rule else HIGHER
    if use == FOUND_SIDE and closing == DECLARED_SIDE:
        use = HIGHER
    value = of_sides(run, fold, person, rule, use, found, stated, has_stated)
    if closing:
        value = fold.close(value, open_blame, UNPROVEN)
        if closing == DECLARED_SIDE:
            value = marked(value, DECLARED)
    elif not proven:
        value = fold.open(run, value, run.unlisted(kind, open_blame), open_blame, months)
    value = marked(value, (ASSUMED if rule and rule.assumed else 0) | (period[1] if period else 0))
    return resting_on(value, period[0], period[1]) if period else value


def of_sides(run, fold, person, rule, use, found, stated, has_stated):
    """L15 to L17"""
    if use == FOUND_SIDE:
        return found
    if use == DECLARED_SIDE:
        return marked(stated, DECLARED)
    if use == HIGHER:
        return weighed(fold, found, stated, has_stated)
    return agreed(run, fold, person, rule, found, stated)
