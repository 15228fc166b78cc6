#!/usr/bin/python3
"""Registers letters, verifies one household, saves the report, and reads it again. README.md says how to run it.

Exit codes: 0 done, 1 refused by the platform or not reached, 2 wrong use or unreadable input.
"""

import argparse
import os
import pathlib
import sys

from hedui.v1 import authorization_pb2, common_pb2, verification_pb2
from hedui_client import Client, FileDefects, Refusal, connect, read_message


def main() -> int:
    options = parse_arguments()
    try:
        letters = read_message(options.letters, authorization_pb2.RegisterAuthorizationsRequest())
        household = read_message(options.household, verification_pb2.VerifyHouseholdRequest())
        client = connect(options.server, options.ca, options.cert, options.key, server_name=options.server_name)
    except (FileDefects, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        with client:
            run(client, letters, household, options)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


def run(client: Client, letters, household, options) -> None:
    registered = client.register_authorizations(letters, options.timeout)
    state = short_name(authorization_pb2.MatterState, registered.state)
    print(f"letters added: {registered.letters_added}  matter: {state}")

    response = client.verify_household(household, options.timeout)
    for outcome in sorted(response.outcomes, key=lambda each: (each.person_id, each.category)):
        print(outcome_line(outcome))

    # These bytes are the report. Kept as they came, they prove themselves offline, years later.
    pathlib.Path(options.out).write_bytes(response.envelope)
    print(f"envelope saved: {options.out}")

    # What is known of it later: the request id, or the number printed on the report. Reading is an access, so the
    # officer is named each time.
    request_id, officer = household.header.request_id, household.header.officer
    number = client.get_verification(request_id, officer, options.timeout).report_number
    for key in ({"report_number": number}, {"request_id": request_id}):
        again = client.get_report(officer, options.timeout, **key)
        if again.verification_id != response.verification_id:
            raise AssertionError(f"another report than {number}")
    print(f"report {number}: read again by number and by request id")


def outcome_line(outcome: verification_pb2.SourceOutcome) -> str:
    answer = short_name(common_pb2.AnswerKind, outcome.kind)
    # Unknown is not none: whoever goes on with an outcome has to look at its kind, and at the reason.
    if outcome.reason:
        answer += f" ({short_name(common_pb2.Reason, outcome.reason)})"
    parts = [outcome.source_id or "-", outcome.person_id, outcome.category, answer]
    if outcome.data_day:
        parts.append(f"data of {outcome.data_day}")
    return "  ".join([*parts, f"{outcome.elapsed_ms} ms"])


def short_name(enum, number: int) -> str:
    """"FOUND" for ANSWER_KIND_FOUND. A number where a newer platform knows more values than this client."""
    prefixes = {"AnswerKind": "ANSWER_KIND_", "MatterState": "MATTER_STATE_", "Reason": "REASON_"}
    value = enum.DESCRIPTOR.values_by_number.get(number)
    return value.name.removeprefix(prefixes[enum.DESCRIPTOR.name]) if value else str(number)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("letters", help="RegisterAuthorizationsRequest in YAML")
    parser.add_argument("household", help="VerifyHouseholdRequest in YAML")
    for name, what in (
        ("server", "the platform, HOST:PORT"),
        ("ca", "PEM: who issues the platform's certificate"),
        ("cert", "PEM: the agency's certificate"),
        ("key", "PEM: its key"),
    ):
        given = os.environ.get(f"HEDUI_{name.upper()}")
        parser.add_argument(f"--{name}", help=f"{what} (or HEDUI_{name.upper()})", default=given, required=not given)
    parser.add_argument("--server-name", default="", help="name expected in the platform's certificate")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="for each call (default 60)")
    parser.add_argument("--out", default="report.hdr", metavar="FILE", help="where the envelope goes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
