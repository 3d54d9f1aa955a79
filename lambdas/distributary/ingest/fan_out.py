"""From events to what became of each: rules choose, records are made, the sinks are written to at the same time.

An event over a sink's limit goes there with a claim check instead of its data; where that cannot be, it becomes a
dead letter.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from distributary.access.key import Key
from distributary.delivery.claim_check import ClaimCheck
from distributary.delivery.storing import StoringDelivery
from distributary.errors import SinkUnavailable
from distributary.events import Event, EventResult, Failure, Outcome, SinkName
from distributary.ingest.envelope import encode
from distributary.ingest.event_delivery import EventDelivery
from distributary.ingest.plan import Planner
from distributary.ingest.rules import Rules
from distributary.sinks.registry import Sinks
from distributary.sinks.sink import EventSink

Shipment = list[tuple[Any, list[EventDelivery]]]
"""The records for one sink, each with the events that it carries."""


class FanOut:
    """Sends events to the sinks that the rules choose; a call gives an EventResult for each event, in order."""

    def __init__(
        self,
        rules: Rules,
        sinks: Sinks,
        *,
        envelope: Literal["cloudevents", "none"],
        delivery: StoringDelivery,
        claim_check: ClaimCheck,
    ) -> None:
        self.plan = Planner(rules, sinks, envelope=envelope, claim_check=claim_check)
        """What becomes of an event, without writing anything."""
        self._sinks = sinks
        self._envelope: Literal["cloudevents", "none"] = envelope
        self._delivery = delivery
        self._claim_check = claim_check
        self._threads: ThreadPoolExecutor | None = None

    def __call__(self, events: Sequence[Event], deadline: float, key: Key | None = None) -> list[EventResult]:
        """An EventResult for each event; nothing new is tried after `deadline` (of the clock's `monotonic`).

        What the key may not send is rejected; without one, everything may be.
        """
        planned = [self.plan(event, key) for event in events]
        deliveries = [one for one in planned if isinstance(one, EventDelivery)]
        self._store_oversize(deliveries, deadline)
        shipments = {name: shipment for name in self._sinks if (shipment := self._shipment(name, deliveries))}
        for name, outcomes in self._send(shipments, deadline).items():
            for (_, joined), outcome in zip(shipments[name], outcomes, strict=True):
                for delivery in joined:
                    delivery.note(name, outcome)
        return [_result(one) if isinstance(one, EventDelivery) else one for one in planned]

    def _store_oversize(self, deliveries: Sequence[EventDelivery], deadline: float) -> None:
        """Replace the data of records over the limit by claim checks; dead-letter the records that stay over it."""
        for delivery in deliveries:
            if delivery.oversize:
                self._claim(delivery, deadline)
        for name, sink in self._sinks.items():
            if oversize := [delivery for delivery in deliveries if name in delivery.oversize]:
                records = [delivery.records.pop(name) for delivery in oversize]
                failures = [_too_large(sink, record) for record in records]
                outcome = self._delivery.dead_letter(name, records, failures, until=deadline)
                for delivery in oversize:
                    delivery.note(name, outcome)

    def _claim(self, delivery: EventDelivery, deadline: float) -> None:
        """Give the sinks that take claim checks a record with a `dataref` instead of the data."""
        taking = [name for name in delivery.oversize if self.plan.takes_claim(delivery.routed.event, name)]
        if not taking:
            return
        try:
            claim = self._claim_check.check_in(delivery.routed.event, until=deadline)
        except SinkUnavailable as error:
            for name in taking:
                del delivery.records[name]
                delivery.oversize.remove(name)
                delivery.note(name, Failure(error.code, error.detail, retryable=True))
            return
        claimed = delivery.routed._replace(line=encode(claim, self._envelope))
        for name in taking:
            record = self._sinks[name].record(claimed)
            if self._sinks[name].size(record) <= self._sinks[name].max_record_bytes:
                delivery.records[name] = record
                delivery.oversize.remove(name)

    def _shipment(self, name: SinkName, deliveries: Sequence[EventDelivery]) -> Shipment:
        """The sink's records, each with the events it carries."""
        chosen = [delivery for delivery in deliveries if name in delivery.records]
        joined = self._sinks[name].joined([one.records[name] for one in chosen], [one.routed for one in chosen])
        return [(record, [chosen[place] for place in places]) for record, places in joined]

    def _send(self, shipments: Mapping[SinkName, Shipment], deadline: float) -> dict[SinkName, list[Outcome]]:
        """Each sink's outcomes; the sinks are written to at the same time."""

        def send(name: SinkName) -> list[Outcome]:
            records = [record for record, _ in shipments[name]]
            return self._delivery.deliver(self._sinks[name], records, deadline=deadline)

        names = list(shipments)
        if len(names) <= 1:
            return {name: send(name) for name in names}
        # Made on the first request, not at import: threads do not survive a snapshot.
        self._threads = self._threads or ThreadPoolExecutor(max_workers=len(self._sinks), thread_name_prefix="sink")
        waiting = {name: self._threads.submit(send, name) for name in names}
        return {name: future.result() for name, future in waiting.items()}


def _too_large(sink: EventSink[Any], record: Any) -> Failure:
    detail = f"{sink.size(record)} bytes; {sink.name} takes {sink.max_record_bytes}"
    return Failure("TooLarge", detail, retryable=False, permanent=True)


def _result(delivery: EventDelivery) -> EventResult:
    in_order = {name: delivery.receipts[name] for name in delivery.routed.route.sinks}
    status: Literal["accepted", "retry"] = "accepted" if delivery.stored else "retry"
    return EventResult(delivery.routed.event, status, in_order, rule=delivery.routed.route.rule)
