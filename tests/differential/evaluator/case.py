"""Case files: a household, the answers about it and what it declares (docs/case-format.md)."""

import re

from . import days
from .constants import CONSTANT, read_number
from .errors import Defect, Refused
from .kinds import CHECK_KIND, RATIO, RELATION, ROLE, SCOPE, SEX, scale_power
from .values import BOOL, CODE, DATE, DIVISION, MONTH, NUMBER, PERSON, TEXT

MOST_PEOPLE = 40
AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,2})?")
WHOLE = re.compile(r"-?[0-9]{1,9}")
ANSWER_KINDS = ("found", "confirmed_none", "not_covered", "unavailable", "stale", "refused", "ambiguous", "pending",
                "not_asked")
CASE_KEYS = {"division", "scope", "check_kind", "staff_relative", "programme", "dates", "persons", "answers", "expect"}
PERSON_KEYS = {"id", "role", "relation", "number", "birth", "sex", "declared"}
# Whose answers people gave; no register is called so.
MANUAL_SOURCE = "manual"

ANSWER_KEYS = {"person", "category", "source", "kind", "reason", "covered", "data_day", "complete", "superseded", "manual",
               "digest", "authorization", "facts"}


def malformed(text):
    return Refused("CASE_FILE", text)


class Answer:
    """What became of asking one source about one person in one category."""
    __slots__ = ("person", "category", "source", "kind", "reason", "start", "end", "data_day", "complete", "superseded",
                 "manual", "facts", "flaw", "usable")

    def item(self, detail=""):
        """B1: the answer as an item of blame."""
        kind = "SOURCE"
        if self.reason == "NO_AUTHORIZATION":
            kind = "AUTHORIZATION"
        elif self.kind == "AMBIGUOUS":
            kind = "IDENTITY"
        return (kind, self.person, self.source, self.category, self.kind, self.reason, detail, "")

    def is_looked_at(self):
        """S3: whether its facts are."""
        return self.kind == "FOUND" and not self.superseded

    def holds(self, first, last):
        """Whether `covered` holds the days from `first` to `last`; of no days if `first` is after `last`."""
        if first > last:
            return True
        if self.start is not None and self.end is not None and self.start >= self.end:
            return False
        return (self.start is None or self.start <= first) and (self.end is None or last < self.end)


class Statement:
    """A fact as it is told, by an answer or by the household (`answer` is None)."""
    __slots__ = ("kind", "person", "answer", "fields", "possible", "doubtful", "matching", "also", "held_with")

    def is_usable(self):
        """S2, S3"""
        if self.answer is None:
            return True
        return self.answer.is_looked_at() and any(answer.category in self.kind.categories for answer in self.tellers())

    def tellers(self):
        return [self.answer] + [answer for answer, _ in self.also]

    def amounts(self, own):
        """S9: the amounts that answers of the kind's categories give; `own` is the fact's."""
        found = []
        for answer in self.tellers():
            if answer.category in self.kind.categories:
                others = [amount for other, amount in self.also if other is answer and amount is not None]
                found += others or [own]
        return found


class CasePerson:
    __slots__ = ("id", "role", "relation", "number", "birth", "sex", "declared", "answers", "in_order")


class Case:
    """A household; `well_formed` is what X7 asks of its people."""
    __slots__ = ("division", "scope", "well_formed", "check_kind", "staff_relative", "programme", "application_day",
                 "acceptance_day", "request_day", "policy_day", "persons", "answers")


def mapping(value, keys, where):
    if not isinstance(value, dict) or not value.keys() <= keys:
        raise malformed(where)
    return value


def listed(value):
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def day(text, where):
    number = days.read_day(text) if isinstance(text, str) else None
    if number is None:
        raise malformed(where)
    return number


def code(text, codes, where):
    if text not in codes:
        raise malformed(where)
    return text


def flag(value, otherwise):
    if value is None:
        return otherwise
    if value not in ("true", "false"):
        raise malformed(f"{value} is neither true nor false")
    return value == "true"


def read_field(field, text):
    """A field's value as far as its type tells: whole fen, numbers, truths, days, months; codes, people and texts as such."""
    kind = field.type.kind
    if not isinstance(text, str):
        raise malformed(field.name)
    if kind == NUMBER and scale_power(field.type.unit) == 1 and field.type.unit[0]:
        if not AMOUNT.fullmatch(text):
            raise malformed(field.name)
        whole, _, decimals = text.partition(".")
        return int(whole + decimals.ljust(2, "0"))
    if field.type.unit == RATIO and CONSTANT.fullmatch(text):
        return constant(field, text)
    if kind == NUMBER:
        if not WHOLE.fullmatch(text):
            raise malformed(field.name)
        return int(text)
    if kind == BOOL:
        return flag(text, None)
    if kind == DATE:
        return day(text, field.name)
    if kind == MONTH:
        month = days.read_month(text)
        if month is None:
            raise malformed(field.name)
        return month
    assert kind in (CODE, PERSON, TEXT, DIVISION)
    return text


def constant(field, text):
    """S5: a ratio as policy files write constants (R6)."""
    try:
        return read_number(text, field.type)
    except Defect as defect:
        raise malformed(field.name) from defect


def read_fact(item, person, answer, kinds):
    if not isinstance(item, dict):
        raise malformed("a fact")
    fact = Statement()
    fact.kind = kinds.get(item.get("kind"))
    if fact.kind is None:
        raise malformed("UNKNOWN_KIND")
    fact.person, fact.answer = person, answer
    fact.possible = flag(item.get("possible"), False)
    fact.doubtful = frozenset(listed(item.get("doubtful")))
    fact.matching, fact.also, fact.held_with = item.get("matching") or {}, [], None
    fact.fields = {}
    for name, text in item.items():
        if name in fact.kind.fields:
            fact.fields[name] = read_field(fact.kind.fields[name], text)
        elif name not in ("kind", "possible", "doubtful", "matching"):
            raise malformed("UNKNOWN_FIELD")
    return fact


def read_person(item, kinds):
    mapping(item, PERSON_KEYS, "a person")
    person = CasePerson()
    person.id = item.get("id") or ""
    person.role = code(item.get("role", "member"), ROLE.bits, "role")
    person.relation = code(item.get("relation"), RELATION.bits, "relation")
    person.sex = code(item["sex"], SEX.bits, "sex") if "sex" in item else None
    person.number = item.get("number")
    person.birth = day(item["birth"], "birth") if "birth" in item else None
    person.declared = [read_fact(fact, person.id, None, kinds) for fact in listed(item.get("declared"))]
    person.answers, person.in_order = {}, []
    return person


def read_answer(item, person, category, kinds, categories):
    answer = Answer()
    if category not in categories or "source" not in item:
        raise malformed("UNKNOWN_CATEGORY")
    answer.person, answer.category, answer.source = person.id, category, item["source"]
    answer.kind = code(item.get("kind"), ANSWER_KINDS, "kind").upper()
    reason = item.get("reason", "none")
    answer.reason = "" if reason == "none" else reason.upper()
    covered = mapping(item.get("covered") or {}, {"from", "to"}, "covered")
    answer.start = day(covered["from"], "covered") if "from" in covered else None
    answer.end = day(covered["to"], "covered") if "to" in covered else None
    answer.data_day = day(item["data_day"], "data_day") if "data_day" in item else None
    answer.complete = flag(item.get("complete"), True)
    answer.superseded = flag(item.get("superseded"), False)
    answer.manual = flag(item.get("manual"), answer.source == MANUAL_SOURCE)
    answer.usable = answer.kind in ("FOUND", "CONFIRMED_NONE")
    answer.facts = [read_fact(fact, person.id, answer, kinds) for fact in listed(item.get("facts"))]
    answer.flaw = ""
    return answer


def read_answers(item, persons, kinds, categories):
    """One answer for each of an entry's persons and categories (S1)."""
    mapping(item, ANSWER_KEYS, "an answer")
    who = item.get("person")
    named = list(persons.values()) if who == "all" else [persons.get(name) for name in listed(who)]
    if None in named:
        raise malformed("UNKNOWN_PERSON")
    for person in named:
        for category in listed(item.get("category")):
            answer = read_answer(item, person, category, kinds, categories)
            person.answers.setdefault(category, []).append(answer)
            person.in_order.append(answer)
            yield answer


def read_matching(case):
    """What matching says of facts: other answers that tell them, with their amounts, and whose they are too. A case file has
    none of it; tests say it in `matching`."""
    answers, things = {}, {}
    for answer in case.answers:
        answers.setdefault((answer.person, answer.category, answer.source), answer)
    told = [fact for answer in case.answers for fact in answer.facts]
    for fact in told + [fact for person in case.persons for fact in person.declared]:
        for one in fact.matching.get("also", ()):
            if tuple(one["answer"]) in answers:
                amount = read_field(fact.kind.fields["amount"], one["amount"]) if "amount" in one else None
                fact.also.append((answers[tuple(one["answer"])], amount))
        fact.held_with = things.get(fact.matching.get("held_with"))
        if "thing" in fact.matching:
            things[fact.matching["thing"]] = fact
    for answer in case.answers:
        if answer.is_looked_at():
            for fact in answer.facts:
                judge_tellers(fact)


def judge_tellers(fact):
    """S4"""
    for answer in fact.tellers():
        if answer.is_looked_at() and answer.category not in fact.kind.categories:
            answer.flaw = "KIND_NOT_OF_CATEGORY"


def read_case(data, kinds, categories):
    """The case of a parsed file, with the kinds and categories of the policies' vocabulary."""
    mapping(data, CASE_KEYS, "a case")
    case = Case()
    case.division = data.get("division")
    if not isinstance(case.division, str) or not re.fullmatch("[0-9]{6}", case.division):
        raise malformed("division")
    case.scope = code(data["scope"], SCOPE.bits, "scope") if "scope" in data else None
    case.programme = data.get("programme")
    dates = mapping(data.get("dates"), {"application", "acceptance", "request", "policy"}, "dates")
    case.application_day = day(dates.get("application"), "application")
    case.acceptance_day = day(dates["acceptance"], "acceptance") if "acceptance" in dates else None
    case.request_day = day(dates["request"], "request") if "request" in dates else None
    case.check_kind = code(data["check_kind"], CHECK_KIND.bits, "check_kind") if "check_kind" in data else None
    case.staff_relative = flag(data.get("staff_relative"), None)
    case.policy_day = day(dates.get("policy"), "policy")
    case.persons = [read_person(item, kinds) for item in listed(data.get("persons"))]
    by_id = {person.id: person for person in case.persons}
    spouses = [person for person in case.persons if person.relation == "spouse"]
    case.well_formed = (0 < len(case.persons) <= MOST_PEOPLE and len(by_id) == len(case.persons) and len(spouses) <= 1)
    case.answers = [answer for item in listed(data.get("answers"))
                    for answer in read_answers(item, by_id, kinds, categories)]
    read_matching(case)
    return case
