"""The evaluator against the examples and boundaries of docs/evaluation.md. Run: python3 -m unittest, in this directory."""

import os
import unittest
from fractions import Fraction

from evaluator import Defects
from evaluator.compare import cases_of
from evaluator.expectations import unmet
from evaluator.kinds import RATIO
from evaluator.reading import read
from evaluator.small_packs import answer, case, computed, national, pack_of, person, quantity, row, rule, test
from evaluator.written import exact_key

ARITHMETIC = ("ARITHMETIC", "", "", "", "", "", "", "")
FEBRUARY = {"from": "2025-02-01", "to": "2025-03-04"}


def code_of(type_, expression, **sections):
    try:
        computed(type_, expression, sections=sections)
    except Defects as defects:
        return defects.codes[0][1]
    return ""


class Grammar(unittest.TestCase):
    def test_what_is_no_expression(self):
        for text in ("2x", "1 +", "--1", "!!true", "1 < 2 < 3", "1 ~ 2", "'a\\'", "in", "(1", "min(1,2) 3", "scope = 'urban'", "20%"):
            self.assertEqual(code_of("ratio", text), "EXPRESSION_SYNTAX", text)

    def test_limits(self):
        self.assertEqual(code_of("ratio", "(" * 47 + "1" + ")" * 47), "")
        self.assertEqual(code_of("ratio", "(" * 48 + "1" + ")" * 48), "EXPRESSION_LIMIT")
        self.assertEqual(code_of("ratio", "1" + " + 1" * 48), "")
        self.assertEqual(code_of("ratio", "1" + " + 1" * 49), "EXPRESSION_LIMIT")
        self.assertEqual(code_of("ratio", "1" * 19), "EXPRESSION_LIMIT")
        self.assertEqual(code_of("ratio", "1 " + " " * 4096), "EXPRESSION_LIMIT")

    def test_lists_inside_one_another(self):
        def nested(depth):
            text = "true"
            for at in range(depth):
                text = f"persons.exists(x{at}, {text})"
            return text
        self.assertEqual(code_of("bool", nested(8)), "")
        self.assertEqual(code_of("bool", nested(9)), "EXPRESSION_LIMIT")


class Types(unittest.TestCase):
    def test_units(self):
        for type_, text, code in (
                ("money", "yuan(1) + 0", ""), ("money", "yuan(1) + 1", "UNIT_MISMATCH"), ("count", "2 * persons.size()", ""),
                ("count", "persons.size() / 2", "UNIT_MISMATCH"), ("ratio", "persons.size() / persons.size()", ""),
                ("money", "yuan(1) + (1 - 1)", "UNIT_MISMATCH"), ("money", "yuan(1) + -0.0", ""),
                ("count", "true ? 1 : 0", "UNIT_MISMATCH"), ("ratio", "true ? 1 : 0", ""), ("ratio", "true + 1", "TYPE_MISMATCH"),
                ("money/month", "yuan(1) / months(1)", ""), ("money", "true ? 0 : yuan(1)", "")):
            self.assertEqual(code_of(type_, text), code, text)

    def test_days(self):
        for type_, text, code in (
                ("date", "policy_day + days(1)", ""), ("date", "days(1) + policy_day", "TYPE_MISMATCH"),
                ("date", "policy_day + 0", "TYPE_MISMATCH"), ("date", "policy_day + days(1/2)", "BAD_VALUE"),
                ("days", "policy_day - application_day", ""), ("date", "date('2025-02-30')", "BAD_DATE")):
            self.assertEqual(code_of(type_, text), code, text)

    def test_codes(self):
        for text, code in (("scope == 'urban'", ""), ("'urban' == scope", ""), ("scope == 'x'", "UNKNOWN_CODE"),
                           ("'urban' == 'urban'", "TYPE_MISMATCH"), ("scope in ['urban', 'rural']", ""),
                           ("scope in [scope]", "TYPE_MISMATCH"), ("scope == (true ? 'urban' : 'rural')", "")):
            self.assertEqual(code_of("bool", text), code, text)

    def test_names(self):
        for text, code in (("nothing", "UNKNOWN_NAME"), ("birth == policy_day", "TYPE_MISMATCH"), ("persons", "TYPE_MISMATCH"),
                           ("persons.exists(scope, true)", "UNKNOWN_NAME"), ("persons.exists(1, true)", "EXPRESSION_SYNTAX"),
                           ("persons.exists(y, y.scope == 'urban')", "UNKNOWN_NAME"), ("persons.some(y, true)", "UNKNOWN_FUNCTION"),
                           ("persons.exists(y, y.wage.size() > 0)", "TYPE_MISMATCH"), ("nothing(1)", "UNKNOWN_FUNCTION"),
                           ("persons.exists(y, y.wage)", "TYPE_MISMATCH")):
            self.assertEqual(code_of("bool", text), code, text)

    def test_cycle(self):
        self.assertEqual(code_of("ratio", "x"), "CYCLE")
        self.assertEqual(code_of("bool", "members.size() > 0", tests={"members_complete": test("x")}), "CYCLE")


class Operators(unittest.TestCase):
    def text(self, type_, expression, **names):
        return computed(type_, expression, **names)["text"]

    def test_unknown_times_nothing_is_nothing(self):
        told = {"parameters": {"u": {"label": "未知", "type": "ratio", "min": "0", "rows": []}}}
        self.assertEqual(computed("ratio", "u * 0", sections=told), computed("ratio", "0"))
        self.assertEqual(computed("ratio", "u + 1", sections=told)["text"], "[1, +∞)")
        self.assertEqual(computed("ratio", "2 / (u + 1)", sections=told)["text"], "[0, 2]")

    def test_division_by_nothing(self):
        found = computed("ratio", "1 / 0")
        self.assertEqual((found["text"], found["blame"]), ("(-∞, +∞) UNDEFINED", frozenset([ARITHMETIC])))
        self.assertEqual(self.text("bool", "1 / 0 < 1"), "UNDETERMINED")
        # V5: what is perhaps undefined is not exactly 0. There are no obligors, or some.
        for below, text in (("0 * persons.size()", "FALSE"), ("obligors.max(y, 0 * persons.size())", "UNDETERMINED")):
            self.assertEqual(self.text("bool", f"defined(1 / ({below}))"), text)

    def test_choice(self):
        told = "scope == 'urban' ? yuan(2) : yuan(%d)"
        found = computed("money", told % 2)
        self.assertEqual((found["text"], found["blame"]), ("2.00", frozenset()))
        found = computed("money", told % 3)
        self.assertEqual(found["text"], "[2.00, 3.00]")
        self.assertEqual(found["blame"], frozenset([("DECLARATION", "", "", "", "", "", "scope", "")]))

    def test_rounding(self):
        for how, number, wanted in (("half_up", "0.005", "0.01"), ("half_up", "-0.005", "-0.01"), ("ceiling", "0.001", "0.01"),
                                    ("floor", "-0.001", "-0.01")):
            self.assertEqual(self.text("money", f"round(yuan({number}), '{how}', 'fen')"), wanted)

    def test_exact_text(self):
        found = computed("money", "yuan(3365) / 3")
        self.assertEqual((found["text"], found["exact_text"], found["low"]), ("1121.67", "3365/3", "3365/3"))

    def test_overflow(self):
        big = " * ".join(["999999999999999999"] * 3)
        self.assertEqual(computed("ratio", big)["error"], "ARITHMETIC_OVERFLOW")
        # O14: what is not needed is not computed.
        self.assertEqual(self.text("bool", f"false && {big} > 0"), "FALSE")
        self.assertEqual(computed("bool", f"{big} > 0 && false")["error"], "ARITHMETIC_OVERFLOW")


class Written(unittest.TestCase):
    def test_a_number_that_is_a_key(self):
        """Y6"""
        told = {Fraction(2, 3): "2/3", Fraction(-1, 32): "-0.03125", Fraction(1, 2): "", Fraction(1, 2**10): "1/1024"}
        for number, text in told.items():
            self.assertEqual(exact_key((0, 0, number, number, 0), RATIO), text)


class Days(unittest.TestCase):
    def test_months(self):
        for type_, text, wanted in (
                ("period", "months_before(date('2025-03-31'), months(2))", "2025-01-01/2025-03-01"),
                ("date", "add_months(date('2025-01-31'), months(1))", "2025-02-28"),
                ("months", "months_between(date('2025-01-31'), date('2025-02-28'))", "1"),
                ("years", "age(date('2000-02-29'), date('2021-02-28'))", "20"), ("years", "age(date('2000-02-29'), date('2021-03-01'))", "21"),
                ("date", "month_end(date('2024-02-10'))", "2024-02-29"), ("count", "month_of(policy_day)", "3")):
            self.assertEqual(computed(type_, text)["text"], wanted, text)

    def test_period_of_no_months(self):
        found = computed("period", "months_before(policy_day, months(0))")
        self.assertEqual((found["text"], found["blame"]), ("../..", frozenset([ARITHMETIC])))

    def test_out_of_range(self):
        found = computed("date", "date('1800-01-01') - days(1)")
        self.assertEqual((found["text"], {item[0] for item in found["blame"]}), ("../1800-01-01", {"ARITHMETIC"}))
        self.assertEqual(computed("date", "add_months(date('9999-12-31'), months(6))")["text"], "9999-12-31/..")
        self.assertEqual(computed("date", "policy_day + days(1) / persons.size() / 2")["text"], "2025-03-03/2025-03-04")

    def test_birthday_is_the_next_change(self):
        pack = pack_of(national(quantities={"x": quantity("years", "age(p.birth, policy_day)", of="person")}))
        told = case(persons=[person("a", "applicant", birth="1979-05-12")])
        self.assertEqual(pack.assess(told)["next_change"], "2025-05-12")


class Lists(unittest.TestCase):
    """The examples at the end of the rules of facts."""

    def wage(self, otherwise, *answers):
        pack = pack_of(national(
            evidence={"wage": rule("employment", "tax", use="higher", otherwise=otherwise)},
            quantities={"x": quantity("money", "persons.sum(q, q.wage.during(months_before(policy_day, months(1))).sum(w, w.amount))")}))
        told = case(persons=[person("a", "applicant", declared=[{"kind": "wage", "month": "2025-02", "amount": "3200"}])],
                    answers=[answer("a", "employment", "found", covered=FEBRUARY,
                                    facts=[{"kind": "wage", "month": "2025-02", "amount": "3000"}]), *answers])
        return pack.assess(told)["entries"]["x", ""]

    def test_open_and_closed(self):
        silent = answer("a", "tax", "unavailable", reason="late")
        blame = frozenset([("SOURCE", "a", "office", "tax", "UNAVAILABLE", "LATE", "", "")])
        found = self.wage("unknown", silent)
        self.assertEqual((found["text"], found["blame"], found["marks"]), ("[3200.00, +∞)", blame, frozenset(["declared"])))
        found = self.wage("found", silent)
        self.assertEqual((found["text"], found["blame"], found["marks"]), ("3200.00", blame, frozenset(["declared", "unproven"])))
        found = self.wage("unknown", answer("a", "tax", "confirmed_none", covered=FEBRUARY))
        self.assertEqual((found["text"], found["blame"]), ("3200.00", frozenset()))

    def test_nobody_asked(self):
        found = self.wage("unknown")
        self.assertEqual(found["blame"], frozenset([("SOURCE", "a", "", "tax", "NOT_ASKED", "NOT_ROUTABLE", "", "")]))

    def test_unlisted_code_equals_none(self):
        pack = pack_of(national(evidence={"deposit": rule("deposit", use="found")},
                                tests={"x": test("persons.all(q, q.deposit.all(d, d.class in ['car', 'van', 'bike']))")}))
        told = case(answers=[answer("a", "deposit", "found", facts=[{"kind": "deposit", "class": "plane"}])])
        self.assertEqual(pack.assess(told)["entries"]["x", ""]["text"], "UNDETERMINED")

    def test_missing_obligor(self):
        found = computed("count", "obligors.size()")
        self.assertEqual((found["text"], found["blame"]),
                         ("[0, +∞)", frozenset([("POLICY_ROW", "", "", "", "", "", "", "obligors_complete")])))
        self.assertEqual(computed("count", "members.size()")["text"], "1")


class Rows(unittest.TestCase):
    def test_keys(self):
        standard = {"label": "标准", "type": "money/month", "keys": ["scope"], "min": "0", "rows": [
            row("800", key={"scope": "urban"}), row("600", key={"scope": "rural"}, trust="assumed")]}
        found = computed("money/month", "standard", sections={"parameters": {"standard": standard}})
        self.assertEqual((found["text"], found["marks"]), ("[600.00, 800.00]", frozenset(["assumed"])))
        del standard["rows"][1]
        found = computed("money/month", "standard", sections={"parameters": {"standard": standard}})
        self.assertEqual(found["text"], "[0.00, +∞)")
        self.assertIn(("POLICY_ROW", "", "", "", "", "", "", "standard[scope=urban|rural]"), found["blame"])

    def test_ranges(self):
        def share(low, high):
            table = {"label": "比例", "type": "ratio", "keys": ["age_now"], "rows": [
                row("1", key={"age_now": {"from": "18", "to": "51"}}), row("1/2", key={"age_now": {"from": "51", "to": "61"}})]}
            found = computed("ratio", "share", sections={
                "parameters": {"share": table},
                "quantities": {"age_now": quantity("years", f"scope == 'urban' ? years({low}) : years({high})")}})
            return found["text"], {item[7] for item in found["blame"]}
        self.assertEqual(share(40, 60), ("[0.5000, 1]", {""}))
        self.assertEqual(share(40, 61), ("(-∞, +∞)", {"", "share[age_now=[40, 61]]"}))
        self.assertEqual(share(17, 17), ("(-∞, +∞)", {"share[age_now=17]"}))

    def test_refusals(self):
        pack = pack_of(national(quantities={"x": quantity("ratio", "1")}))
        self.assertEqual(pack.assess(case(programme="dibao"))["error"], "NO_POLICY_SET")
        two = [person("a", "spouse"), person("b", "spouse")]
        self.assertEqual(pack.assess(case(persons=two))["error"], "CASE")
        self.assertEqual(pack.assess(case(persons=two, programme="dibao"))["error"], "NO_POLICY_SET")


class CaseFiles(unittest.TestCase):
    def test_expectations(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
        for name, text, result, _, _ in cases_of(root):
            self.assertEqual(unmet(read(text).get("expect") or (), result), [], name)


if __name__ == "__main__":
    unittest.main()
