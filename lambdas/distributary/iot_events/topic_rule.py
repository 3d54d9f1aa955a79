"""What the SELECT of a topic rule of IoT Core hands over: payloads for an input, each with its messageId."""

import json
from math import isfinite
from typing import Any, NamedTuple

from distributary.iot_events.values import UNREADABLE, keep_json

MESSAGE_ID_MEMBER = "distributaryMessageId"
"""The member of a SELECT's result that brings the messageId; it is no part of the payload."""


class Part(NamedTuple):
    """One message: `payload` is JSON, not checked yet whether it is an object."""

    message_id: str
    payload: bytes


def parts(event: Any, *, batch: bool, request_id: str) -> list[Part]:
    """The messages of one asynchronous call; with `batch` each element of an array is one.

    `request_id` is the same each time that Lambda tries a call again, so ids that are made of it are the same too.
    """
    if batch and isinstance(event, list):
        return [Part(f"{request_id}-{number}", _payload(one)) for number, one in enumerate(event)]
    if isinstance(event, dict) and MESSAGE_ID_MEMBER in event and not batch:
        others = {name: value for name, value in event.items() if name != MESSAGE_ID_MEMBER}
        return [Part(_id(event[MESSAGE_ID_MEMBER]), _payload(others))]
    return [Part(request_id, _payload(event))]


def _id(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _payload(value: Any) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = keep_json(_kept(value))
    return text.encode("utf-8", "surrogatepass")


def _kept(value: Any) -> Any:
    """The value with what detectors cannot read in place of numbers that Lambda's runtime read as infinite (1e400)."""
    if isinstance(value, dict):
        return {name: _kept(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_kept(inner) for inner in value]
    return UNREADABLE if isinstance(value, float) and not isfinite(value) else value
