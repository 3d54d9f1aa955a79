"""What becomes of one event, before anything is written: the rule that takes it, and each sink's record of it."""

from collections.abc import Mapping
from typing import Any, Literal

from distributary.access.key import Key
from distributary.delivery.claim_check import ClaimCheck
from distributary.errors import BadEvent
from distributary.events import Event, EventResult, Rejection, RoutedEvent, SinkName
from distributary.ingest.envelope import encode
from distributary.ingest.event_delivery import EventDelivery
from distributary.ingest.rules import Rules
from distributary.sinks.registry import Sinks


class Planner:
    """Plans events one by one; calls nobody."""

    def __init__(
        self, rules: Rules, sinks: Sinks, *, envelope: Literal["cloudevents", "none"], claim_check: ClaimCheck
    ) -> None:
        self._rules = rules
        self._sinks = sinks
        self._envelope: Literal["cloudevents", "none"] = envelope
        self._claim_check = claim_check

    def __call__(self, event: Event, key: Key | None = None) -> EventDelivery | EventResult:
        """The event with its records, or its rejection: what the key may not send, what no rule or no sink takes."""
        try:
            route = self._rules.route(event)
            if key:
                key.check_event(event.source, route.sinks)
            self._claim_check.refuse_forged(event)
            line = encode(event, self._envelope)
            delimited = self._envelope == "cloudevents" or isinstance(event.data, str)
            routed = RoutedEvent(event, route, line, caller=key.caller if key else "", delimited=delimited)
            delivery = EventDelivery(routed)
            for name in route.sinks:
                self._add_record(delivery, name)
            _refuse_if_all_skip(delivery)
        except BadEvent as error:
            return _rejected(event, error)
        return delivery

    def takes_claim(self, event: Event, name: SinkName) -> bool:
        """Whether the sink, for which the event is too large, gets it with a claim check in place of its data."""
        claimable = self._envelope == "cloudevents" and event.data is not None and "dataref" not in event.attributes
        return claimable and self._sinks[name].takes_claim_checks

    def described(self, delivery: EventDelivery) -> dict[SinkName, Mapping[str, Any]]:
        """For each sink what it gets of the event, or why it skips it, as JSON, in the rule's order."""
        return {name: self._described(delivery, name) for name in delivery.routed.route.sinks}

    def _described(self, delivery: EventDelivery, name: SinkName) -> Mapping[str, Any]:
        if name not in delivery.records:
            return delivery.receipts[name]
        sink, record = self._sinks[name], delivery.records[name]
        planned = {**sink.describe_record(record), "bytes": sink.size(record)}
        if name in delivery.oversize:
            planned["oversize"] = "claimCheck" if self.takes_claim(delivery.routed.event, name) else "deadLetter"
        return planned

    def _add_record(self, delivery: EventDelivery, name: SinkName) -> None:
        """Make the sink's record of this event, or note why the sink skips it."""
        sink = self._sinks[name]
        if reason := sink.why_skipped(delivery.routed):
            delivery.skip(name, reason)
            return
        record = delivery.records[name] = sink.record(delivery.routed)
        if sink.size(record) > sink.max_record_bytes:
            delivery.oversize.append(name)


def _refuse_if_all_skip(delivery: EventDelivery) -> None:
    if not delivery.records:
        reasons = "; ".join(f"{name}: {receipt['reason']}" for name, receipt in delivery.receipts.items())
        raise BadEvent("NothingToDo", f"every sink skips this event ({reasons})")


def _rejected(event: Event, error: BadEvent) -> EventResult:
    rejection = Rejection(event.index, error.code, error.detail, error.pointer, id=event.id, line=event.line)
    return EventResult(event, "rejected", {}, rejection)
