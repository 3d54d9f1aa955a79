"""From a message to its places in the FIFO queue: one for each detector it is for, with its two ids and its body.

A body is one JSON object, `{"model", "key", "inputName", "messageId", "hops", "timestamp", "acceptedAt", "payload"}` in
this order. `key` is null for a model without one; `hops` (how many detectors handed it on), `timestamp` (the client's)
and `acceptedAt` (of a message that waited elsewhere before; both in milliseconds) are missing where there are none;
`payload` is the client's own text, always an object, so that numbers keep their written form.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from distributary.errors import BadEvent
from distributary.iot_events.message import ErrorEntry, Message
from distributary.iot_events.values import MOST_JSON_NESTING
from distributary.json_text.bounds import is_deeper
from distributary.json_text.text import parse_json

if TYPE_CHECKING:
    from distributary.iot_events.routing import Readers, Target

_quoted = json.JSONEncoder(ensure_ascii=False).encode


class QueueEntry(NamedTuple):
    """One message as SQS takes it for one detector; `place` is its position in the request."""

    place: int
    message_id: str
    group: str
    deduplication_id: str
    body: str

    def size(self) -> int:
        """The bytes that SQS counts."""
        return len(self.body) if self.body.isascii() else len(self.body.encode())

    def refused(self, code: str, text: str) -> ErrorEntry:
        """What the client hears where the queue does not take it."""
        return ErrorEntry(self.message_id, code, text)


def queue_entries(place: int, message: Message, readers: "Readers", *, dedup: bool = True) -> list[QueueEntry]:
    """An entry for each detector that the message is for. Raises BadEvent for a payload that no detector can read.

    Without `dedup` a message that is sent again is another one.
    """
    known = message.value is not None
    text, value = (message.payload.decode(), message.value or {}) if known else _object(message.payload)
    if not known and (why := why_unreadable(text, value)):  # whoever knows its value has looked at it
        raise BadEvent("Unreadable", f"the payload is {why}")
    return [_entry(place, message, text, target, dedup=dedup) for target in readers.targets(message.input_name, value)]


def _entry(place: int, message: Message, text: str, target: "Target", *, dedup: bool) -> QueueEntry:
    model, key = target
    own = _deduplication_id(message, target) if dedup else secrets.token_urlsafe(32)
    more = f'"hops":{message.hops},' if message.hops else ""
    more += f'"timestamp":{message.timestamp_ms},' if message.timestamp_ms is not None else ""
    more += f'"acceptedAt":{message.accepted_ms},' if message.accepted_ms is not None else ""
    detector = f'"model":{_quoted(model)},"key":{_quoted(key)}'
    names = f'"inputName":{_quoted(message.input_name)},"messageId":{_quoted(message.message_id)}'
    body = storable(f'{{{detector},{names},{more}"payload":{text}}}')
    return QueueEntry(place, message.message_id, group_of(model, key), own, body)


def _deduplication_id(message: Message, target: "Target") -> str:
    """What SQS recognises a repeated message by. The caller is part of it, else one could suppress another's messages.

    A message without a caller has the id that it had before callers were known: it may wait since then.
    """
    model, key = target
    caller = (message.caller,) if message.caller else ()
    return digest(model, key or "", message.input_name, message.message_id, *caller)


def group_of(model: str, key: str | None) -> str:
    """The message group in which one detector's messages and wake-ups stay in order."""
    return digest(model, key or "")


def digest(*parts: str) -> str:
    """Unpadded base64url of SHA-256 of the parts with a zero byte between them: SQS's ids are shorter than ours."""
    return urlsafe_b64encode(hashlib.sha256("\0".join(parts).encode()).digest())[:-1].decode()


def _object(payload: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text, value = parse_json(payload.decode())
    except UnicodeDecodeError as error:
        raise BadEvent("InvalidUtf8", "the payload is not UTF-8") from error
    if not isinstance(value, dict):
        raise BadEvent("NotAnObject", "the payload is not a JSON object")
    return text, value


def why_unreadable(text: str, value: dict[str, Any]) -> str | None:
    """Why no detector can read an object, given as JSON text and as what it means; None where it can be read."""
    if text.count("{") + text.count("[") > MOST_JSON_NESTING and is_deeper(value, MOST_JSON_NESTING):
        return f"nested more than {MOST_JSON_NESTING} deep"
    return None


def storable(text: str) -> str:
    """JSON text without the two characters of a JSON string that SQS refuses; their escapes mean the same.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatchRequestEntry.html
    """
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
