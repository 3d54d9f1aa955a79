"""From events to what became of each: rules choose, records are made, the sinks are written to at the same time.

An event over a stream's limit goes there with a claim check instead of its data; where that cannot be, it becomes a
dead letter.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from distributary.access.key import Key
from distributary.delivery.claim_check import ClaimCheck
from distributary.delivery.storing import StoringDelivery
from distributary.errors import BadEvent, SinkUnavailable
from distributary.events import Event, EventResult, Failure, Outcome, Rejection, SinkName
from distributary.ingest.envelope import encode
from distributary.ingest.routed_event import RoutedEvent
from distributary.ingest.rules import Rules
from distributary.iot_events.queue_entry import why_unreadable
from distributary.iot_events.routing import Readers
from distributary.settings import Settings
from distributary.sinks.firehose import join
from distributary.sinks.sink import Sink

Sinks = Mapping[SinkName, Sink[Any]]


class FanOut:
    """Takes events to the sinks that the rules choose; a call gives a Fate for each event, in order."""

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        sinks: Sinks,
        *,
        custody: StoringDelivery,
        claim_check: ClaimCheck,
        readers: Readers | None = None,
    ) -> None:
        self._settings = settings
        self._rules = rules
        self._sinks = sinks
        self._custody = custody
        self._claim_check = claim_check
        self._readers = readers
        self._threads: ThreadPoolExecutor | None = None

    def __call__(self, events: Sequence[Event], deadline: float, key: Key | None = None) -> list[EventResult]:
        """A Fate for each event; nothing new is tried after `deadline` (of the clock's `monotonic`).

        What the key may not send is rejected; without one, everything may be.
        """
        planned = [self._plan(event, key) for event in events]
        parcels = [parcel for parcel in planned if isinstance(parcel, RoutedEvent)]
        self._store_what_is_too_large(parcels, deadline)
        shipments = {name: shipment for name in self._sinks if (shipment := self._shipment(name, parcels))}
        for name, outcomes in self._send(shipments, deadline).items():
            for (_, addressees), outcome in zip(shipments[name], outcomes, strict=True):
                for parcel in addressees:
                    parcel.note(name, outcome)
        return [_fate(parcel) if isinstance(parcel, RoutedEvent) else parcel for parcel in planned]

    def _plan(self, event: Event, key: Key | None) -> RoutedEvent | EventResult:
        try:
            route = self._rules.route(event)
            if key:
                key.check_event(event.source, route.sinks)
            self._claim_check.refuse_forged(event)
            line = encode(event, self._settings.envelope)
            parcel = RoutedEvent(event, route, line, caller=key.caller if key else "")
            for name in parcel.route.sinks:
                self._address(parcel, name)
            _refuse_if_all_skip(parcel)
        except BadEvent as error:
            return _rejected(event, error)
        return parcel

    def _address(self, parcel: RoutedEvent, name: SinkName) -> None:
        """Make the sink's record of this event, or note why the sink skips it."""
        sink = self._sinks[name]
        if name == "iot_events" and (reason := self._why_unread(parcel)):
            parcel.skip(name, reason)
            return
        record = parcel.records[name] = parcel.record(name)
        if sink.size(record) > sink.max_record_bytes:
            parcel.oversize.append(name)
        elif name == "iot_events" and (reason := _why_unreadable(parcel.event)):  # only of what is not too large
            parcel.skip(name, reason)

    def _why_unread(self, parcel: RoutedEvent) -> str | None:
        """Why the event is for no detector, by its kind and its key; None for one, or where another service knows."""
        if not isinstance(parcel.event.value, dict):
            return "its data is not a JSON object"
        return self._readers.why_unread(parcel.route.input or "", parcel.event.value) if self._readers else None

    def _store_what_is_too_large(self, parcels: Sequence[RoutedEvent], deadline: float) -> None:
        """Put large data into the bucket: what a sink still takes then is a record, what it does not is no more."""
        for parcel in parcels:
            if parcel.oversize and self._may_be_claimed(parcel.event):
                self._claim(parcel, deadline)
        for name, sink in self._sinks.items():
            if too_large := [parcel for parcel in parcels if name in parcel.oversize]:
                records = [parcel.records.pop(name) for parcel in too_large]
                failures = [_too_large(sink, record) for record in records]
                outcome = self._custody.dead_letter(name, records, failures, until=deadline)
                for parcel in too_large:
                    parcel.note(name, outcome)

    def _may_be_claimed(self, event: Event) -> bool:
        return self._settings.envelope == "cloudevents" and event.data is not None and "dataref" not in event.attributes

    def _claim(self, parcel: RoutedEvent, deadline: float) -> None:
        """Give the streams a record with a `dataref` instead of the data. IoT Events knows no such thing."""
        streams = [name for name in parcel.oversize if name != "iot_events"]
        if not streams:
            return
        try:
            claim = self._claim_check.check_in(parcel.event, until=deadline)
        except SinkUnavailable as error:
            for name in streams:
                del parcel.records[name]
                parcel.oversize.remove(name)
                parcel.note(name, Failure(error.code, error.detail, retryable=True))
            return
        claimed = replace(parcel, line=encode(claim, self._settings.envelope))
        for name in streams:
            record = claimed.record(name)
            if self._sinks[name].size(record) <= self._sinks[name].max_record_bytes:
                parcel.records[name] = record
                parcel.oversize.remove(name)

    def _shipment(self, name: SinkName, parcels: Sequence[RoutedEvent]) -> list[tuple[Any, list[RoutedEvent]]]:
        """The sink's records, each with the events it carries."""
        addressed = [parcel for parcel in parcels if name in parcel.records]
        if name == "firehose" and self._settings.join:
            together = [parcel for parcel in addressed if self._joinable(parcel.event)]
            alone = [parcel for parcel in addressed if not self._joinable(parcel.event)]
            joined = join([parcel.records[name].data for parcel in together])
            return [(record, [together[place] for place in places]) for record, places in joined] + [
                (parcel.records[name], [parcel]) for parcel in alone
            ]
        return [(parcel.records[name], [parcel]) for parcel in addressed]

    def _joinable(self, event: Event) -> bool:
        """Whether a newline ends the event for its readers: opaque bytes as they are may hold some of their own."""
        return self._settings.envelope == "cloudevents" or isinstance(event.data, str)

    def _send(
        self, shipments: Mapping[SinkName, list[tuple[Any, list[RoutedEvent]]]], deadline: float
    ) -> dict[SinkName, list[Outcome]]:
        """Each sink's outcomes; the sinks are written to at the same time."""

        def send(name: SinkName) -> list[Outcome]:
            records = [record for record, _ in shipments[name]]
            return self._custody.deliver(self._sinks[name], records, deadline=deadline)

        names = list(shipments)
        if len(names) <= 1:
            return {name: send(name) for name in names}
        # Made on the first request, not at import: threads do not survive a snapshot.
        self._threads = self._threads or ThreadPoolExecutor(max_workers=len(self._sinks), thread_name_prefix="sink")
        waiting = {name: self._threads.submit(send, name) for name in names}
        return {name: future.result() for name, future in waiting.items()}


def _why_unreadable(event: Event) -> str | None:
    """Why no detector could read the event's object; None where it can be read."""
    why = why_unreadable(event.data, event.value) if isinstance(event.data, str) else None
    return why and f"its data is {why}"


def _refuse_if_all_skip(parcel: RoutedEvent) -> None:
    if not parcel.records:
        reasons = "; ".join(f"{name}: {receipt['reason']}" for name, receipt in parcel.receipts.items())
        raise BadEvent("NothingToDo", f"every sink skips this event ({reasons})")


def _too_large(sink: Sink[Any], record: Any) -> Failure:
    detail = f"{sink.size(record)} bytes; {sink.name} takes {sink.max_record_bytes}"
    return Failure("TooLarge", detail, retryable=False, permanent=True)


def _fate(parcel: RoutedEvent) -> EventResult:
    in_order = {name: parcel.receipts[name] for name in parcel.route.sinks}
    return EventResult(parcel.event, "accepted" if parcel.stored else "retry", in_order)


def _rejected(event: Event, error: BadEvent) -> EventResult:
    rejection = Rejection(event.index, error.code, error.detail, error.pointer, id=event.id, line=event.line)
    return EventResult(event, "rejected", {}, rejection)
