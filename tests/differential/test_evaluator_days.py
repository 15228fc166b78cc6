"""What is dated by the day, what is stated of a period, keys that are days or months, and ratios of facts."""

import unittest

from evaluator import Defects
from evaluator.small_packs import DEPOSIT, WAGE, answer, case, computed, national, pack_of, person, quantity, row, rule

AMOUNT = WAGE["fields"]["amount"]
BILL = DEPOSIT | {"by": "day", "fields": {"day": {"label": "日", "type": "date"}, "amount": AMOUNT}}
YEARLY = DEPOSIT | {"by": "year", "fields": {"year": {"label": "年", "type": "count"}, "amount": AMOUNT}}
LAST_TEN_DAYS = "p.deposit.during(period(policy_day - days(10), policy_day))"
SILENT = frozenset([("DECLARATION", "a", "", "", "", "", "deposit", "")])


def bill(day, amount):
    return {"kind": "deposit", "amount": str(amount)} | ({"day": day} if day else {})


def of_kind(kind, type_, text, facts=(), declared=(), covered=None, needs=("deposit",), **more):
    """The entry of an expression of the applicant's facts of the kind `deposit`."""
    pack = pack_of(national(facts={"deposit": kind, "wage": WAGE}, evidence={"deposit": rule(*needs)},
                            quantities={"x": quantity(type_, text, of="person")}))
    told = case(persons=[person("a", "applicant", declared=list(declared))],
                answers=[answer("a", "deposit", "found", facts=list(facts), covered=covered or {}, **more)])
    result = pack.assess(told)
    return result["entries"]["x", "a"] if "entries" in result else result


class ByDay(unittest.TestCase):
    SUM = f"{LAST_TEN_DAYS}.sum(d, d.amount)"

    def test_days_of_the_period(self):
        """2025-02-21 is the first, 2025-03-02 the last."""
        bills = [bill(day, amount) for day, amount in (("2025-02-20", 1), ("2025-02-21", 2), ("2025-03-02", 4), ("2025-03-03", 8))]
        self.assertEqual(of_kind(BILL, "money", self.SUM, bills)["text"], "6.00")
        month = "p.deposit.during(month_containing(policy_day)).sum(d, d.amount)"
        self.assertEqual(of_kind(BILL, "money", month, bills)["text"], "12.00")

    def test_day_not_known(self):
        found = of_kind(BILL, "money", self.SUM, [bill("", 2)])
        self.assertEqual((found["text"], found["blame"]),
                         ("[0.00, 2.00]", frozenset([("SOURCE", "a", "office", "deposit", "FOUND", "", "FIELD", "")])))

    def test_what_must_be_told(self):
        for more, detail in (({"covered": {"from": "2025-02-21", "to": "2025-03-03"}}, None),
                             ({"covered": {"from": "2025-02-22", "to": "2025-03-03"}}, "PERIOD"),
                             ({"covered": {"from": "2025-02-21", "to": "2025-03-02"}}, "PERIOD"),
                             ({"data_day": "2025-03-02"}, None), ({"data_day": "2025-03-01"}, "PERIOD")):
            found = of_kind(BILL, "money", self.SUM, [bill("2025-02-21", 2)], **more)
            self.assertEqual({item[6] for item in found["blame"]}, {detail} - {None}, more)

    def test_types(self):
        for text, code in (("p.deposit.sum(d, d.amount)", "TYPE_MISMATCH"), (f"{LAST_TEN_DAYS}.sum(d, d.span)", "UNKNOWN_NAME"),
                           (f"{LAST_TEN_DAYS}.months() / months(1) * yuan(1)", "TYPE_MISMATCH")):
            with self.assertRaises(Defects) as raised:
                of_kind(BILL, "money", text)
            self.assertEqual(raised.exception.codes[0][1], code, text)

    def test_presumes_nothing(self):
        """P10"""
        with self.assertRaises(Defects) as raised:
            pack_of(national(facts={"deposit": BILL}, quantities={"q": quantity("money", "yuan(1)", of="person")},
                             evidence={"deposit": rule("deposit", otherwise="presumed", presume="q")}))
        self.assertEqual(raised.exception.codes[0][1], "TYPE_MISMATCH")


class Stated(unittest.TestCase):
    """P5"""

    def found(self, kind, during, *declared):
        return of_kind(kind, "money", f"p.deposit{during}.sum(d, d.amount)", declared=declared, needs=("statement",))

    def blame(self, kind, during, *declared):
        return self.found(kind, during, *declared)["blame"]

    def test_by_state(self):
        self.assertEqual(self.blame(DEPOSIT, ""), SILENT)
        self.assertEqual(self.blame(DEPOSIT, "", bill("", 1)), frozenset())

    def test_of_the_period(self):
        monthly = WAGE | {"categories": ["deposit"]}
        year = ".during(months_before(policy_day, months(14)))"
        for kind, field, inside, outside in ((monthly, "month", "2025-02", "2023-12"), (YEARLY, "year", "2024", "2023"),
                                             (BILL, "day", "2025-02-28", "2025-03-01")):
            self.assertEqual(self.blame(kind, year), SILENT)
            for at, blame in ((inside, frozenset()), (outside, SILENT)):
                found = self.blame(kind, year, {"kind": "deposit", "amount": "1", field: at})
                self.assertEqual(found, blame, (field, at))
            # Of which time it is, is not said: where it is of another, what is stated of the period is still to come.
            unstated = frozenset([("DECLARATION", "a", "", "", "", "", f"deposit.{field}", "")])
            timeless = {"kind": "deposit", "amount": "1"}
            for others, text in (([], "[0.00, +∞)"), ([outside], "[0.00, +∞)"), ([inside], "[1.00, 2.00]")):
                found = self.found(kind, year, timeless, *({**timeless, field: other} for other in others))
                self.assertEqual((found["text"], found["blame"]), (text, unstated), (field, others))

    def test_perhaps(self):
        """L12: what is perhaps not there is no statement."""
        perhaps = bill("", 1) | {"possible": "true"}
        for declared, text in ([perhaps], "[0.00, +∞)"), ([perhaps, bill("", 1)], "[1.00, 2.00]"):
            found = self.found(DEPOSIT, "", *declared)
            self.assertEqual((found["text"], found["blame"]), (text, SILENT), declared)

    def test_nothing_is_asked(self):
        no_day = ".during(period(policy_day, policy_day))"
        no_month = ".during(period(policy_day, policy_day + days(3)))"
        for kind, during, blame in ((BILL, no_day, frozenset()), (BILL, no_month, SILENT), (YEARLY, no_month, frozenset()),
                                    (WAGE | {"categories": ["deposit"]}, no_month, frozenset())):
            self.assertEqual(self.blame(kind, during), blame, (kind["by"], during))


class Keys(unittest.TestCase):
    """T20, T23, R2 to R4, F14, N3"""

    PER = {"label": "标准", "type": "money", "min": "0"}

    def table(self, type_, *keys):
        """A table whose one key takes these ranges, worth 1, 2, … yuan."""
        return self.PER | {"keys": [{"name": "at", "type": type_}],
                           "rows": [row(str(at + 1), key={"at": key}) for at, key in enumerate(keys)]}

    def value(self, type_, text, table, **more):
        return computed(type_, text, sections={"parameters": {"t": table}}, **more)

    def test_days(self):
        table = self.table("date", {"to": "2025-03-03"}, "2025-03-03", {"over": "2025-03-03", "upto": "2025-03-05"}, {"from": "2025-03-07"})
        for day, text in (("2025-03-02", "1.00"), ("2025-03-03", "2.00"), ("2025-03-05", "3.00"), ("2025-03-06", "[0.00, +∞)")):
            found = self.value("money", f"t(date('{day}'))", table)
            self.assertEqual(found["text"], text)
            self.assertEqual({item[7] for item in found["blame"]}, {f"t[at={day}]"} if text.startswith("[") else set())
        self.assertEqual(self.value("count", "size(t)", table)["text"], "4")

    def test_months(self):
        """Between two months that follow one another there is none."""
        table = self.table("month", {"upto": "2025-01"}, {"from": "2025-02"})
        text = "each_month(months_before(policy_day, months(3))).sum(m, t(m))"
        self.assertEqual(self.value("money", text, table)["text"], "4.00")
        found = self.value("money", "t(month_containing(acceptance_day))", table)
        self.assertEqual(found["text"], "[1.00, 2.00]")
        del table["rows"][1]
        found = self.value("money", "t(month_containing(policy_day))", table)
        self.assertEqual({item[7] for item in found["blame"]}, {"t[at=2025-03]"})
        self.assertEqual({item[7] for item in self.value("money", "t(month_containing(acceptance_day))", table)["blame"]},
                         {"", "t[at=../..]"})

    def test_looked_up(self):
        standard = self.PER | {"keys": ["birth"], "rows": [row("1", key={"birth": {"to": "1979-05-12"}}),
                                                           row("2", key={"birth": {"from": "1979-05-12"}})]}
        pack = pack_of(national(parameters={"t": standard}, quantities={"x": quantity("money", "p.t", of="person")}))
        told = case(persons=[person("a", "applicant", birth="1979-05-12"), person("b", "child")])
        entries = pack.assess(told)["entries"]
        self.assertEqual([entries["x", name]["text"] for name in "ab"], ["2.00", "[1.00, 2.00]"])

    def test_moves_with_the_policy_day(self):
        for text, change in (("t(policy_day)", "2025-03-04"), ("t(date('2025-03-02'))", None)):
            pack = pack_of(national(parameters={"t": self.table("date", {"to": "2025-03-04"})}, quantities={"x": quantity("money", text)}))
            self.assertEqual(pack.assess(case())["next_change"], change)

    def test_refused(self):
        for type_, keys, code in (("date", [{"from": "2025-02-29"}], "BAD_DATE"), ("date", ["2025-03"], "BAD_DATE"),
                                  ("month", ["2025-13"], "BAD_DATE"), ("month", ["2025-03-01"], "BAD_DATE"), ("date", [{}], "BAD_VALUE"),
                                  ("date", [{"over": "2025-03-03", "to": "2025-03-04"}], "BAD_VALUE"),
                                  ("month", [{"over": "2025-03", "to": "2025-04"}], "BAD_VALUE"),
                                  ("month", [{"over": "2025-03", "upto": "2025-04"}], ""),
                                  ("date", [{"from": "2025-03-03"}, {"upto": "2025-03-03"}], "PERIOD_OVERLAP"),
                                  ("date", [{"over": "2025-03-03"}, {"to": "2025-03-05"}], "PERIOD_OVERLAP"),
                                  ("date", [{"over": "2025-03-03"}, {"to": "2025-03-04"}], ""),
                                  ("bool", ["true"], "UNKNOWN_TYPE"), ("period", ["2025"], "UNKNOWN_TYPE")):
            try:
                pack_of(national(parameters={"t": self.table(type_, *keys)}))
                found = ""
            except Defects as defects:
                found = defects.codes[0][1]
            self.assertEqual(found, code, (type_, keys))


class Ratios(unittest.TestCase):
    def test_of_facts(self):
        """S5"""
        shared = DEPOSIT | {"fields": {"share": {"label": "份额", "type": "ratio"}}}
        for told, text in (("1/3", "0.3333"), ("50 %", "0.5000"), ("-1.5", "-1.5000"), ("2", "2"), ("1/8%", "0.0013")):
            found = of_kind(shared, "ratio", "p.deposit.sum(d, d.share)", [{"kind": "deposit", "share": told}])
            self.assertEqual(found["text"], text)
        for told in ("1/0", "half", "1,5", ".5", "5."):
            self.assertEqual(of_kind(shared, "ratio", "p.deposit.sum(d, d.share)", [{"kind": "deposit", "share": told}])["error"], "CASE_FILE")


if __name__ == "__main__":
    unittest.main()
