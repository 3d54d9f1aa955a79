"""One event on its way to the sinks: the record that each of them gets of it, and what came back."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from distributary.events import Event, Failure, Outcome, Receipt, SinkName
from distributary.ingest.rules import Route
from distributary.iot_events.message import Message
from distributary.sinks.firehose import FirehoseRecord
from distributary.sinks.kinesis import KinesisRecord
from distributary.sinks.record import Record


@dataclass(slots=True)
class RoutedEvent:
    """One event: `line` is its envelope, `records` what goes where, `receipts` what came back from where.

    `oversize` are the sinks whose record is over their limit, `caller` is who sent it (`access.Key.caller`).
    """

    event: Event
    route: Route
    line: bytes
    records: dict[SinkName, Any] = field(default_factory=dict)
    receipts: dict[SinkName, Mapping[str, Any]] = field(default_factory=dict)
    oversize: list[SinkName] = field(default_factory=list)
    stored: bool = True
    caller: str = ""

    def record(self, name: SinkName) -> Record:
        """The event in the form that the sink takes."""
        return _MAKERS[name](self)

    def skip(self, name: SinkName, reason: str) -> None:
        """Write down why the sink gets nothing of this event."""
        self.records.pop(name, None)
        self.receipts[name] = {"skipped": True, "reason": reason}

    def note(self, name: SinkName, outcome: Outcome) -> None:
        """Write down what became of the sink's record."""
        if isinstance(outcome, Receipt):
            self.receipts[name] = outcome.values
        else:
            self.receipts[name] = {"error": _described(outcome)}
            self.stored = False


def message_id(event: Event) -> str:
    """The messageId that stands for an event: 43 characters that depend on its `source` and `id` alone."""
    digest = hashlib.sha256(f"{event.source}\0{event.id}".encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


@lru_cache(maxsize=64)
def _milliseconds(time: str) -> int | None:
    """The event's time as BatchPutMessage writes it; None for one that it cannot carry (a leap second, before 1970)."""
    try:
        milliseconds = round(datetime.fromisoformat(time.upper()).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return milliseconds if milliseconds > 0 else None


def _described(failure: Failure) -> dict[str, str]:
    return {"code": failure.code, "detail": failure.detail}


def _firehose_record(parcel: RoutedEvent) -> FirehoseRecord:
    return FirehoseRecord(parcel.line + b"\n")


def _kinesis_record(parcel: RoutedEvent) -> KinesisRecord:
    return KinesisRecord(parcel.line, parcel.route.partition_key, parcel.route.explicit_hash_key)


def _message(parcel: RoutedEvent) -> Message:
    event = parcel.event
    payload = event.data.encode() if isinstance(event.data, str) else bytes(event.data or b"")
    time = _milliseconds(str(event.attributes["time"]))
    return Message(message_id(event), parcel.route.input or "", payload, time, event.value, caller=parcel.caller)


_MAKERS: Mapping[SinkName, Callable[[RoutedEvent], Record]] = {
    "firehose": _firehose_record,
    "kinesis": _kinesis_record,
    "iot_events": _message,
}
