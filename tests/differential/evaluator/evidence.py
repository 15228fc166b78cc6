"""What proves that a person's facts of a kind are known in full: P1 to P7."""

from .errors import Defect

NOBODY_ASKED = ("NOT_ASKED", "NOT_ROUTABLE")


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


def read_rule(told, names):
    rule = Rule()
    rule.needs = [read_need(need) for need in told.get("complete_by") or ()]
    rule.use, rule.otherwise = told.get("use", "higher"), told.get("otherwise", "unknown")
    rule.manual_suffices = told.get("manual") == "suffices"
    rule.to_data_day = told.get("asked") == "to_data_day"
    rule.variant = told.get("variant")
    rule.when, rule.presume = (named(told.get(key), names) for key in ("when", "presume"))
    return rule


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


def lack(answer, first, last, by_month):
    """P4: what a usable answer lacks; `first` is None where the days asked about are not known."""
    if answer.flaw:
        return answer.flaw
    if answer.kind == "FOUND" and not answer.complete:
        return "INCOMPLETE"
    if first is not None:
        if not answer.holds(first, last):
            return "PERIOD"
        if by_month and answer.data_day is not None and answer.data_day < last:
            return "PERIOD"
    return ""


def asked(run, answer, lacking, by_month):
    """N6"""
    if not by_month and answer.usable and lacking in ("", "PERIOD"):
        for end in (answer.start, answer.end):
            if end is not None:
                run.change(end)


def category_blame(run, person, need, first, last, by_month):
    """P6: None if the need is met, else the blame."""
    category, source = need
    proves, blame, aside = False, 0, 0
    for answer in person.answers.get(category, ()):
        if answer.superseded or answer.source == "manual" or source not in (None, answer.source):
            continue
        if answer.kind == "NOT_COVERED":
            aside |= run.item(answer.item())
            continue
        lacking = lack(answer, first, last, by_month) if answer.usable else ""
        asked(run, answer, lacking, by_month)
        if answer.usable and not lacking:
            proves = True
        else:
            blame |= run.item(answer.item(lacking))
    if blame:
        return blame
    if proves:
        return None
    return aside or run.item(("SOURCE", person.id, "", category) + NOBODY_ASKED + ("", ""))


def manual_suffices(run, person, need, first, last, by_month):
    """P7"""
    met = False
    for answer in person.answers.get(need[0], ()):
        if answer.source == "manual" and answer.usable and not answer.superseded:
            lacking = lack(answer, first, last, by_month)
            asked(run, answer, lacking, by_month)
            met = met or not lacking
    return met


def blame_of(run, person, kind, rule, period):
    """P3: None if the person's list of the kind is proven, else the blame."""
    first, last = run.state_days
    if kind.by_month:
        first, last = (None, None) if period[2] is None else (period[2], period[3] - 1)
    blame, met = 0, True
    if kind.by_month and first is None:
        blame, met = period[0], False
    for need in rule.needs:
        lacking = need_blame(run, person, kind, rule, need, first, last)
        if lacking is not None:
            blame |= lacking
            met = False
    return None if met else blame


def need_blame(run, person, kind, rule, need, first, last):
    """P5 to P7, P9: None if the need is met, else the blame."""
    if isinstance(need, list):
        found = [need_blame(run, person, kind, rule, one, first, last) for one in need]
        if None in found:
            return None
        blame = 0
        for one in found:
            blame |= one
        return blame
    if need == "declaration":
        return None
    if need == "statement":
        return None if person.stated(kind) else run.item(unstated(person.id, kind.name))
    by_hand = rule.manual_suffices and manual_suffices(run, person, need, first, last, kind.by_month)
    lacking = category_blame(run, person, need, first, last, kind.by_month)
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
    first, last = run.state_days
    blame = category_blame(run, person, (category, None), first, last, False)
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
