"""Folds of lists by joining, L1 to L6: what filters leave of a list's elements and what they add up to."""

from .extremes import Distinct, Extreme
from .filtered import PERHAPS, SURELY, Filtered, unproven
from .operators import add, both, either
from .values import (ELSEWHERE, FALSE, MAY_BE_FALSE, MAY_BE_TRUE, PERHAPS_NONE, POSSIBLE, SURE, TRUE, UNDETERMINED, UNLISTED,
                     WEAK, ZERO, hull_truth, marked, resting_on, settled_one)


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
    low, high, undefined = value[2], value[3], value[4] & PERHAPS_NONE
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


class Fold(Filtered):
    """A fold by joining. `contribute` gives what one element adds, which `join` adds to what is there."""

    def __init__(self, slot, filters, contribute, join, neutral):
        super().__init__(slot, filters)
        self.contribute = contribute
        self.join = join
        self.neutral = neutral

    def side(self, run, elements, period_months=None, value=None):
        """L2, L5: the elements' contributions joined to `value`, and whether an element is left."""
        if value is None:
            value = self.neutral
        slot, filters, variables = self.slot, self.filters, run.variables
        left = 0
        for element, state, blame, marks in elements:
            if state == ELSEWHERE:
                if marks:
                    value = self.join(value, self.resting(blame, marks))
                continue
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
                left = max(left, SURELY if state == SURE else PERHAPS)
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


class Sum(Fold):
    """`sum`"""

    def replaced(self, run, value, unlisted, blame, awaited, stated):
        """L19: a statement still to come counts in place of what was found, where that is less."""
        if not awaited or value[3] is None:
            return value
        high = self.open(run, self.neutral, unlisted, blame, None)[3]
        if high is not None and high <= value[3]:
            return value
        return (value[0] | blame, value[1], value[2], high, value[4])


class Truths(Fold):
    """`exists` and `all`."""
    numbers = False

    def hull(self, a, b):
        return hull_truth(a, b)

    def weigh(self, found, stated, has_stated, proof=0, has_found=True):
        if not has_stated:
            return resting_on(found, stated[0], stated[1])
        return self.join(found, unproven(stated, proof))

    def same(self, found, stated):
        return found[2] == stated[2] != UNDETERMINED

    def is_exact(self, value):
        return value[2] != UNDETERMINED


class Months(Filtered):
    """`months()`, L6: the number of different months."""

    def side(self, run, elements, period_months):
        dropped = [0, 0]
        sure, every, unknown = set(), set(), 0
        blame = marks = 0
        left = 0
        for fact, state, element_blame, element_marks in self.passed(run, elements, dropped):
            left = max(left, SURELY if state == SURE else PERHAPS)
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
        if low == high and not (marks | dropped[1]) & WEAK:
            blame = 0
        return (blame | dropped[0], marks | dropped[1], low, high, 0), left

    def close(self, value, blame, marks):
        return add(value, (blame, marks, 0, 0, 0))

    def open(self, run, value, unlisted, blame, period_months):
        """L19: as many months as the period has, if the filters leave the unlisted fact."""
        dropped = [0, 0]
        left = list(self.passed(run, ((unlisted, UNLISTED, blame, 0),), dropped))
        if not left:
            return resting_on(value, *dropped)
        _, _, blame, marks = left[0]
        low, high = value[2], period_months
        exact = low == high
        kept = settled_one(exact, value) | (blame if not exact or marks & WEAK else 0)
        return (kept, value[1] | marks, low, high, value[4])


def fold_named(name, slot, filters, body, default=None):
    """The fold of a method's name; `body` is None for those without, `default` where there is none."""
    if name == "sum":
        return Sum(slot, filters, sum_of(body.value), add, ZERO)
    if name == "count":
        return Fold(slot, filters, count_of(body.value), add, ZERO)
    if name == "size":
        return Fold(slot, filters, size_of, add, ZERO)
    if name == "exists":
        return Truths(slot, filters, truth_of(body.value, MAY_BE_TRUE), either, FALSE)
    if name == "all":
        return Truths(slot, filters, truth_of(body.value, MAY_BE_FALSE), both, TRUE)
    if name == "months":
        return Months(slot, filters)
    if name == "distinct":
        return Distinct(slot, filters, body)
    return Extreme(name, slot, filters, body, default)
