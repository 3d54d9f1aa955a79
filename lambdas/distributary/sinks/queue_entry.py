"""From a message to its place in the FIFO queue: the key it is grouped by, its two ids and its body.

A body is one JSON object, `{"inputName", "messageId", "key", "timestamp", "payload"}` in this order. `key` is the text
that the message is grouped by; `timestamp`, the client's, in milliseconds, is missing where it gave none; `payload` is
the client's own text, always an object, so that numbers keep their written form.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from distributary.errors import BadEvent
from distributary.json_text import Written, parse, written
from distributary.sinks.message import ErrorEntry, Message

_quoted = json.JSONEncoder(ensure_ascii=False).encode
_SEGMENT = re.compile(r"`([^`]+)`|([^.`]+)")


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One message as SQS takes it; `place` is its position in the request."""

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


class KeyPath:
    """A path into payloads, dotted, with backticks around a segment that has blanks: `reading.device`."""

    def __init__(self, path: str) -> None:
        self._segments = [quoted or plain for quoted, plain in _SEGMENT.findall(path)]

    def find(self, value: Any) -> Any:
        """What stands there, None where nothing does."""
        for segment in self._segments:
            if not isinstance(value, dict):
                return None
            value = value.get(segment)
        return value


def queue_entry(place: int, message: Message, path: KeyPath | None) -> QueueEntry:
    """The entry of a message whose input's key stands at `path`. Raises BadEvent for a payload that is no JSON object.

    group = unpadded base64url of SHA-256(input ‖ 0 ‖ key); deduplication id = the same of
    SHA-256(group ‖ 0 ‖ messageId), so that two groups never share one.
    """
    text, value = _object(message.payload) if message.value is None else (message.payload.decode(), message.value)
    key = _key(path, text, value) or message.message_id
    group = _digest(message.input_name, key)
    timestamp = f'"timestamp":{message.timestamp_ms},' if message.timestamp_ms is not None else ""
    names = f'"inputName":{_quoted(message.input_name)},"messageId":{_quoted(message.message_id)},"key":{_quoted(key)}'
    body = _storable(f'{{{names},{timestamp}"payload":{text}}}')
    return QueueEntry(place, message.message_id, group, _digest(group, message.message_id), body)


def _object(payload: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text, value = parse(payload.decode())
    except UnicodeDecodeError as error:
        raise BadEvent("InvalidUtf8", "the payload is not UTF-8") from error
    if not isinstance(value, dict):
        raise BadEvent("NotAnObject", "the payload is not a JSON object")
    return text, value


def _key(path: KeyPath | None, text: str, value: dict[str, Any]) -> str:
    """The key's text, "" where the payload has none that can be one; a number's is the form it was written in."""
    found = path.find(value) if path else None
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, int | float):
        again = path.find(written(text)) if path else None
        return again.text if isinstance(again, Written) else str(found)
    return found if isinstance(found, str) else ""


def _digest(one: str, other: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(f"{one}\0{other}".encode()).digest())[:-1].decode()


def _storable(text: str) -> str:
    """JSON text without the two characters of a JSON string that SQS refuses; their escapes mean the same.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatchRequestEntry.html
    """
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
