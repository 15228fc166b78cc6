"""Folds, evidence, presumptions and months one by one, against the examples of docs/evaluation.md."""

import unittest

from evaluator import Defects
from evaluator.small_packs import (DEPOSIT, WAGE, answer, case, computed, national, pack_of, person, quantity, row, rule, test)

TWO_MONTHS = {"from": "2025-01-01", "to": "2025-03-04"}
TAX = ("SOURCE", "a", "office", "tax", "UNAVAILABLE", "", "", "")
WAGES = "p.wage.during(months_before(policy_day, months(2)))"


def fact(month, amount):
    return {"kind": "wage", "month": month, "amount": str(amount)}


def of_wages(type_, text, *wages, tax="confirmed_none", evidence=None, **quantities):
    """The entry of an expression of the applicant's wages, with the tax office answering or not."""
    pack = pack_of(national(
        evidence={"wage": evidence or rule("employment", "tax")},
        quantities={"x": quantity(type_, text, of="person")} | quantities,
        tests={"old": test("p.birth < date('1960-01-01')", of="person")}))
    told = case(persons=[person("a", "applicant", birth="1950-01-01")],
                answers=[answer("a", "employment", "found", covered=TWO_MONTHS, facts=list(wages)),
                         answer("a", "tax", tax, covered=TWO_MONTHS)])
    result = pack.assess(told)
    return result["entries"]["x", "a"] if "entries" in result else result


class Extremes(unittest.TestCase):
    WAGES = (fact("2025-01", 1000), fact("2025-02", 3000))

    def test_complete_and_open(self):
        for name, complete, opened in (("min", "1000.00", "[0.00, 1000.00]"), ("max", "3000.00", "[3000.00, +∞)"),
                                       ("mean", "2000.00", "[0.00, +∞)")):
            text = f"{WAGES}.{name}(w, w.amount)"
            found = of_wages("money", text, *self.WAGES)
            self.assertEqual((found["text"], found["blame"]), (complete, frozenset()))
            found = of_wages("money", text, *self.WAGES, tax="unavailable")
            self.assertEqual((found["text"], found["blame"]), (opened, frozenset([TAX])))

    def test_nothing(self):
        self.assertEqual(of_wages("money", f"{WAGES}.max(w, w.amount, 0)")["text"], "0.00")
        found = of_wages("money", f"{WAGES}.max(w, w.amount)")
        self.assertEqual((found["text"], found["undefined"]), ("(-∞, +∞) UNDEFINED", True))
        for tax, text in (("confirmed_none", "FALSE"), ("unavailable", "UNDETERMINED")):
            found = of_wages("money", f"defined({WAGES}.max(w, w.amount)) ? 0 : yuan(1)", tax=tax)
            self.assertEqual(found["text"], "1.00" if text == "FALSE" else "[0.00, 1.00]")

    def test_what_is_perhaps_not_there_has_perhaps_a_value(self):
        """L3: the hull of no value and 0 is only perhaps without a value."""
        for possible, wanted in (("true", "UNDETERMINED"), ("false", "FALSE")):
            pack = pack_of(national(evidence={"deposit": rule("deposit", use="found")},
                                    tests={"x": test("defined(p.deposit.sum(d, d.amount / 0))", of="person")}))
            told = case(answers=[answer("a", "deposit", "found",
                                        facts=[{"kind": "deposit", "amount": "1", "possible": possible}])])
            self.assertEqual(pack.assess(told)["entries"]["x", "a"]["text"], wanted)

    def test_zero_that_is_perhaps_none_leaves_open_whether_there_is_a_quotient(self):
        """O5, V5: what is undefined is not exactly 0."""
        pack = pack_of(national(quantities={"years": quantity("years", "age(policy_day, obligors.min(v, policy_day))")},
                                tests={"x": test("defined(years(1) / years)")}))
        self.assertEqual(pack.assess(case())["entries"]["x", ""]["text"], "UNDETERMINED")

    def test_distinct(self):
        self.assertEqual(of_wages("count", f"{WAGES}.distinct(w, w.amount)", *self.WAGES, fact("2025-02", 1000))["text"], "2")
        found = of_wages("count", f"{WAGES}.distinct(w, w.month)", *self.WAGES, tax="unavailable")
        self.assertEqual((found["text"], found["blame"]), ("[2, +∞)", frozenset([TAX])))

    def test_types(self):
        for text, code in ((f"{WAGES}.mean(w, w.month)", "TYPE_MISMATCH"), (f"{WAGES}.min(w, w.amount, 1)", "UNIT_MISMATCH"),
                           (f"{WAGES}.min(w)", "TYPE_MISMATCH"), (f"{WAGES}.distinct(w, w)", "TYPE_MISMATCH")):
            with self.assertRaises(Defects) as raised:
                of_wages("money", text)
            self.assertEqual(raised.exception.codes[0][1], code, text)


class Evidence(unittest.TestCase):
    def test_presumed(self):
        presumed = rule("employment", "tax", otherwise="presumed", presume="usual")
        found = of_wages("money", f"{WAGES}.sum(w, w.amount)", fact("2025-01", 1000), tax="unavailable", evidence=presumed,
                         usual=quantity("money/month", "yuan(2050) / months(1)", of="person"))
        self.assertEqual((found["text"], found["blame"], found["marks"]),
                         ("4100.00", frozenset([TAX]), frozenset(["presumed", "unproven"])))

    def test_stated_until_there_is_proof(self):
        """L20: what only the statement says is unproven; what a register says too stays proven."""
        def exists(found, stated):
            pack = pack_of(national(evidence={"deposit": rule("deposit", "hukou", use="found", otherwise="declared")},
                                    tests={"x": test("p.deposit.exists(d, d.class == 'car')", of="person")}))
            told = case(persons=[person("a", "applicant", declared=[{"kind": "deposit", "class": stated}])],
                        answers=[answer("a", "deposit", "found", facts=[{"kind": "deposit", "class": found}])])
            entry = pack.assess(told)["entries"]["x", "a"]
            return entry["text"], "unproven" in entry["marks"]
        self.assertEqual(exists("car", "van"), ("TRUE", False))
        self.assertEqual(exists("van", "car"), ("TRUE", True))
        self.assertEqual(exists("van", "van"), ("FALSE", True))

    def test_nobody_asks_for_obligors(self):
        """X1: a missing obligor's birth is looked at only where a list of obligors is named."""
        for text, change in (("age(p.birth, min(application_day, p.birth)) >= years(0)", "2026-03-01"),
                             ("age(p.birth, min(application_day, p.birth)) >= years(0) && obligors.size() >= 0", "2025-03-11")):
            pack = pack_of(national(tests={"x": test(text, of="person")}))
            told = case(dates={"application": "2025-03-10", "policy": "2025-03-10"},
                        persons=[person("a", "applicant", birth="2008-02-29")])
            self.assertEqual(pack.assess(told)["next_change"], change, text)

    def test_one_of_several_needs(self):
        either = rule({"any": ["tax", "employment"]})
        found = of_wages("money", f"{WAGES}.sum(w, w.amount)", fact("2025-01", 1000), tax="unavailable", evidence=either)
        self.assertEqual(found["text"], "1000.00")

    def test_rule_for_whom(self):
        rules = {"rows": rule("employment", when="old")["rows"] + rule("tax")["rows"]}
        found = of_wages("money", f"{WAGES}.sum(w, w.amount)", fact("2025-01", 1000), tax="unavailable", evidence=rules)
        self.assertEqual((found["text"], found["blame"], found["marks"]),
                         ("1000.00", frozenset([TAX]), frozenset(["unproven"])))

    def test_variant(self):
        rules = {"rows": rule("employment", variant="short")["rows"] + rule("tax")["rows"]}
        text = WAGES + "%s.sum(w, w.amount)"
        found = of_wages("money", text % ".by('short')", fact("2025-01", 1000), tax="unavailable", evidence=rules)
        self.assertEqual(found["text"], "1000.00")
        found = of_wages("money", text % "", fact("2025-01", 1000), tax="unavailable", evidence=rules)
        self.assertEqual(found["text"], "[1000.00, +∞)")

    def test_closed(self):
        for tax, text, marks in (("confirmed_none", "1.00", frozenset()), ("unavailable", "0.00", frozenset(["preliminary"]))):
            found = of_wages("money", f"closed({WAGES}) ? yuan(1) : 0", tax=tax)
            self.assertEqual((found["text"], found["marks"]), (text, marks))

    def test_surely(self):
        found = of_wages("money", f"surely({WAGES}.size() > 0) ? yuan(1) : 0", tax="unavailable")
        self.assertEqual((found["text"], found["blame"], found["marks"]),
                         ("0.00", frozenset([TAX]), frozenset(["preliminary"])))
        found = of_wages("money", f"possibly({WAGES}.size() > 0) ? yuan(1) : 0", tax="unavailable")
        self.assertEqual(found["text"], "1.00")

    def test_month_that_is_not_over(self):
        now = "p.wage.during(months_through(policy_day, months(1))).sum(w, w.amount)"
        self.assertEqual(of_wages("money", now, fact("2025-03", 5))["text"], "[5.00, +∞)")
        asked = rule("employment", "tax", asked="to_data_day")
        self.assertEqual(of_wages("money", now, fact("2025-03", 5), evidence=asked)["text"], "5.00")


class Outstanding(unittest.TestCase):
    """P11"""
    TEXT = f"{WAGES}.sum(w, w.amount)"

    def of(self, evidence, text=TEXT, **more):
        return of_wages("money", text, fact("2025-01", 1000), evidence=evidence, **more)

    def by(self, *more, evidence=None):
        """Where employment tells of none, under a rule that waits for that alone if no other is given."""
        pack = pack_of(national(evidence={"wage": evidence or rule("employment")},
                                quantities={"x": quantity("money", self.TEXT, of="person")}))
        told = case(answers=[answer("a", "employment", "confirmed_none", covered=TWO_MONTHS), *more])
        return pack.assess(told)["entries"]["x", "a"]

    def test_what_no_need_speaks_of(self):
        for tax, wanted in (("confirmed_none", False), ("not_covered", False), ("unavailable", True), ("pending", True),
                            ("not_asked", True)):
            for use in ("found", "higher"):
                found = self.of(rule("employment", use=use), tax=tax)
                self.assertEqual((found["text"], "unproven" in found["marks"], len(found["blame"])),
                                 ("1000.00", wanted, int(wanted)), tax)
        self.assertEqual(self.of(rule("declaration", use="declared"), tax="pending")["blame"], frozenset())

    def test_what_a_need_speaks_of(self):
        """It may be met without it (P9), or wait for another source."""
        for need in ({"any": ["employment", "tax"]}, {"any": ["employment", "tax@office"]}, {"any": ["employment", "tax@bureau"]}, "employment@office"):
            for tax in ("unavailable", "confirmed_none"):
                self.assertEqual("unproven" in self.of(rule(need), tax=tax)["marks"], tax == "unavailable", need)

    def test_what_people_found(self):
        """It meets a need (P7), and what registers still have to say is outstanding all the same."""
        people = answer("a", "tax", "confirmed_none", source="manual", covered=TWO_MONTHS)
        for tax, marks in (("unavailable", {"unproven"}), ("not_covered", set()), ("confirmed_none", set())):
            found = self.by(answer("a", "tax", tax, covered=TWO_MONTHS), people, evidence=rule("employment", "tax", manual="suffices"))
            self.assertEqual((found["text"], found["marks"]), ("0.00", marks), tax)

    def test_what_people_will_find(self):
        for kind, marks in (("pending", {"unproven"}), ("found", set()), ("not_covered", set())):
            found = self.by(answer("a", "tax", kind, source="manual", complete="false"))
            self.assertEqual((found["text"], found["marks"]), ("0.00", marks), kind)

    def test_what_nobody_asks(self):
        """Of another category no wage comes."""
        for category, more in (("tax", {"superseded": "true"}), ("hukou", {})):
            self.assertEqual(self.by(answer("a", category, "unavailable", **more))["marks"], frozenset(), category)
        self.assertEqual(self.by()["marks"], frozenset())
        for reason, marks in (("not_routable", []), ("minimised", []), ("no_authorization", ["unproven"]), ("deceased", ["unproven"])):
            self.assertEqual(self.by(answer("a", "tax", "not_asked", reason=reason))["marks"], frozenset(marks), reason)

    def test_beside_what_is_lacking(self):
        found = self.of(rule("deposit"), tax="unavailable")
        self.assertEqual((found["text"], {item[3] for item in found["blame"]}, found["marks"]),
                         ("[1000.00, +∞)", {"deposit", "tax"}, frozenset()))

    def test_closed(self):
        found = self.of(rule("employment"), f"closed({WAGES}) ? yuan(1) : 0", tax="unavailable")
        self.assertEqual((found["text"], found["blame"], found["marks"]), ("1.00", frozenset([TAX]), frozenset(["unproven"])))

    def test_of_another_period(self):
        found = self.by(answer("a", "tax", "confirmed_none", covered={"from": "2025-02-01"}))
        self.assertEqual((found["text"], {item[6] for item in found["blame"]}, found["marks"]),
                         ("0.00", {"PERIOD"}, frozenset(["unproven"])))


class Months(unittest.TestCase):
    def test_each_month(self):
        text = ("each_month(months_before(policy_day, months(3))).sum(m, "
                "max(p.wage.during(m).sum(w, w.amount) - yuan(200), 0))")
        wages = (fact("2025-01", 100), fact("2025-02", 300))
        # Nobody tells of December, for which any wage is possible.
        found = of_wages("money", text, *wages)
        self.assertEqual(found["text"], "[100.00, +∞)")
        self.assertEqual(of_wages("money", text.replace("(3)", "(2)"), *wages)["text"], "100.00")

    def test_not_known_how_many(self):
        found = of_wages("count", "each_month(months_before(policy_day, months(0))).size()")
        self.assertEqual((found["text"], len(found["blame"])), ("[0, +∞)", 1))

    def test_spread(self):
        kind = DEPOSIT | {"by": "year", "fields": {"year": {"label": "年", "type": "count"}, "amount": WAGE["fields"]["amount"]}}
        pack = pack_of(national(
            facts={"deposit": kind}, evidence={"deposit": rule("deposit")},
            quantities={"x": quantity("money", "p.deposit.during(months_before(policy_day, months(4)))"
                                               ".sum(d, d.amount * d.within / d.span)", of="person")}))
        told = case(answers=[answer("a", "deposit", "found", facts=[{"kind": "deposit", "year": "2024", "amount": "1200"},
                                                                    {"kind": "deposit", "year": "2023", "amount": "7"}])])
        self.assertEqual(pack.assess(told)["entries"]["x", "a"]["text"], "200.00")


class Tables(unittest.TestCase):
    CAP = {"label": "限额", "type": "money", "keys": ["scope", {"name": "class", "type": "code(class)"}], "rows": [
        row("10", key={"class": ["car", "van"]}), row("20", key={"class": "bike", "scope": "urban"})]}

    def value(self, type_, text, **more):
        return computed(type_, text, sections={"parameters": {"cap": self.CAP}}, **more)

    def test_call(self):
        self.assertEqual(self.value("money", "cap('car')")["text"], "10.00")
        self.assertEqual(self.value("money", "cap('bike')", scope="urban")["text"], "20.00")
        found = self.value("money", "cap('bike')")
        self.assertEqual({item[7] for item in found["blame"]}, {"", "cap[scope=urban|rural,class=bike]"})

    def test_whose_key_is_looked_up(self):
        """The person's before the dot, whoever a list in an argument goes through."""
        table = {"label": "表", "type": "money", "keys": ["role", {"name": "n", "type": "ratio"}], "rows": [
            row("1", key={"role": "member"}), row("2", key={"role": "obligor"})]}
        pack = pack_of(national(parameters={"t": table},
                                quantities={"x": quantity("money", "p.t(persons.filter(y, true).sum(y, 1))", of="person")}))
        told = case(persons=[person("a", "applicant"), person("b", "child", role="obligor")])
        entries = pack.assess(told)["entries"]
        self.assertEqual([entries["x", name]["text"] for name in "ab"], ["1.00", "2.00"])

    def test_about(self):
        self.assertEqual(self.value("count", "size(cap)", scope="urban")["text"], "2")
        self.assertEqual(self.value("money", "highest(cap)", scope="rural")["text"], "10.00")
        self.assertEqual(self.value("count", "size(cap)")["text"], "[0, +∞)")

    def test_order(self):
        def rising(*values):
            tiers = {"label": "档", "type": "money", "keys": [{"name": "tier", "type": "count"}],
                     "rows": [row(value, key={"tier": str(at)}) for at, value in enumerate(values)]}
            return computed("bool", "rising(tiers)", sections={"parameters": {"tiers": tiers}})["text"]
        self.assertEqual(rising("1", "2", "3"), "TRUE")
        self.assertEqual(rising("1", "2", "2"), "FALSE")


class Calendar(unittest.TestCase):
    ROWS = {"rows": [{"from": "2025-01-01", "to": "2026-01-01", "off": ["2025-04-04"], "clause": "EX 一", "trust": "verified"}]}

    def value(self, type_, text):
        return computed(type_, text, sections={"calendar": self.ROWS})

    def test_working_days(self):
        self.assertEqual(self.value("date", "working_days_after(date('2025-03-03'), days(30))")["text"], "2025-04-15")
        found = self.value("date", "working_days_after(date('2025-12-20'), days(10))")
        self.assertEqual((found["text"], {item[7] for item in found["blame"]}), ("2026-01-02/..", {"calendar"}))
        self.assertEqual(self.value("days", "working_days_between(date('2025-12-20'), date('2026-01-09'))")["text"], "[8, 17]")
        self.assertEqual(self.value("days", "working_days_between(date('2025-04-03'), date('2025-04-07'))")["text"], "1")


class Divisions(unittest.TestCase):
    def test_places(self):
        for text, wanted in (("within(division, '640000')", "TRUE"), ("within(division, '640105')", "FALSE"),
                             ("same_division(division, division, 'city')", "TRUE"),
                             ("in_period(policy_day, months_before(policy_day, months(1)))", "FALSE"),
                             ("in_period(policy_day, months_through(policy_day, months(1)))", "TRUE")):
            self.assertEqual(computed("bool", text)["text"], wanted, text)


class Sets(unittest.TestCase):
    def test_union_and_difference(self):
        parameters = {"some": {"label": "集", "type": "codes(class)", "rows": [row(["car"])]},
                      "one": {"label": "一", "type": "code(class)", "rows": [row("van")]}}
        for text, wanted in (("one in some + ['van']", "TRUE"), ("one in ['van', 'car'] - some", "TRUE"),
                             ("one in (true ? some : ['van'])", "FALSE"), ("one in some", "FALSE")):
            found = computed("bool", text, sections={"parameters": parameters})
            self.assertEqual(found["text"], wanted, text)


if __name__ == "__main__":
    unittest.main()
