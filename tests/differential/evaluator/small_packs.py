"""Packs and cases of a few lines, for tests: everything that is not told has a usual value."""

import json
import os
import tempfile

from . import load

DOCUMENTS = {"EX": {"title": "示例"}}
WAGE = {"label": "工资", "by": "month", "categories": ["employment", "tax"],
        "fields": {"month": {"label": "月份", "type": "month"}, "amount": {"label": "金额", "type": "money", "min": "0"},
                   "net": {"label": "净", "type": "bool", "default": "false"}}}
DEPOSIT = {"label": "存款", "by": "state", "categories": ["deposit"],
           "fields": {"amount": {"label": "金额", "type": "money", "min": "0"}, "owner": {"label": "人", "type": "person"},
                      "class": {"label": "类", "type": "code(class)"}, "since": {"label": "日", "type": "date"}}}


def row(value, **more):
    return {"from": "2020-01-01", "value": value, "clause": "EX 一", "trust": "verified"} | more


def quantity(type_, value, **more):
    return {"label": "数", "type": type_, "rows": [row(value)]} | more


def test(value, **more):
    return {"label": "是否", "rows": [row(value)]} | more


def rule(*needs, **more):
    return {"rows": [{"from": "2020-01-01", "complete_by": list(needs), "clause": "EX 一", "trust": "verified"} | more]}


def national(**sections):
    return {"division": "000000", "documents": DOCUMENTS,
            "codes": {"class": {"label": "类", "values": {"car": "车", "van": "货车", "bike": "摩托"}}},
            "categories": {name: name for name in ("employment", "tax", "deposit", "hukou")},
            "facts": {"wage": WAGE, "deposit": DEPOSIT}} | sections


def pack_of(*files):
    """The pack of these mappings, each the one file of its division."""
    with tempfile.TemporaryDirectory() as directory:
        for data in files:
            folder = "national" if data["division"] == "000000" else data["division"]
            os.mkdir(os.path.join(directory, folder))
            with open(os.path.join(directory, folder, "a.yaml"), "w", encoding="utf-8") as opened:
                json.dump(data, opened)
        return load([directory])


def case(**more):
    return json.dumps({"division": "640104", "dates": {"application": "2025-03-03", "policy": "2025-03-03"},
                       "persons": [person("a", "applicant")]} | more)


def person(name, relation, **more):
    return {"id": name, "relation": relation} | more


def answer(name, category, kind, **more):
    return {"person": name, "category": category, "source": "office", "kind": kind} | more


def computed(type_, expression, told=None, sections=None, **names):
    """The entry of one expression as the household's quantity (or test) in a pack of its own."""
    own = {"tests" if type_ == "bool" else "quantities": {"x": test(expression) if type_ == "bool" else quantity(type_, expression)}}
    for section, items in (sections or {}).items():
        own[section] = {**own.get(section, {}), **items}
    result = pack_of(national(**own)).assess(told or case(**names))
    return result["entries"]["x", ""] if "entries" in result else result
