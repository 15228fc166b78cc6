"""Folds of people (H1 to H6) and of a person's facts: their sides, what leaves them open or closes them (L10 to L23, K3)."""

from . import days, evidence
from .operators import chosen, unchosen
from .values import (ASSUMED, DECLARED, MAY_BE_FALSE, MAY_BE_TRUE, PRELIMINARY, UNDETERMINED, UNPROVEN, hull_truth, marked,
                     resting_on)

FOUND_SIDE, DECLARED_SIDE, HIGHER, PRESUMED_SIDE = "found", "declared", "higher", "presumed"


def of_people(which, fold):
    """A fold of `persons`, `members` or `obligors`: H1 to H6."""
    def value_of(run):
        people = run.people(which)
        value = fold.side(run, people.elements, None)[0]
        if people.resting:
            value = fold.close(value, people.resting_blame, people.resting)
        return fold.finish(run, marked(value, people.marks) if people.marks else value)
    return value_of


def agreed(run, fold, person, rule, found, stated):
    """L17"""
    value = fold.hull(found, stated)
    if fold.same(found, stated):
        return value
    return (value[0] | run.disagreement(person, rule),) + value[1:]


def months_of(period):
    """How many months lie wholly within a period; None where that is not known."""
    if period is None or period[2] is None:
        return None
    return len(days.months_within(period[2], period[3]))


def of_facts(kind, person_slot, during, fold, variant=None):
    """A fold of `v.kind`: L10 to L22. `during` gives the period of kinds that have one."""
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
    return unchosen(test, value, fold.is_exact(value))


def of_rule(run, fold, person, kind, period, rule):
    proven, open_blame = run.evidence(person, kind, rule, period)
    months = months_of(period)
    closing = closing_of(proven, person, rule, period)
    value, has_listed = of_sides(run, fold, person, kind, period, rule, closing, open_blame)
    if closing == PRESUMED_SIDE:
        presumed, has_presumed = fold.side(run, run.presumed(person, kind, rule, period, open_blame), months)
        value = fold.weigh(value, presumed, has_presumed, open_blame, has_listed)
    if closing:
        value = fold.close(value, open_blame, UNPROVEN)
        if closing == DECLARED_SIDE:
            value = marked(value, DECLARED)
    elif proven and open_blame:
        value = fold.close(value, open_blame, UNPROVEN)
    elif not proven:
        value = opened(run, fold, value, person, kind, period, rule, open_blame)
    value = by_rule_and_period(value, rule, period)
    return fold.finish(run, value)


def opened(run, fold, value, person, kind, period, rule, open_blame):
    """L19, with what a statement still to come may make of it, and L32's end."""
    months = months_of(period)
    unlisted = run.unlisted(kind, open_blame, period)
    value = fold.open(run, value, unlisted, open_blame, months)
    if person.missing or (rule is not None and rule.use != HIGHER):
        return value
    awaited = evidence.awaits_statement(run, person, kind, rule, period)
    return fold.replaced(run, value, unlisted, open_blame, awaited, person.stated(kind))


def closing_of(proven, person, rule, period):
    """L19, L20, L23: what closes a list that is not proven; None where it is proven, or open."""
    if proven or rule is None or person.missing or rule.otherwise == "unknown":
        return None
    if rule.otherwise == PRESUMED_SIDE and period is not None and period[2] is None:
        return None
    return rule.otherwise


def by_rule_and_period(value, rule, period):
    """L22"""
    value = marked(value, (ASSUMED if rule and rule.assumed else 0) | (period[1] if period else 0))
    return resting_on(value, period[0], period[1]) if period else value


def of_sides(run, fold, person, kind, period, rule, closing, open_blame):
    """L10, L15 to L18: a side that is not weighed is not computed. The value, and whether it has an element."""
    months = months_of(period)
    if person.missing:
        return fold.side(run, (), months)[0], False
    use, proof = rule.use if rule else HIGHER, 0
    if use == FOUND_SIDE and closing == DECLARED_SIDE:
        use, proof = HIGHER, open_blame
    found_elements, stated_elements = run.elements(person, kind, period, rule)
    if use == FOUND_SIDE:
        return fold.side(run, found_elements, months)
    if use == DECLARED_SIDE:
        stated, has_stated = fold.side(run, stated_elements, months)
        return marked(stated, DECLARED), has_stated
    found, has_found = fold.side(run, found_elements, months)
    stated, has_stated = fold.side(run, stated_elements, months)
    if use == HIGHER:
        return fold.weigh(found, stated, has_stated, proof), has_found or has_stated
    return agreed(run, fold, person, rule, found, stated), has_found or has_stated


def closed_people(which):
    """K3: whether nobody is missing."""
    role = "obligor" if which == "obligors" else "member"

    def value_of(run):
        missing = run.missing.get(role)
        value = (0, 0, MAY_BE_TRUE) if missing is None else (missing.missing_blame, PRELIMINARY, MAY_BE_FALSE)
        symbol = run.program.completeness(role)
        if symbol is None:
            return value
        test = run.household[symbol.slot]
        return resting_on(marked(value, test[1]), test[0], test[1])
    return value_of


def closed_facts(kind, person_slot, during, variant):
    """K3: whether a person's list is proven."""
    def value_of(run):
        period = during(run) if during else None
        rules = run.program.candidate_rules(kind, variant)
        return closed_by(run, run.variables[person_slot], kind, period, rules, 0)
    return value_of


def closed_by(run, person, kind, period, rules, at):
    """P8"""
    rule = rules[at] if at < len(rules) else None
    if rule is None or rule.when is None or person.missing:
        return closed_under(run, person, kind, period, rule)
    test = person.values[rule.when.slot]
    if test[2] == MAY_BE_TRUE:
        return chosen(test, closed_under(run, person, kind, period, rule))
    that = closed_by(run, person, kind, period, rules, at + 1)
    if test[2] == MAY_BE_FALSE:
        return chosen(test, that)
    value = hull_truth(closed_under(run, person, kind, period, rule), that)
    return unchosen(test, value, value[2] != UNDETERMINED)


def closed_under(run, person, kind, period, rule):
    proven, blame = run.evidence(person, kind, rule, period)
    if proven:
        value = (blame, UNPROVEN if blame else 0, MAY_BE_TRUE)
    else:
        value = (blame, PRELIMINARY, MAY_BE_FALSE)
    return by_rule_and_period(value, rule, period)
