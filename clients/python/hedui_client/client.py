"""Calls to a platform.

Every call has a time limit for all its attempts together. It is repeated when the platform says how long to wait
(RetryInfo), and when it was not reached or is about to stop (UNAVAILABLE). Repeating is safe: whatever changes
something is recognised when it comes again, a verification by its request id, a letter by its number and content. So
choose a request id once for each verification and keep it: after a crash or a time limit, the same request with the
same id joins the running verification or brings the stored report, and no register is asked a second time.
"""

from __future__ import annotations

import pathlib
import random
import time
from collections.abc import Callable, Iterator

import grpc
from hedui.v1 import (
    authorization_pb2,
    authorization_pb2_grpc,
    finding_pb2,
    finding_pb2_grpc,
    policy_pb2,
    policy_pb2_grpc,
    reports_pb2,
    reports_pb2_grpc,
    verification_pb2,
    verification_pb2_grpc,
)
from hedui_client.errors import Refusal, refusal_of

# An envelope holds a whole report; gRPC's own limit is 4 MiB.
_RESPONSE_BYTES_MAX = 16 << 20

# The first attempt included. Past these, whoever called knows better whether to go on.
ATTEMPTS_MAX = 5
# Where the platform does not say how long to wait: doubled from attempt to attempt, and then shortened at random by
# up to a half, so that callers who were cut off together do not come back together.
BACKOFF_FIRST_S = 0.2
BACKOFF_MAX_S = 5.0


def connect(
    target: str,
    ca_file: str,
    certificate_file: str,
    key_file: str,
    *,
    server_name: str = "",
    sleep: Callable[[float], None] = time.sleep,
) -> Client:
    """A client of the platform at `target` ("host:port"). Files are PEM; OSError when one cannot be read.

    `server_name`: the name expected in the platform's certificate, where that is not the target's host. The
    connection is made with the first call.
    """
    credentials = grpc.ssl_channel_credentials(
        root_certificates=pathlib.Path(ca_file).read_bytes(),
        private_key=pathlib.Path(key_file).read_bytes(),
        certificate_chain=pathlib.Path(certificate_file).read_bytes(),
    )
    options = [
        ("grpc.max_receive_message_length", _RESPONSE_BYTES_MAX),
        # Repeating is this module's: two layers would multiply attempts.
        ("grpc.enable_retries", 0),
    ]
    if server_name:
        options.append(("grpc.ssl_target_name_override", server_name))
    return Client(grpc.secure_channel(target, credentials, options), sleep=sleep)


class Client:
    """Blocking calls over one connection. Thread-safe. Calls raise Refusal.

    `sleep` waits that many seconds between two attempts.
    """

    def __init__(self, channel: grpc.Channel, *, sleep: Callable[[float], None] = time.sleep):
        self._channel = channel
        self._sleep = sleep
        self._authorizations = authorization_pb2_grpc.AuthorizationServiceStub(channel)
        self._verifications = verification_pb2_grpc.VerificationServiceStub(channel)
        self._reports = reports_pb2_grpc.ReportServiceStub(channel)
        self._findings = finding_pb2_grpc.FindingServiceStub(channel)
        self._policies = policy_pb2_grpc.PolicyServiceStub(channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_) -> None:
        self._channel.close()

    def register_authorizations(
        self, request: authorization_pb2.RegisterAuthorizationsRequest, timeout_s: float
    ) -> authorization_pb2.RegisterAuthorizationsResponse:
        return self._call(self._authorizations.RegisterAuthorizations, request, timeout_s)

    def revoke_authorization(
        self, request: authorization_pb2.RevokeAuthorizationRequest, timeout_s: float
    ) -> authorization_pb2.RevokeAuthorizationResponse:
        return self._call(self._authorizations.RevokeAuthorization, request, timeout_s)

    def get_matter(self, matter_number: str, officer: str, timeout_s: float) -> authorization_pb2.Matter:
        """A matter with its letters, but not the people they are about."""
        request = authorization_pb2.GetMatterRequest(matter_number=matter_number, officer=officer)
        return self._call(self._authorizations.GetMatter, request, timeout_s).matter

    def list_matters(
        self, request: authorization_pb2.ListMattersRequest, timeout_s: float
    ) -> Iterator[authorization_pb2.Matter]:
        """The newest first. Pages are asked for as they are needed; `timeout_s` is for each."""
        for page in self._pages(self._authorizations.ListMatters, request, timeout_s):
            yield from page.matters

    def verify_household(
        self, request: verification_pb2.VerifyHouseholdRequest, timeout_s: float
    ) -> verification_pb2.VerifyHouseholdResponse:
        """Waits for the report. `timeout_s`, less a reserve, is also what the platform lets its sources take."""
        return self._call(self._verifications.VerifyHousehold, request, timeout_s)

    def create_verification(
        self, request: verification_pb2.VerifyHouseholdRequest, timeout_s: float
    ) -> verification_pb2.Verification:
        """Begins a verification, which then comes to its end whatever becomes of the caller."""
        create = verification_pb2.CreateVerificationRequest(request=request)
        return self._call(self._verifications.CreateVerification, create, timeout_s).verification

    def get_verification(self, request_id: str, officer: str, timeout_s: float) -> verification_pb2.Verification:
        request = verification_pb2.GetVerificationRequest(request_id=request_id, officer=officer)
        return self._call(self._verifications.GetVerification, request, timeout_s).verification

    def list_verifications(
        self, request: verification_pb2.ListVerificationsRequest, timeout_s: float
    ) -> Iterator[verification_pb2.Verification]:
        """The newest first. Pages are asked for as they are needed; `timeout_s` is for each."""
        for page in self._pages(self._verifications.ListVerifications, request, timeout_s):
            yield from page.verifications

    def watch_verification(
        self, request_id: str, officer: str, timeout_s: float
    ) -> Iterator[verification_pb2.WatchVerificationResponse]:
        """Each source's outcome as it comes, then the report. Not repeated: watch again, and all comes once more."""
        request = verification_pb2.WatchVerificationRequest(request_id=request_id, officer=officer)
        try:
            yield from self._verifications.WatchVerification(request, timeout=timeout_s)
        except grpc.RpcError as error:
            raise refusal_of(error) from None

    def cancel_verification(self, request_id: str, officer: str, timeout_s: float) -> verification_pb2.Verification:
        request = verification_pb2.CancelVerificationRequest(request_id=request_id, officer=officer)
        return self._call(self._verifications.CancelVerification, request, timeout_s).verification

    def get_report(
        self, officer: str, timeout_s: float, *, report_number: str = "", request_id: str = ""
    ) -> reports_pb2.GetReportResponse:
        """A report made earlier, by its number, or the current one of a request id; give one of the two."""
        request = reports_pb2.GetReportRequest(officer=officer)
        if report_number:
            request.report_number = report_number
        if request_id:
            request.request_id = request_id
        return self._call(self._reports.GetReport, request, timeout_s)

    def get_report_status(self, report_number: str, officer: str, timeout_s: float) -> reports_pb2.ReportStatus:
        request = reports_pb2.GetReportStatusRequest(report_number=report_number, officer=officer)
        return self._call(self._reports.GetReportStatus, request, timeout_s).status

    def list_reports(self, request_id: str, officer: str, timeout_s: float) -> list[reports_pb2.ReportStatus]:
        """Every report of a verification, the first one first."""
        request = reports_pb2.ListReportsRequest(request_id=request_id, officer=officer)
        return list(self._call(self._reports.ListReports, request, timeout_s).reports)

    def check_report(self, envelope: bytes, officer: str, timeout_s: float) -> reports_pb2.CheckReportResponse:
        """Whether a report is genuine, whoever issued it, and how it stands where this platform did."""
        request = reports_pb2.CheckReportRequest(envelope=envelope, officer=officer)
        return self._call(self._reports.CheckReport, request, timeout_s)

    def annul_report(self, request: reports_pb2.AnnulReportRequest, timeout_s: float) -> reports_pb2.ReportStatus:
        return self._call(self._reports.AnnulReport, request, timeout_s).status

    def record_finding(
        self, request: finding_pb2.RecordFindingRequest, timeout_s: float
    ) -> finding_pb2.RecordFindingResponse:
        """Adds what people found. Keep the request's id for retries: the same again gives the same report."""
        return self._call(self._findings.RecordFinding, request, timeout_s)

    def resolve_ambiguous(
        self, request: finding_pb2.ResolveAmbiguousRequest, timeout_s: float
    ) -> finding_pb2.ResolveAmbiguousResponse:
        """Decides whether an answer that was held back is about the person. Repeating as record_finding."""
        return self._call(self._findings.ResolveAmbiguous, request, timeout_s)

    def list_policy_sets(
        self, request: policy_pb2.ListPolicySetsRequest, timeout_s: float
    ) -> Iterator[policy_pb2.PolicySet]:
        """The sets in force, ascending by division. Pages are asked for as they are needed; `timeout_s` is for each."""
        for page in self._pages(self._policies.ListPolicySets, request, timeout_s):
            yield from page.sets

    def get_policy_set(
        self, request: policy_pb2.GetPolicySetRequest, timeout_s: float
    ) -> policy_pb2.GetPolicySetResponse:
        """One set: its files, what is in force on a day, the names it declares."""
        return self._call(self._policies.GetPolicySet, request, timeout_s)

    def lint_policies(
        self, request: policy_pb2.LintPoliciesRequest, timeout_s: float
    ) -> policy_pb2.LintPoliciesResponse:
        """What is wrong with policy files; nothing of them is kept."""
        return self._call(self._policies.LintPolicies, request, timeout_s)

    def evaluate(self, request: policy_pb2.EvaluateRequest, timeout_s: float) -> policy_pb2.EvaluateResponse:
        """Assesses a case; advisory, and nothing of it is kept. Its defects are a Refusal's violations."""
        return self._call(self._policies.Evaluate, request, timeout_s)

    def _pages(self, method, request, timeout_s: float) -> Iterator:
        """The page that `request` asks for and those behind it. A page may be empty without being the last."""
        while True:
            page = self._call(method, request, timeout_s)
            yield page
            if not page.next_page_token:
                return
            following = type(request)()
            following.CopyFrom(request)
            following.page_token = page.next_page_token
            request = following

    def _call(self, method, request, timeout_s: float):
        deadline = time.monotonic() + timeout_s
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                return method(request, timeout=deadline - time.monotonic())
            except grpc.RpcError as error:
                refusal = refusal_of(error)
            wait_s = _wait_before_next(refusal, attempt)
            if wait_s is None or time.monotonic() + wait_s >= deadline:
                raise refusal
            self._sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")


def _wait_before_next(refusal: Refusal, attempt: int) -> float | None:
    """Seconds until the next attempt; None when there is to be none."""
    if attempt == ATTEMPTS_MAX:
        return None
    if refusal.retry_after_s is not None:
        return refusal.retry_after_s
    if refusal.code == grpc.StatusCode.UNAVAILABLE:
        return min(BACKOFF_FIRST_S * 2 ** (attempt - 1), BACKOFF_MAX_S) * random.uniform(0.5, 1)
    return None
