"""Reads what the platform says when it refuses a call."""

from __future__ import annotations

import dataclasses

import grpc
from google.protobuf.message import DecodeError
from hedui.v1 import errors_pb2

# Where gRPC carries a google.rpc.Status.
_DETAILS_KEY = "grpc-status-details-bin"
# The messages of errors.proto are those of google.rpc but for their package, and travel under google's names.
_TYPE_PREFIX = "type.googleapis.com/google.rpc."


@dataclasses.dataclass(frozen=True)
class Violation:
    """One thing that is wrong with a request."""

    field: str  # its path: "persons[2].identity.number"
    description: str  # what is wrong and what to do


class Refusal(Exception):
    """A call that was refused, or did not reach the platform. Its texts carry no personal data."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: str = "",
        domain: str = "",
        violations: tuple[Violation, ...] = (),
        retry_after_s: float | None = None,
    ):
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason  # stable, UPPER_SNAKE; empty when it was not the platform that refused
        self.domain = domain  # "hedui"; empty likewise
        self.violations = violations  # all of them, however many the message names
        self.retry_after_s = retry_after_s  # None: the platform did not say that waiting helps

    def __str__(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        lines = [f"{self.code.name}{reason}: {self.message}"]
        lines += [f"  {violation.field}: {violation.description}" for violation in self.violations]
        return "\n".join(lines)


def refusal_of(error: grpc.RpcError) -> Refusal:
    """What a failed call says. Details that cannot be read are left out: the code and the text say enough."""
    reason = domain = ""
    violations: list[Violation] = []
    retry_after_s = None
    for detail in _details_of(error):
        if isinstance(detail, errors_pb2.ErrorInfo):
            reason, domain = detail.reason, detail.domain
        elif isinstance(detail, errors_pb2.BadRequest):
            violations += [Violation(each.field, each.description) for each in detail.field_violations]
        elif isinstance(detail, errors_pb2.RetryInfo):
            retry_after_s = detail.retry_delay.seconds + detail.retry_delay.nanos / 1e9
    return Refusal(
        error.code(),
        error.details() or "",
        reason=reason,
        domain=domain,
        violations=tuple(violations),
        retry_after_s=retry_after_s,
    )


def _details_of(error: grpc.RpcError) -> list:
    known = {
        _TYPE_PREFIX + type_.DESCRIPTOR.name: type_
        for type_ in (errors_pb2.ErrorInfo, errors_pb2.BadRequest, errors_pb2.RetryInfo)
    }
    try:
        return [
            known[detail.type_url].FromString(detail.value)
            for key, value in error.trailing_metadata() or ()
            if key == _DETAILS_KEY
            for detail in errors_pb2.RichStatus.FromString(value).details
            if detail.type_url in known
        ]
    except DecodeError:
        return []
