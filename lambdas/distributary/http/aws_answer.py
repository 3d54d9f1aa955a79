"""Answers in AWS JSON 1.1: what was asked for, or AWS's own error."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from distributary.errors import BadRequest, SinkUnavailable
from distributary.events import Failure, Outcome, Receipt
from distributary.http.aws_errors import as_the_api_says, entry, status
from distributary.http.request import Request, Response

CONTENT_TYPE = "application/x-amz-json-1.1"


@dataclass(frozen=True, slots=True)
class Done:
    """What an operation answers, how many records came and how many of them are still refused."""

    members: Mapping[str, Any]
    records: int = 0
    refused: int = 0


def answer(done: Done, operation: str, request: Request) -> Response:
    """A 200 with the operation's members."""
    headers = {"content-type": CONTENT_TYPE, "x-amzn-requestid": request.id}
    body = json.dumps(done.members, separators=(",", ":"), default=_seconds)
    log = {"operation": operation, "received": done.records, "refused": done.refused}
    return Response(200, body, headers, log, max(1, done.records))


def error_answer(error: BadRequest | SinkUnavailable, request: Request) -> Response:
    """The error as AWS says it; the log tells what was behind it."""
    if isinstance(error, BadRequest):
        code, detail = error.code, error.detail
    else:
        code, detail = as_the_api_says(error, request.headers.get("x-amz-target", ""))
    headers = {"content-type": CONTENT_TYPE, "x-amzn-requestid": request.id, "x-amzn-errortype": code}
    body = json.dumps({"__type": code, "message": detail})
    return Response(status(code), body, headers, {"error": error.code})


def entries(outcomes: Sequence[Outcome], names: Mapping[str, str], target: str) -> tuple[list[dict[str, str]], int]:
    """An entry for each outcome, `names` from a receipt's words to AWS's, and how many are refused.

    Raises SinkUnavailable where no record was stored because the calls failed: AWS says that with an error, too.
    """
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if len(failures) == len(outcomes) and not any(failure.retryable for failure in failures):
        raise SinkUnavailable(failures[0].code, failures[0].detail, retryable=not failures[0].permanent)
    return [_entry(outcome, names, target) for outcome in outcomes], len(failures)


def _entry(outcome: Outcome, names: Mapping[str, str], target: str) -> dict[str, str]:
    if isinstance(outcome, Receipt):
        return {awss: outcome.values[ours] for ours, awss in names.items()}
    code, detail = entry(outcome, target)
    return {"ErrorCode": code, "ErrorMessage": detail}


def _seconds(value: object) -> float:
    """A time as AWS JSON writes it: seconds since 1970."""
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(type(value).__name__)
