"""When the Python client calls again, and what it makes of what a server says."""

import concurrent.futures
import unittest

import grpc
from google.protobuf import any_pb2, duration_pb2
from hedui.v1 import errors_pb2, verification_pb2, verification_pb2_grpc
from hedui_client import Client, Refusal
from hedui_client.client import ATTEMPTS_MAX, BACKOFF_FIRST_S

_REQUEST = verification_pb2.VerifyHouseholdRequest(header={"request_id": "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d11"})
_BUSY = grpc.StatusCode.RESOURCE_EXHAUSTED


def details(*messages) -> bytes:
    """As the platform packs them."""
    return errors_pb2.RichStatus(
        details=[
            any_pb2.Any(
                type_url=f"type.googleapis.com/google.rpc.{message.DESCRIPTOR.name}", value=message.SerializeToString()
            )
            for message in messages
        ]
    ).SerializeToString()


def retry_after(seconds: float) -> bytes:
    delay = duration_pb2.Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))
    return details(errors_pb2.RetryInfo(retry_delay=delay))


class ScriptedServer(verification_pb2_grpc.VerificationServiceServicer):
    """Refuses as often as it was told to, then answers."""

    def __init__(self, *refusals: tuple[grpc.StatusCode, bytes]):
        self._refusals = list(refusals)
        self.requests: list[verification_pb2.VerifyHouseholdRequest] = []
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=1))
        verification_pb2_grpc.add_VerificationServiceServicer_to_server(self, self._server)
        self.target = f"localhost:{self._server.add_insecure_port('localhost:0')}"

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_):
        self._server.stop(grace=None).wait()

    def VerifyHousehold(self, request, context):
        self.requests.append(request)
        if self._refusals:
            code, rich = self._refusals.pop(0)
            context.set_trailing_metadata([("grpc-status-details-bin", rich)])
            context.abort(code, "no")
        return verification_pb2.VerifyHouseholdResponse(verification_id="v")


class _ScriptedTest(unittest.TestCase):
    def call(self, *refusals, timeout_s: float = 60):
        """(response or refusal, requests that came, seconds waited)."""
        waits = []
        with ScriptedServer(*refusals) as server, Client(
            grpc.insecure_channel(server.target), sleep=waits.append
        ) as client:
            try:
                result = client.verify_household(_REQUEST, timeout_s)
            except Refusal as refusal:
                result = refusal
            return result, server.requests, waits


class RetryTest(_ScriptedTest):
    def test_waits_as_long_as_the_server_says_and_sends_the_same_request(self):
        result, requests, waits = self.call((_BUSY, retry_after(3)), (_BUSY, retry_after(0.25)))
        self.assertEqual(result.verification_id, "v")
        self.assertEqual(requests, [_REQUEST] * 3)
        self.assertEqual(waits, [3, 0.25])

    def test_gives_up_after_the_last_attempt(self):
        result, requests, waits = self.call(*[(_BUSY, retry_after(1))] * ATTEMPTS_MAX)
        self.assertEqual(result.code, _BUSY)
        self.assertEqual(len(requests), ATTEMPTS_MAX)
        self.assertEqual(len(waits), ATTEMPTS_MAX - 1)

    def test_does_not_wait_past_its_time_limit(self):
        result, requests, waits = self.call((_BUSY, retry_after(61)))
        self.assertEqual(result.retry_after_s, 61)
        self.assertEqual((len(requests), waits), (1, []))

    def test_does_not_insist_where_waiting_does_not_help(self):
        for code in (_BUSY, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.ALREADY_EXISTS):
            result, requests, waits = self.call((code, b""))
            self.assertEqual((result.code, len(requests), waits), (code, 1, []))

    def test_waits_longer_each_time_for_a_server_that_is_not_there(self):
        _, requests, waits = self.call(*[(grpc.StatusCode.UNAVAILABLE, b"")] * ATTEMPTS_MAX)
        self.assertEqual(len(requests), ATTEMPTS_MAX)
        for attempt, wait_s in enumerate(waits):
            self.assertLessEqual(wait_s, BACKOFF_FIRST_S * 2**attempt)
            self.assertGreaterEqual(wait_s, BACKOFF_FIRST_S * 2**attempt / 2)


class DetailsTest(_ScriptedTest):
    def test_details_of_other_kinds_and_unreadable_ones_do_not_hide_the_refusal(self):
        unknown = details(verification_pb2.Verification(verification_id="v"))
        for rich in (unknown, b"\xff", b""):
            result, _, _ = self.call((grpc.StatusCode.INVALID_ARGUMENT, rich))
            self.assertEqual((result.reason, result.violations), ("", ()))
            self.assertEqual(str(result), "INVALID_ARGUMENT: no")

    def test_a_refusal_reads_as_its_reason_and_then_a_line_for_each_violation(self):
        bad_request = errors_pb2.BadRequest(
            field_violations=[
                {"field": "scope", "description": "unknown"},
                {"field": "division", "description": "empty"},
            ]
        )
        info = errors_pb2.ErrorInfo(reason="INVALID_REQUEST", domain="hedui")
        result, _, _ = self.call((grpc.StatusCode.INVALID_ARGUMENT, details(info, bad_request)))
        self.assertEqual(
            str(result), "INVALID_ARGUMENT (INVALID_REQUEST): no\n  scope: unknown\n  division: empty"
        )


if __name__ == "__main__":
    unittest.main()
