"""What fake sinks make of events: the same as the real sink of their name."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from distributary.events import RoutedEvent
from distributary.iot_events.routing import Readers
from distributary.sinks.firehose import FirehoseSink
from distributary.sinks.iot_events import IotEventsSink
from distributary.sinks.kinesis import KinesisSink


class AsRealSink:
    """A mixin for fakes that have a `name` and `max_record_bytes`."""

    name: str
    max_record_bytes: int
    join = True
    readers: Readers | None = None

    @property
    def takes_claim_checks(self) -> bool:
        """As the real one."""
        return self._real().takes_claim_checks

    def record(self, routed: RoutedEvent) -> Any:
        """As the real one."""
        return self._real().record(routed)

    def why_skipped(self, routed: RoutedEvent) -> str | None:
        """As the real one."""
        return self._real().why_skipped(routed)

    def joined(self, records: Sequence[Any], events: Sequence[RoutedEvent]) -> list[tuple[Any, list[int]]]:
        """As the real one."""
        return self._real().joined(records, events)

    def _real(self) -> Any:
        if self.name == "firehose":
            return FirehoseSink(None, "d", join=self.join)
        if self.name == "kinesis":
            return KinesisSink(None, "s")
        limits = SimpleNamespace(max_messages=500, max_payload_bytes=self.max_record_bytes, max_bytes=1 << 30)
        return IotEventsSink(limits, self.readers)
