"""The Python client against a real platform: what README.md tells, and what is refused."""

import sys
import unittest
import uuid

import grpc
from hedui.v1 import authorization_pb2, common_pb2, policy_pb2, verification_pb2
from hedui_client import Client, Refusal, read_message
from running_platform import BIN_DIR, IMPATIENT, ONE_AT_A_TIME, SOURCE_DIR, RunningPlatform

_TIMEOUT_S = 60
_EXAMPLE = SOURCE_DIR / "clients" / "python" / "verify_household.py"


class StoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = cls.enterClassContext(RunningPlatform(*IMPATIENT))
        cls.first = cls.platform.run(sys.executable, _EXAMPLE, "letters.yaml", "household.yaml")

    def test_the_example_tells_the_readmes_story(self):
        self.assertEqual(self.first.returncode, 0, self.first.stderr)
        self.assertIn("letters added: 3  matter: OPEN\n", self.first.stdout)
        self.assertRegex(self.first.stdout, r"(?m)^nx-social-security  m1  employment  FOUND  data of \S+  \d+ ms$")
        self.assertRegex(self.first.stdout, r"(?m)^nx-bank  m1  deposit  UNAVAILABLE \(LATE\)  \d+ ms$")
        self.assertRegex(self.first.stdout, r"(?m)^report HD-\d{8}-\w+: read again by number and by request id$")

    def test_the_saved_envelope_is_valid_offline(self):
        check = self.platform.run(BIN_DIR / "hedui", "report", "check", "report.hdr", "--trust", self.platform.ca)
        self.assertEqual(check.returncode, 0, check.stderr)
        self.assertTrue(check.stdout.startswith("valid: report HD-"), check.stdout)

    def test_the_same_request_again_brings_the_same_verification(self):
        with self.platform.connect() as client:
            path = str(self.platform.directory / "household.yaml")
            household = read_message(path, verification_pb2.VerifyHouseholdRequest())
            again = client.verify_household(household, _TIMEOUT_S)
            header = household.header
            stored = client.get_verification(header.request_id, header.officer, _TIMEOUT_S)
            self.assertEqual(again.verification_id, stored.verification_id)
            self.assertIn(stored.report_number, self.first.stdout)
            self.assertEqual(client.register_authorizations(self.platform.letters(), _TIMEOUT_S).letters_added, 0)

    def test_a_verification_that_is_watched_shows_each_outcome_and_then_the_report(self):
        with self.platform.connect() as client:
            household = self.platform.household()
            begun = client.create_verification(household, _TIMEOUT_S)
            events = list(client.watch_verification(begun.request_id, household.header.officer, _TIMEOUT_S))
            *outcomes, finished = [event.WhichOneof("event") for event in events]
            self.assertEqual({"outcome"}, set(outcomes))
            self.assertEqual("finished", finished)
            self.assertEqual(len(outcomes), len(events[-1].finished.outcomes))
            self.assertIn(
                ("nx-bank", common_pb2.ANSWER_KIND_UNAVAILABLE, common_pb2.REASON_LATE),
                {(event.outcome.source_id, event.outcome.kind, event.outcome.reason) for event in events[:-1]},
            )

    def test_lists_go_on_over_pages_and_end(self):
        with self.platform.connect() as client:
            begun = []
            for _ in range(3):
                household = self.platform.household()
                begun.insert(0, household.header.request_id)
                client.verify_household(household, _TIMEOUT_S)
            header = household.header
            request = verification_pb2.ListVerificationsRequest(
                officer=header.officer, matter_number=header.matter_number, page_size=2
            )
            listed = list(client.list_verifications(request, _TIMEOUT_S))
            self.assertEqual(begun, [each.request_id for each in listed[:3]])
            self.assertEqual({verification_pb2.VERIFICATION_STATE_FINISHED}, {each.state for each in listed[:3]})
            self.assertEqual(len(listed), len({each.request_id for each in listed}))
            self.assertEqual(request.page_token, "")
            request.page_token = "forged"
            with self.assertRaises(Refusal) as caught:
                list(client.list_verifications(request, _TIMEOUT_S))
            self.assertEqual(caught.exception.reason, "PAGE_TOKEN")
            self.assertEqual(["page_token"], [each.field for each in caught.exception.violations])

    def test_rules_are_shown_and_tried(self):
        with self.platform.connect() as client:
            officer = self.platform.household().header.officer
            request = policy_pb2.ListPolicySetsRequest(officer=officer, page_size=1)
            sets = {each.division: each for each in client.list_policy_sets(request, _TIMEOUT_S)}
            self.assertIn("dibao", [programme.code for programme in sets["640104"].programmes])
            shown = client.get_policy_set(
                policy_pb2.GetPolicySetRequest(officer=officer, division="640104", day="2025-03-03"), _TIMEOUT_S
            )
            self.assertEqual(shown.set.policy_sha256, sets["640104"].policy_sha256)
            self.assertIn("dibao_standard[scope=urban]", [row.id for row in shown.rows])
            broken = policy_pb2.LintPoliciesRequest(officer=officer)
            broken.files.add(path="640104/more.yaml", text=b'division: "640104"\nnothing: 2\n')
            found = client.lint_policies(broken, _TIMEOUT_S).findings
            self.assertEqual([("640104/more.yaml", 2, "UNKNOWN_KEY")], [(f.file, f.line, f.code) for f in found])
            case = (SOURCE_DIR / "tests/assess/cases/demo_bank_silent.yaml").read_bytes()
            result = client.evaluate(policy_pb2.EvaluateRequest(officer=officer, case_yaml=case), _TIMEOUT_S)
            self.assertEqual(
                [("dibao", policy_pb2.INDICATION_RESULT_UNDETERMINED)],
                [(i.programme, i.result) for i in result.indications if i.programme == "dibao"],
            )
            self.assertTrue(result.json.startswith("{\n"))
            with self.assertRaises(Refusal) as refused:
                client.evaluate(policy_pb2.EvaluateRequest(officer=officer, case_yaml=b"scope: no\n"), _TIMEOUT_S)
            self.assertIn("case_yaml:1:scope", [violation.field for violation in refused.exception.violations])

    def test_matters_are_listed_and_shown_with_their_letters(self):
        with self.platform.connect() as client:
            letters = self.platform.letters()
            client.register_authorizations(letters, _TIMEOUT_S)
            request = authorization_pb2.ListMattersRequest(officer=letters.officer)
            self.assertEqual(
                [letters.matter_number], [each.matter_number for each in client.list_matters(request, _TIMEOUT_S)]
            )
            matter = client.get_matter(letters.matter_number, letters.officer, _TIMEOUT_S)
            self.assertEqual(matter.state, authorization_pb2.MATTER_STATE_OPEN)
            self.assertEqual(
                [each.letter_number for each in letters.letters], [each.letter_number for each in matter.letters]
            )
            self.assertTrue(all(each.live for each in matter.letters))

    def test_the_example_shows_every_violation_and_ends_with_1(self):
        text = (self.platform.directory / "household.yaml").read_text(encoding="utf-8")
        text = text.replace('policy_day: "2025-03-03"', 'policy_day: "2025-02-30"').replace("urban", "suburban")
        (self.platform.directory / "defects.yaml").write_text(text, encoding="utf-8")
        refused = self.platform.run(sys.executable, _EXAMPLE, "letters.yaml", "defects.yaml")
        self.assertEqual(refused.returncode, 1, refused.stdout)
        self.assertIn("INVALID_ARGUMENT (INVALID_REQUEST): ", refused.stderr)
        self.assertRegex(refused.stderr, r"(?m)^  header\.policy_day: ")
        self.assertRegex(refused.stderr, r"(?m)^  scope: ")

    def test_the_example_ends_with_2_where_a_file_cannot_be_read(self):
        misspelt = self.platform.directory / "misspelt.yaml"
        misspelt.write_text("matter_numbr: X\n", encoding="utf-8")
        for name, text in (("misspelt.yaml", "misspelt.yaml:1: matter_numbr: no such key"), ("none", "none")):
            refused = self.platform.run(sys.executable, _EXAMPLE, name, "household.yaml")
            self.assertEqual(refused.returncode, 2, refused.stdout)
            self.assertIn(text, refused.stderr)


class RefusalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = cls.enterClassContext(RunningPlatform(*ONE_AT_A_TIME))
        cls.client = cls.enterClassContext(cls.platform.connect())
        cls.client.register_authorizations(cls.platform.letters(), _TIMEOUT_S)

    def setUp(self):
        self.household = self.platform.household()

    def refused(self, call, *arguments) -> Refusal:
        """The refusal, which names nobody."""
        with self.assertRaises(Refusal) as caught:
            call(*arguments, _TIMEOUT_S)
        personal = [
            text
            for person in self.platform.household().persons
            for text in (person.identity.number, person.identity.name)
        ]
        for text in personal:
            self.assertNotIn(text, str(caught.exception))
        return caught.exception

    def assert_violates(self, refusal: Refusal, *fields: str):
        """Exactly these fields, each with a word on what to do."""
        self.assertEqual(sorted(fields), sorted(violation.field for violation in refusal.violations))
        for violation in refusal.violations:
            self.assertTrue(violation.description, violation.field)

    def test_every_defect_of_a_household_comes_at_once_with_its_field_path(self):
        self.household.header.check_kind = 77
        self.household.header.request_id = "no uuid"
        self.household.header.policy_day = "2025-02-30"
        self.household.scope = "suburban"
        # The last digit does not fit: the number itself must not come back.
        self.household.persons[0].identity.number = "640104197905123172"
        self.household.persons[2].declared[0].fields[0].ClearField("value")
        refusal = self.refused(self.client.verify_household, self.household)
        self.assertEqual(refusal.code, grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual((refusal.domain, refusal.reason), ("hedui", "INVALID_REQUEST"))
        self.assertIsNone(refusal.retry_after_s)
        self.assertNotIn("640104197905123172", str(refusal))
        self.assert_violates(
            refusal,
            "header.check_kind",
            "header.policy_day",
            "header.request_id",
            "persons[0].identity.number",
            "persons[2].declared[0].fields[0]",
            "scope",
        )

    def test_every_defect_of_letters_comes_at_once_with_its_field_path(self):
        letters = self.platform.letters()
        letters.letters[0].scan_sha256 = "short"
        letters.letters[1].signed_day = "2999-01-01"
        letters.letters[2].ClearField("purposes")
        refusal = self.refused(self.client.register_authorizations, letters)
        self.assertEqual(refusal.code, grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(refusal.domain, "hedui")
        self.assert_violates(refusal, "letters[0].scan_sha256", "letters[1].signed_day", "letters[2].purposes")

    def test_a_report_of_nobody_is_not_found_and_not_asked_for_again(self):
        slept = []
        with self.platform.connect(slept.append) as client, self.assertRaises(Refusal) as caught:
            client.get_report("XQ-0107", _TIMEOUT_S, request_id=str(uuid.uuid4()))
        self.assertEqual(caught.exception.code, grpc.StatusCode.NOT_FOUND)
        self.assertEqual(caught.exception.domain, "hedui")
        self.assertEqual(slept, [])

    def test_a_full_share_says_how_long_to_wait_and_the_same_request_id_then_succeeds(self):
        first = self.client.create_verification(self.household, _TIMEOUT_S)
        second = self.platform.household()
        waits = []

        def make_room(wait_s: float) -> None:
            waits.append(wait_s)
            self.client.cancel_verification(first.request_id, second.header.officer, _TIMEOUT_S)

        with self.platform.connect(make_room) as client:
            begun = client.create_verification(second, _TIMEOUT_S)
        self.assertEqual(waits, [1.0])
        self.assertEqual(begun.request_id, second.header.request_id)
        self.client.cancel_verification(begun.request_id, second.header.officer, _TIMEOUT_S)

    def test_a_share_that_stays_full_is_reported_with_its_retry_info(self):
        first = self.client.create_verification(self.household, _TIMEOUT_S)
        second = self.platform.household()
        with self.platform.connect(lambda _: None) as client:
            refusal = self.refused(client.verify_household, second)
        self.assertEqual(refusal.code, grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual((refusal.domain, refusal.reason), ("hedui", "AGENCY_IN_FLIGHT"))
        self.assertEqual(refusal.retry_after_s, 1.0)
        self.client.cancel_verification(first.request_id, second.header.officer, _TIMEOUT_S)

    def test_without_a_certificate_nobody_is_let_in(self):
        authority = (self.platform.directory / "pki" / "ca.pem").read_bytes()
        channel = grpc.secure_channel(self.platform.target, grpc.ssl_channel_credentials(authority))
        with Client(channel, sleep=lambda _: None) as client:
            refusal = self.refused(client.verify_household, self.household)
        # The connection fails before there is anybody to refuse the call.
        self.assertEqual((refusal.code, refusal.reason), (grpc.StatusCode.UNAVAILABLE, ""))


if __name__ == "__main__":
    unittest.main()
