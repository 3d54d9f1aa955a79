"""One event's way to its sinks: the record that each of them gets of it, and what came back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from distributary.events import Failure, Outcome, Receipt, RoutedEvent, SinkName


@dataclass(slots=True)
class EventDelivery:
    """`records` are the event's record for each sink, `receipts` what came back.

    `oversize` are the sinks whose record is over their limit.
    """

    routed: RoutedEvent
    records: dict[SinkName, Any] = field(default_factory=dict)
    receipts: dict[SinkName, Mapping[str, Any]] = field(default_factory=dict)
    oversize: list[SinkName] = field(default_factory=list)
    stored: bool = True

    def skip(self, name: SinkName, reason: str) -> None:
        """Write down why the sink gets nothing of this event."""
        self.receipts[name] = {"skipped": True, "reason": reason}

    def note(self, name: SinkName, outcome: Outcome) -> None:
        """Write down what became of the sink's record."""
        if isinstance(outcome, Receipt):
            self.receipts[name] = outcome.values
        else:
            self.receipts[name] = {"error": _described(outcome)}
            self.stored = False


def _described(failure: Failure) -> dict[str, str]:
    return {"code": failure.code, "detail": failure.detail}
