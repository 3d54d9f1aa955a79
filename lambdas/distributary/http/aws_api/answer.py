"""Answers of the AWS-compatible API, in the form that was asked in: what was asked for, or AWS's own error."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from distributary.errors import BadRequest, SinkUnavailable
from distributary.events import Failure, Outcome, Receipt
from distributary.http.aws_api.aws_errors import as_the_api_says, entry, error_status
from distributary.http.request import Request, Response

JSON = "application/x-amz-json-1.1"
CBOR = "application/x-amz-cbor-1.1"


class Answer(NamedTuple):
    """What an operation answers, how many records came and how many of them are still refused."""

    members: Mapping[str, Any]
    records: int = 0
    refused: int = 0


def speaks_cbor(request: Request) -> bool:
    """Whether the request is in CBOR, as the Java SDK's are to Kinesis by default."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == CBOR


def answer(done: Answer, operation: str, request: Request) -> Response:
    """A 200 with the operation's members."""
    log = {"operation": operation, "received": done.records, "refused": done.refused}
    return _response(200, done.members, request, log, events=max(1, done.records))


def error_answer(error: BadRequest | SinkUnavailable, request: Request) -> Response:
    """The error as AWS says it; the log tells what was behind it."""
    if isinstance(error, BadRequest):
        code, detail = error.code, error.detail
    else:
        code, detail = as_the_api_says(error, request.headers.get("x-amz-target", ""))
    return named_error(code, detail, request, {"error": error.code})


def named_error(code: str, detail: str, request: Request, log: Mapping[str, Any]) -> Response:
    """An error of this API by its name, which is in the body and in a header."""
    response = _response(error_status(code), {"__type": code, "message": detail}, request, log)
    return response.with_headers({"x-amzn-errortype": code})


def _response(
    status_code: int, members: Mapping[str, Any], request: Request, log: Mapping[str, Any], events: int = 1
) -> Response:
    headers = {"content-type": JSON, "x-amzn-requestid": request.id}
    if not speaks_cbor(request):
        body = json.dumps(members, separators=(",", ":"), default=_seconds)
        return Response(status_code, body, headers, log, events)
    from distributary.http.aws_api import cbor  # noqa: PLC0415 - one client in many speaks it

    body = b64encode(cbor.write_cbor(members)).decode()
    return Response(status_code, body, {**headers, "content-type": CBOR}, log, events, base64=True)


def entries_of(outcomes: Sequence[Outcome], names: Mapping[str, str], target: str) -> tuple[list[dict[str, str]], int]:
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
