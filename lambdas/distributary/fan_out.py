"""From events to what became of each: rules choose, records are made, the sinks are written to at the same time."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from distributary.access import Key
from distributary.clock import Clock
from distributary.delivery import deliver
from distributary.envelope import encode
from distributary.errors import BadEvent
from distributary.events import Event, Failure, Fate, Outcome, Receipt, Rejection, SinkName
from distributary.rules import Route, Rules
from distributary.settings import Settings
from distributary.sinks.firehose import FirehoseRecord, join
from distributary.sinks.iot_events import Message
from distributary.sinks.kinesis import KinesisRecord
from distributary.sinks.sink import Sink

Sinks = Mapping[SinkName, Sink[Any]]


@dataclass(slots=True)
class _Parcel:
    """One event on its way: what goes where, and what came back."""

    event: Event
    route: Route
    line: bytes
    records: dict[SinkName, Any] = field(default_factory=dict)
    receipts: dict[SinkName, Mapping[str, Any]] = field(default_factory=dict)
    stored: bool = True


class FanOut:
    """Takes events to the sinks that the rules choose; a call gives a Fate for each event, in order."""

    def __init__(self, settings: Settings, rules: Rules, sinks: Sinks, clock: Clock) -> None:
        self._settings = settings
        self._rules = rules
        self._sinks = sinks
        self._clock = clock
        self._threads: ThreadPoolExecutor | None = None

    def __call__(self, events: Sequence[Event], deadline: float, key: Key | None = None) -> list[Fate]:
        """A Fate for each event; nothing new is tried after `deadline` (of the clock's `monotonic`).

        What the key may not send is rejected; without one, everything may be.
        """
        planned = [self._plan(event, key) for event in events]
        parcels = [parcel for parcel in planned if isinstance(parcel, _Parcel)]
        shipments = {name: shipment for name in self._sinks if (shipment := self._shipment(name, parcels))}
        for name, outcomes in self._send(shipments, deadline).items():
            for (_, addressees), outcome in zip(shipments[name], outcomes, strict=True):
                for parcel in addressees:
                    _note(parcel, name, outcome)
        return [_fate(parcel) if isinstance(parcel, _Parcel) else parcel for parcel in planned]

    def _plan(self, event: Event, key: Key | None) -> "_Parcel | Fate":
        try:
            route = self._rules.route(event)
            if key:
                key.check_event(event.source, route.sinks)
            parcel = _Parcel(event, route, encode(event, self._settings.envelope))
            for name in parcel.route.sinks:
                self._address(parcel, name)
            _refuse_if_all_skip(parcel)
        except BadEvent as error:
            return _rejected(event, error)
        return parcel

    def _address(self, parcel: _Parcel, name: SinkName) -> None:
        """Make the sink's record of this event, or note why the sink skips it. Raises BadEvent if it is too large."""
        sink = self._sinks[name]
        if name == "iot_events" and not isinstance(parcel.event.value, dict):
            parcel.receipts[name] = {"skipped": True, "reason": "its data is not a JSON object"}
            return
        record = _MAKERS[name](parcel)
        if (size := sink.size(record)) > sink.max_record_bytes:
            raise BadEvent("EventTooLarge", f"{size} bytes; {name} takes {sink.max_record_bytes}")
        parcel.records[name] = record

    def _shipment(self, name: SinkName, parcels: Sequence[_Parcel]) -> list[tuple[Any, list[_Parcel]]]:
        """The sink's records, each with the events it carries."""
        addressed = [parcel for parcel in parcels if name in parcel.records]
        if name == "firehose" and self._settings.join:
            together = [parcel for parcel in addressed if self._joinable(parcel.event)]
            alone = [parcel for parcel in addressed if not self._joinable(parcel.event)]
            joined = join([parcel.line + b"\n" for parcel in together])
            return [(record, [together[place] for place in places]) for record, places in joined] + [
                (parcel.records[name], [parcel]) for parcel in alone
            ]
        return [(parcel.records[name], [parcel]) for parcel in addressed]

    def _joinable(self, event: Event) -> bool:
        """Whether a newline ends the event for its readers: opaque bytes as they are may hold some of their own."""
        return self._settings.envelope == "cloudevents" or isinstance(event.data, str)

    def _send(
        self, shipments: Mapping[SinkName, list[tuple[Any, list[_Parcel]]]], deadline: float
    ) -> dict[SinkName, list[Outcome]]:
        """Each sink's outcomes; the sinks are written to at the same time."""

        def send(name: SinkName) -> list[Outcome]:
            records = [record for record, _ in shipments[name]]
            return deliver(self._sinks[name], records, deadline=deadline, clock=self._clock)

        names = list(shipments)
        if len(names) <= 1:
            return {name: send(name) for name in names}
        # Made on the first request, not at import: threads do not survive a snapshot.
        self._threads = self._threads or ThreadPoolExecutor(max_workers=len(self._sinks), thread_name_prefix="sink")
        waiting = {name: self._threads.submit(send, name) for name in names}
        return {name: future.result() for name, future in waiting.items()}


def _refuse_if_all_skip(parcel: _Parcel) -> None:
    if not parcel.records:
        reasons = "; ".join(f"{name}: {receipt['reason']}" for name, receipt in parcel.receipts.items())
        raise BadEvent("NothingToDo", f"every sink skips this event ({reasons})")


def _note(parcel: _Parcel, name: SinkName, outcome: Outcome) -> None:
    if isinstance(outcome, Receipt):
        parcel.receipts[name] = outcome.values
    else:
        parcel.receipts[name] = {"error": _described(outcome)}
        parcel.stored = False


def _described(failure: Failure) -> dict[str, str]:
    return {"code": failure.code, "detail": failure.detail}


def _fate(parcel: _Parcel) -> Fate:
    in_order = {name: parcel.receipts[name] for name in parcel.route.sinks}
    return Fate(parcel.event, "accepted" if parcel.stored else "retry", in_order)


def _rejected(event: Event, error: BadEvent) -> Fate:
    rejection = Rejection(event.index, error.code, error.detail, error.pointer, id=event.id, line=event.line)
    return Fate(event, "rejected", {}, rejection)


def _firehose_record(parcel: _Parcel) -> FirehoseRecord:
    return FirehoseRecord(parcel.line + b"\n")


def _kinesis_record(parcel: _Parcel) -> KinesisRecord:
    return KinesisRecord(parcel.line, parcel.route.partition_key, parcel.route.explicit_hash_key)


def _message(parcel: _Parcel) -> Message:
    event = parcel.event
    payload = event.data.encode() if isinstance(event.data, str) else bytes(event.data or b"")
    time = _milliseconds(str(event.attributes["time"]))
    return Message(message_id(event), parcel.route.input or "", payload, time, event.value)


_MAKERS: Mapping[SinkName, Any] = {"firehose": _firehose_record, "kinesis": _kinesis_record, "iot_events": _message}


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
