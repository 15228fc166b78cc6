"""What the Python client reads from files, and what it refuses in them."""

import pathlib
import tempfile
import unittest

from hedui.v1 import authorization_pb2, common_pb2, verification_pb2
from hedui_client import FileDefects, read_message

_DEMO = pathlib.Path(__file__).resolve().parents[2] / "clients" / "demo"


class FilesTest(unittest.TestCase):
    def setUp(self):
        self._directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def read(self, text: str) -> verification_pb2.VerifyHouseholdRequest:
        path = self._directory / "request.yaml"
        path.write_text(text, encoding="utf-8")
        return read_message(str(path), verification_pb2.VerifyHouseholdRequest())

    def assert_defects(self, text: str, *defects: str):
        """Exactly these, in this order, each on its line of the file."""
        with self.assertRaises(FileDefects) as caught:
            self.read(text)
        lines = [line.partition("request.yaml:")[2] for line in str(caught.exception).splitlines()]
        self.assertEqual(len(lines), len(defects), lines)
        for line, defect in zip(lines, defects, strict=True):
            self.assertTrue(line.startswith(defect), line)

    def test_the_demos_files(self):
        household = read_message(str(_DEMO / "household.yaml"), verification_pb2.VerifyHouseholdRequest())
        self.assertEqual(household.header.check_kind, verification_pb2.CHECK_KIND_NEW)
        self.assertEqual(household.header.programmes, ["dibao", "marginal"])
        self.assertEqual(household.persons[1].declared[1].fields[1].count, 3)
        self.assertTrue(household.persons[2].declared[0].fields[1].flag)
        letters = read_message(
            str(_DEMO / "letters.yaml"), authorization_pb2.RegisterAuthorizationsRequest()
        )
        self.assertEqual(letters.letters[2].signature, authorization_pb2.SIGNATURE_KIND_ELECTRONIC)
        self.assertEqual(letters.letters[0].person.kind, common_pb2.IDENTITY_KIND_RESIDENT_ID)

    def test_days_and_codes_are_text_with_or_without_quotes(self):
        request = self.read("division: 640104\nheader: {policy_day: 2025-03-03}\n")
        self.assertEqual((request.division, request.header.policy_day), ("640104", "2025-03-03"))

    def test_every_defect_is_found_at_once_with_its_line(self):
        self.assert_defects(
            "divison: '640104'\n"
            "scope: urban\n"
            "scope: rural\n"
            "header:\n"
            "  check_kind: unspecified\n"
            "  programmes: dibao\n"
            "persons:\n"
            "  - role: [member]\n"
            "    declared:\n"
            "      - fields:\n"
            "          - {name: amount, money_fen: 010}\n"
            "          - {name: amount, money_fen: 9223372036854775808}\n"
            "          - {name: amount, money_fen: 1, count: 1}\n"
            "          - {name: full_time, flag: 'true'}\n"
            "staff_relative:\n",
            "1: divison: no such key; known here: header, division,",
            "3: scope: is given twice",
            "5: header.check_kind: write one of new, review,",
            "6: header.programmes: a list is expected",
            "8: persons[0].role: a single value",
            "11: persons[0].declared[0].fields[0].money_fen: a whole number",
            "12: persons[0].declared[0].fields[1].money_fen: a whole number",
            "13: persons[0].declared[0].fields[2].count: excludes money_fen",
            "14: persons[0].declared[0].fields[3].flag: write true or false",
            "15: staff_relative: a single value",
        )

    def test_what_is_no_mapping_or_no_yaml(self):
        self.assert_defects("- a\n", "1: file: keys with values")
        with self.assertRaises(FileDefects):
            self.read("a: [\n")


if __name__ == "__main__":
    unittest.main()
