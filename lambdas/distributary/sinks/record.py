"""Records of every sink as JSON and back: how they wait in a queue and how they lie among the dead letters.

`data` and `payload` are text where the bytes are UTF-8, and base64 as `data_base64` or `payload_base64` where not.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

from distributary.events import SinkName
from distributary.iot_events.message import Message
from distributary.sinks.firehose import FirehoseRecord
from distributary.sinks.kinesis import KinesisRecord

Record = FirehoseRecord | KinesisRecord | Message

_OVERHEAD = 128
"""Bytes of JSON around a record's own, rounded up."""


def to_json(record: Record) -> dict[str, Any]:
    """The record as a JSON object that `from_json` reads back."""
    if isinstance(record, Message):
        members = {
            "messageId": record.message_id,
            "inputName": record.input_name,
            **_written("payload", record.payload),
        }
        optional = {
            "timestamp": record.timestamp_ms,
            "hops": record.hops or None,
            "acceptedAt": record.accepted_ms,
            "caller": record.caller or None,
        }
        return members | {name: value for name, value in optional.items() if value is not None}
    members = _written("data", record.data)
    if isinstance(record, FirehoseRecord):
        return members
    members["partitionKey"] = record.partition_key
    return members if record.explicit_hash_key is None else {**members, "explicitHashKey": record.explicit_hash_key}


def from_json(sink: SinkName, members: Mapping[str, Any]) -> Record:
    """The sink's record of a JSON object that `to_json` wrote. Raises KeyError, TypeError or ValueError for another."""
    return _READERS[sink](members)


def weight(record: Record) -> int:
    """About the bytes that a record takes as JSON where its data is text."""
    if isinstance(record, Message):
        return len(record.payload) + len(f"{record.message_id}{record.input_name}{record.caller}".encode()) + _OVERHEAD
    key = record.partition_key if isinstance(record, KinesisRecord) else ""
    return len(record.data) + len(key.encode()) + _OVERHEAD


def _written(name: str, data: bytes) -> dict[str, Any]:
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": b64encode(data).decode()}


def _read(name: str, members: Mapping[str, Any]) -> bytes:
    text = members.get(name)
    return b64decode(members[f"{name}_base64"], validate=True) if text is None else str(text).encode()


def _firehose(members: Mapping[str, Any]) -> FirehoseRecord:
    return FirehoseRecord(_read("data", members))


def _kinesis(members: Mapping[str, Any]) -> KinesisRecord:
    return KinesisRecord(_read("data", members), members["partitionKey"], members.get("explicitHashKey"))


def _message(members: Mapping[str, Any]) -> Message:
    payload = _read("payload", members)
    return Message(
        members["messageId"],
        members["inputName"],
        payload,
        members.get("timestamp"),
        hops=members.get("hops", 0),
        accepted_ms=members.get("acceptedAt"),
        caller=members.get("caller", ""),
    )


_READERS: Mapping[SinkName, Callable[[Mapping[str, Any]], Record]] = {
    "firehose": _firehose,
    "kinesis": _kinesis,
    "iot_events": _message,
}
