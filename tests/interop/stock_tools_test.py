"""Tools that nobody here wrote, against a real platform: Node's stock packages, and buf curl.

HEDUI_NODE_MODULES is where package.json was installed.
"""

import json
import os
import pathlib
import unittest

from google.protobuf import json_format
from running_platform import IMPATIENT, ONE_AT_A_TIME, SOURCE_DIR, RunningPlatform

_TIMEOUT_S = 60
_NODE_MODULES = pathlib.Path(os.environ["HEDUI_NODE_MODULES"])


class StockToolsTest(unittest.TestCase):
    def write(self, request) -> str:
        """The request as a file of JSON."""
        text = json_format.MessageToJson(request, ensure_ascii=False)
        (self.platform.directory / "request.json").write_text(text, encoding="utf-8")
        return "request.json"

    def assert_names_nobody(self, text: str):
        for person in self.platform.household().persons:
            self.assertNotIn(person.identity.number, text)
            self.assertNotIn(person.identity.name, text)


class NodeTest(StockToolsTest):
    """Refusals, as Node's stock packages for google.rpc decode them."""

    @classmethod
    def setUpClass(cls):
        cls.platform = cls.enterClassContext(RunningPlatform(*ONE_AT_A_TIME))
        cls.client = cls.enterClassContext(cls.platform.connect())
        cls.client.register_authorizations(cls.platform.letters(), _TIMEOUT_S)

    def refused(self, request) -> tuple[dict, dict]:
        """The refusal, and its details by type."""
        program = SOURCE_DIR / "tests" / "interop" / "refused.mjs"
        result = self.platform.run("node", program, self.write(request))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_names_nobody(result.stdout)
        refusal = json.loads(result.stdout)
        details = {detail["$type"]: detail for detail in refusal["extra"]}
        self.assertEqual(len(details), len(refusal["extra"]))
        return refusal, details

    def test_every_defect_comes_at_once_with_its_field_path(self):
        request = self.platform.household()
        request.header.policy_day = "2025-02-30"
        request.scope = "suburban"
        request.persons[0].identity.number = "640104197905123172"
        refusal, details = self.refused(request)
        self.assertEqual(refusal["code"], "INVALID_ARGUMENT")
        self.assertEqual(set(details), {"google.rpc.ErrorInfo", "google.rpc.BadRequest"})
        self.assertEqual(details["google.rpc.ErrorInfo"]["reason"], "INVALID_REQUEST")
        self.assertEqual(details["google.rpc.ErrorInfo"]["domain"], "hedui")
        violations = details["google.rpc.BadRequest"]["fieldViolations"]
        self.assertEqual(
            sorted(violation["field"] for violation in violations),
            ["header.policy_day", "persons[0].identity.number", "scope"],
        )
        self.assertTrue(all(violation["description"] for violation in violations))
        self.assertNotIn("640104197905123172", json.dumps(refusal))

    def test_a_full_share_says_how_long_to_wait(self):
        first = self.platform.household()
        self.client.create_verification(first, _TIMEOUT_S)
        refusal, details = self.refused(self.platform.household())
        self.assertEqual(refusal["code"], "RESOURCE_EXHAUSTED")
        self.assertEqual(details["google.rpc.ErrorInfo"]["reason"], "AGENCY_IN_FLIGHT")
        self.assertEqual(details["google.rpc.RetryInfo"]["retryDelay"]["seconds"], 1)
        self.client.cancel_verification(first.header.request_id, first.header.officer, _TIMEOUT_S)


def decode_all(text: str) -> list:
    """Messages of JSON, one after another."""
    decoder = json.JSONDecoder()
    messages = []
    while text := text.lstrip():
        message, end = decoder.raw_decode(text)
        messages.append(message)
        text = text[end:]
    return messages


class BufCurlTest(StockToolsTest):
    """Calls with the proto files as schema, or by reflection."""

    @classmethod
    def setUpClass(cls):
        cls.platform = cls.enterClassContext(RunningPlatform(*IMPATIENT))
        with cls.platform.connect() as client:
            client.register_authorizations(cls.platform.letters(), _TIMEOUT_S)

    def curl(self, request, *certificate: str):
        return self.platform.run(
            _NODE_MODULES / ".bin" / "buf",
            "curl",
            *("--schema", SOURCE_DIR / "proto", "--protocol", "grpc", "--cacert", self.platform.ca),
            *certificate,
            *("--data", f"@{self.write(request)}"),
            f"https://{self.platform.target}/hedui.v1.VerificationService/VerifyHousehold",
        )

    def curl_as_agency(self, request):
        return self.curl(request, "--cert", self.platform.certificate, "--key", self.platform.key)

    def test_a_household_is_verified_over_mutual_tls(self):
        result = self.curl_as_agency(self.platform.household())
        self.assertEqual(result.returncode, 0, result.stderr)
        response = json.loads(result.stdout)
        self.assertTrue(response["envelope"])
        kinds = {(each["sourceId"], each["personId"]): each["kind"] for each in response["outcomes"]}
        self.assertEqual(kinds["nx-social-security", "m1"], "ANSWER_KIND_FOUND")
        self.assertEqual(kinds["nx-bank", "m1"], "ANSWER_KIND_UNAVAILABLE")

    def test_a_refusal_carries_its_details(self):
        request = self.platform.household()
        request.scope = "suburban"
        result = self.curl_as_agency(request)
        self.assertNotEqual(result.returncode, 0)
        self.assert_names_nobody(result.stderr)
        refusal = json.loads(result.stderr)
        self.assertEqual(refusal["code"], "invalid_argument")
        self.assertEqual(
            [detail["type"] for detail in refusal["details"]], ["google.rpc.ErrorInfo", "google.rpc.BadRequest"]
        )

    def test_by_reflection_it_needs_no_proto_files(self):
        result = self.reflect("hedui.v1.VerificationService/VerifyHousehold", self.write(self.platform.household()))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(json.loads(result.stdout)["envelope"])

    def test_by_reflection_a_verification_is_watched(self):
        request = self.platform.household()
        with self.platform.connect() as client:
            client.create_verification(request, _TIMEOUT_S)
        header = {"requestId": request.header.request_id, "officer": request.header.officer}
        (self.platform.directory / "watch.json").write_text(json.dumps(header), encoding="utf-8")
        result = self.reflect("hedui.v1.VerificationService/WatchVerification", "watch.json")
        self.assertEqual(result.returncode, 0, result.stderr)
        *outcomes, last = decode_all(result.stdout)
        self.assertTrue(all("outcome" in event for event in outcomes))
        self.assertTrue(last["finished"]["envelope"])

    def test_by_reflection_it_is_healthy(self):
        (self.platform.directory / "nothing.json").write_text("{}", encoding="utf-8")
        result = self.reflect("grpc.health.v1.Health/Check", "nothing.json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout), {"status": "SERVING"})

    def reflect(self, method: str, data: str):
        """Calls with what the platform itself says of its methods as schema."""
        return self.platform.run(
            _NODE_MODULES / ".bin" / "buf",
            "curl",
            *("--protocol", "grpc", "--cacert", self.platform.ca),
            *("--cert", self.platform.certificate, "--key", self.platform.key),
            *("--data", f"@{data}"),
            f"https://{self.platform.target}/{method}",
        )

    def test_without_a_certificate_nobody_is_let_in(self):
        result = self.curl(self.platform.household())
        self.assertNotEqual(result.returncode, 0)
        # In TLS 1.3 a client hears that it is not let in after it has begun to write; what buf makes of
        # the connection's end depends on which of the two it notices first.
        self.assertIn(json.loads(result.stderr)["code"], ("unavailable", "canceled"))


if __name__ == "__main__":
    unittest.main()
