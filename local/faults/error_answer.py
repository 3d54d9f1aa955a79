"""AWS's own error answers, in the form of each protocol."""

from __future__ import annotations

import json
import uuid
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from botocore.exceptions import BotoCoreError
from botocore.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.faults.call import Call

# The errors that every service has ("Common error types" in each API reference); others are in the services' models.
COMMON = {
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "InternalServerErrorException": 500,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SlowDown": 503,
    "TooManyRequestsException": 429,
}


@lru_cache(maxsize=256)
def status_of(service: str, error: str) -> int:
    """The HTTP status that goes with an error, by the service's own model; 400 where nothing says otherwise."""
    try:
        model = Session().get_component("data_loader").load_service_model(service, "service-2")
    except BotoCoreError:
        model = {"shapes": {}}
    shape = model["shapes"].get(error)
    if shape is None or not shape.get("exception"):
        return COMMON.get(error, 400)
    return int(shape.get("error", {}).get("httpStatusCode") or (500 if shape.get("fault") else 400))


def error_answer(
    call: Call, error: str, message: str, status: int, start_response: Callable[..., object]
) -> list[bytes]:
    """Answers the call with the error."""
    request_id = str(uuid.uuid4())
    content_type, body = written(call, error, message, request_id, sender=status < HTTPStatus.INTERNAL_SERVER_ERROR)
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("x-amzn-RequestId", request_id),
        ("x-amzn-ErrorType", error),
    ]
    start_response(f"{status} {HTTPStatus(status).phrase if status in set(HTTPStatus) else 'Error'}", headers)
    return [b"" if call.environ["REQUEST_METHOD"] == "HEAD" else body]


def written(call: Call, error: str, message: str, request_id: str, *, sender: bool) -> tuple[str, bytes]:
    """The content type and the body of an error."""
    fault = f"<Code>{escape(error)}</Code><Message>{escape(message)}</Message>"
    if call.protocol == "xml":
        text = f"<Error>{fault}<RequestId>{request_id}</RequestId></Error>"
    elif call.protocol == "query":
        kind = "Sender" if sender else "Receiver"
        error_part = f"<Error><Type>{kind}</Type>{fault}</Error>"
        text = f"<ErrorResponse>{error_part}<RequestId>{request_id}</RequestId></ErrorResponse>"
    elif call.protocol == "json":
        named = f"com.amazonaws.sqs#{error}" if call.service == "sqs" else error
        given = call.environ.get("CONTENT_TYPE") or "application/x-amz-json-1.1"
        return given, json.dumps({"__type": named, "message": message}).encode()
    else:
        return "application/json", json.dumps({"message": message}).encode()
    return "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
