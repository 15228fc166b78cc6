"""What proves that a person's facts of a kind are known in full: P1 to P11."""

from . import days
from .case import MANUAL_SOURCE
from .errors import Defect
from .kinds import NAMED
from .values import BOOL

NOBODY_ASKED = ("NOT_ASKED", "NOT_ROUTABLE")
NOBODY_TO_ASK = (NOBODY_ASKED, ("NOT_ASKED", "MINIMISED"))


class Rule:
    """A row of `evidence`: needs are `declaration`, `statement`, (category, source or None) or a list of such (P9)."""
    __slots__ = ("start", "end", "needs", "use", "otherwise", "manual_suffices", "assumed", "when", "variant", "presume",
                 "to_data_day")

    def in_force(self, day):
        return self.start <= day and (self.end is None or day < self.end)

    def asked(self):
        """The (category, source) that its needs speak of."""
        for need in self.needs:
            for one in need if isinstance(need, list) else [need]:
                if isinstance(one, tuple):
                    yield one


def read_rule(told, names, kind):
    rule = Rule()
    rule.needs = [read_need(need) for need in told.get("complete_by") or ()]
    rule.use, rule.otherwise = told.get("use", "higher"), told.get("otherwise", "unknown")
    rule.manual_suffices = told.get("manual") == "suffices"
    rule.to_data_day = told.get("asked") == "to_data_day"
    rule.variant = told.get("variant")
    rule.when, rule.presume = (named(told.get(key), names) for key in ("when", "presume"))
    if rule.when is not None and rule.when.type.kind != BOOL:
        raise Defect("TYPE_MISMATCH", rule.when.name)
    check_presumed(rule, kind)
    return rule


def check_presumed(rule, kind):
    """P10"""
    if (rule.otherwise == "presumed") != (rule.presume is not None):
        raise Defect("MISSING_KEY", "presume and otherwise: presumed belong together")
    if rule.presume is None:
        return
    wanted = {"month": NAMED["money/month"], "state": NAMED["money"]}.get(kind.by)
    amount = kind.fields.get("amount")
    if wanted is None or rule.presume.type != wanted or amount is None or amount.type != NAMED["money"]:
        raise Defect("TYPE_MISMATCH", rule.presume.name)


def named(name, names):
    if name is None:
        return None
    if name not in names:
        raise Defect("UNKNOWN_NAME", name)
    if not names[name].personal:
        raise Defect("TYPE_MISMATCH", name)
    return names[name]


def read_need(text):
    if isinstance(text, dict):
        return [read_need(need) for need in text["any"]]
    if text in ("declaration", "statement"):
        return text
    category, _, source = text.partition("@")
    return (category, source or None)


class Question:
    """What answers are asked about (P2): the days from `first` to `last`, None where they are not known."""

    def __init__(self, run, first, last, timed, to_data_day=False):
        self.run = run
        self.first, self.last = first, last
        self.timed = timed
        self.to_data_day = to_data_day

    def last_for(self, answer):
        """P4a: the last day that this answer is asked about."""
        if not self.asks_of_the_month():
            return self.last
        today = self.run.policy_day
        month = days.month_start(today)
        told = today if answer.data_day is None else min(today, answer.data_day)
        end = min(max(month, told + 1), self.last + 1)
        return end - 1 if self.first <= today and self.first < end else self.last

    def asks_of_the_month(self):
        """Under P4a, of days of the policy day's month or later."""
        return self.to_data_day and self.first is not None and self.last >= days.month_start(self.run.policy_day)

    def days_that_may_change(self, answer):
        """N6"""
        if not self.timed:
            return (answer.start, answer.end)
        return (self.first, answer.end, self.run.next_month) if self.asks_of_the_month() else ()

    def lack(self, answer):
        """P4 of a usable answer, with N6."""
        if answer.flaw:
            return answer.flaw
        if answer.kind == "FOUND" and not answer.complete:
            return "INCOMPLETE"
        last = self.last_for(answer)
        for day in self.days_that_may_change(answer):
            if day is not None:
                self.run.change(day)
        if self.first is not None:
            if not answer.holds(self.first, last):
                return "PERIOD"
            if self.timed and answer.data_day is not None and answer.data_day < last:
                return "PERIOD"
        return ""


def category_blame(run, person, need, question):
    """P6: None if the need is met, else the blame."""
    category, source = need
    proves, blame, aside = False, 0, 0
    for answer in person.answers.get(category, ()):
        if answer.superseded or answer.source == MANUAL_SOURCE or source not in (None, answer.source):
            continue
        if answer.kind == "NOT_COVERED":
            aside |= run.item(answer.item())
            continue
        lacking = question.lack(answer) if answer.usable else ""
        if answer.usable and not lacking:
            proves = True
        else:
            blame |= run.item(answer.item(lacking))
    if blame:
        return blame
    if proves:
        return None
    return aside or run.item(("SOURCE", person.id, "", category) + NOBODY_ASKED + ("", ""))


def manual_suffices(person, need, question):
    """P7"""
    lacking = [question.lack(answer) for answer in person.answers.get(need[0], ())
               if answer.source == MANUAL_SOURCE and answer.usable and not answer.superseded]
    return "" in lacking


def outstanding(run, person, kind, rule, question):
    """P11: the blame of answers that may tell of the kind and have not come, or not whole."""
    if rule.use == "declared":
        return 0
    blame = 0
    for answer in person.in_order:
        if answer.category not in kind.categories or answer.superseded:
            continue
        if not answer.usable:
            if answer.kind != "NOT_COVERED" and (answer.kind, answer.reason) not in NOBODY_TO_ASK:
                blame |= run.item(answer.item())
        elif answer.source != MANUAL_SOURCE and (lacking := question.lack(answer)):
            blame |= run.item(answer.item(lacking))
    return blame


def question_of(run, kind, rule, period):
    """P2"""
    first, last = run.state_days
    if kind.timed:
        first, last = (None, None) if period[2] is None else (period[2], period[3] - 1)
    return Question(run, first, last, kind.timed, rule.to_data_day)


def awaits_statement(run, person, kind, rule, period):
    """L19: whether a need `statement` is unmet, alone or in an `any`, or may be where there is no rule."""
    if rule is None:
        return True
    question = question_of(run, kind, rule, period)
    return any("statement" in (need if isinstance(need, list) else [need])
               and need_blame(run, person, kind, rule, need, question, period) is not None for need in rule.needs)


def proof_of(run, person, kind, rule, period):
    """P3, P11: whether the person's list of the kind is proven, and the blame."""
    blame, met = 0, True
    if kind.timed and period[2] is None:
        blame, met = period[0], False
    question = question_of(run, kind, rule, period)
    for need in rule.needs:
        lacking = need_blame(run, person, kind, rule, need, question, period)
        if lacking is not None:
            blame |= lacking
            met = False
    return met, blame | outstanding(run, person, kind, rule, question)


def need_blame(run, person, kind, rule, need, question, period):
    """P5 to P7, P9: None if the need is met, else the blame."""
    if isinstance(need, list):
        found = [need_blame(run, person, kind, rule, one, question, period) for one in need]
        if None in found:
            return None
        blame = 0
        for one in found:
            blame |= one
        return blame
    if need == "declaration":
        return None
    if need == "statement":
        return run.statement_blame(person, kind, period)
    by_hand = rule.manual_suffices and manual_suffices(person, need, question)
    lacking = category_blame(run, person, need, question)
    return None if by_hand else lacking


def unstated(person, detail):
    return ("DECLARATION", person, "", "", "", "", detail, "")


def disagreement(run, person, rule):
    """L21"""
    blame = 0
    for category, source in rule.asked():
        for answer in person.answers.get(category, ()):
            if not answer.superseded and source in (None, answer.source):
                blame |= run.item(answer.item("UNDECLARED"))
    return blame or run.item(unstated(person.id, ""))


def answered(run, person, category):
    """F9: true, or undetermined with what is to blame."""
    if person.missing:
        return (person.missing_blame, 0, 3)
    blame = category_blame(run, person, (category, None), Question(run, *run.state_days, False))
    return (0, 0, 2) if blame is None else (blame, 0, 3)


def not_ruled_out(run, truth, person, category):
    """F9: an answer that says otherwise does not make it false."""
    if truth[2] != 1:
        return truth
    blame = person.missing_blame if person.missing else 0
    if not person.missing:
        for answer in person.answers.get(category, ()):
            if not answer.superseded:
                blame |= run.item(answer.item("UNDECLARED"))
        if not blame:
            blame = run.item(("SOURCE", person.id, "", category) + NOBODY_ASKED + ("", ""))
    # The truth is decided: it has blame only if it is unproven, and then the result rests on it.
    return (truth[0] | blame, truth[1], 3)
