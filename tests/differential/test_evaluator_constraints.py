"""Constraints, bands and overlays, T24 to T26 and C1 to C7."""

import unittest

from evaluator import Defects
from evaluator.small_packs import national, pack_of, quantity, row

TIERS = {"label": "档", "type": "money", "keys": [{"name": "tier", "type": "count"}],
         "rows": [row("100", key={"tier": "1"}), row("200", key={"tier": "2"})]}
STANDARD = {"label": "标准", "type": "money", "rows": [row("200")]}


def holding(text, **parameters):
    return national(parameters={"tiers": TIERS, "standard": STANDARD} | parameters,
                    constraints={"c": {"label": "约束", "rows": [
                        {"from": "2020-01-01", "holds": text, "clause": "EX 一", "trust": "verified"}]}})


def delegated(**more):
    return STANDARD | {"delegate": {"to": ["county"]} | more}


def county(**parameters):
    return {"division": "640104", "documents": {"XX": {"title": "例"}}, "parameters": parameters}


def local(value, **more):
    return {"rows": [{"from": "2024-01-01", "value": value, "clause": "XX 一", "trust": "verified"} | more]}


class Loading(unittest.TestCase):
    def codes(self, *files):
        try:
            return [code for code, _ in pack_of(*files).read.warnings]
        except Defects as defects:
            return [code for _, code in defects.codes]

    def test_constraints(self):
        for text, codes in (("highest(tiers) == standard", []), ("size(tiers) >= 3", ["CONSTRAINT_BROKEN"]),
                            ("tiers(3) > 0", ["CONSTRAINT_UNDETERMINED"]), ("rising(tiers)", []), ("falling(tiers)", ["CONSTRAINT_BROKEN"]),
                            ("policy_day > date('2020-01-01')", ["TYPE_MISMATCH"]), ("persons.size() > 0", ["TYPE_MISMATCH"])):
            self.assertEqual(self.codes(holding(text)), codes, text)

    def test_constraint_of_a_county(self):
        nation = holding("highest(tiers) == standard", standard=delegated())
        self.assertEqual(self.codes(nation, county(standard=local("200"))), [])
        self.assertEqual(self.codes(nation, county(standard=local("300"))), ["CONSTRAINT_BROKEN"])

    def test_bands(self):
        def band(low, **more):
            return {"from": "2020-01-01", "min": low, "clause": "EX 一", "trust": "verified"} | more
        for low, codes in (("100", []), ("250", ["BAND_BREACH"]), ("1.3 * tiers(1)", []), ("1.3 * tiers(2)", ["BAND_BREACH"])):
            nation = national(parameters={"tiers": TIERS, "standard": delegated(bands=[band(low)])})
            self.assertEqual(self.codes(nation, county(standard=local("210"))), codes, low)
        nation = national(parameters={"standard": delegated(guides=[band("205")])})
        self.assertEqual(self.codes(nation), ["GUIDANCE_LEFT"])

    def test_given_keys_may_be_anything(self):
        """C5: a count that is given also less than 0."""
        below_zero = TIERS | {"rows": [row("10", key={"tier": {"to": "0"}})], "delegate": {"to": ["county"], "bands": [
            {"from": "2020-01-01", "max": "standard - yuan(195)", "clause": "EX 一", "trust": "verified"}]}}
        self.assertEqual(self.codes(national(parameters={"tiers": below_zero, "standard": STANDARD})), ["BAND_BREACH"])

    def test_overlays(self):
        nation = national(parameters={"standard": delegated(), "other": STANDARD})
        self.assertEqual(self.codes(nation, county(standard=local("210"))), [])
        self.assertEqual(self.codes(nation, county(other=local("210"))), ["DELEGATION_BREACH"])
        twice = county(standard={"rows": local("1")["rows"] + local("2", **{"from": "2024-02-01"})["rows"]})
        self.assertEqual(self.codes(nation, twice), ["PERIOD_OVERLAP"])

    def test_codes_of_a_county(self):
        added = {"division": "640104", "codes": {"class": {"add": {"cart": "畜力车"}}}}
        lists = {"class": {"label": "类", "values": {"car": "车"}, "open": ["county"]}}
        self.assertEqual(self.codes(national(codes=lists, facts={}), added), [])
        closed = {"class": {"label": "类", "values": {"car": "车"}}}
        self.assertEqual(self.codes(national(codes=closed, facts={}), added), ["DELEGATION_BREACH"])

    def test_quantities_are_left_to_nobody(self):
        nation = national(quantities={"x": quantity("ratio", "1")})
        self.assertEqual(self.codes(nation, {"division": "640104", "quantities": {"x": {"rows": [row("2")]}}}), ["DELEGATION_BREACH"])


if __name__ == "__main__":
    unittest.main()
