"""Every sink there is, in the order in which documents name them. A new sink is registered here."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from distributary import metrics
from distributary.events import SinkName
from distributary.sinks import firehose, iot_events, kinesis
from distributary.sinks.sink import EventSink, SinkContext, SinkKind, SinkSettings

SINKS: tuple[SinkKind[Any], ...] = (firehose.KIND, kinesis.KIND, iot_events.KIND)

KINDS: Mapping[SinkName, SinkKind[Any]] = {kind.name: kind for kind in SINKS}
SINK_NAMES: tuple[SinkName, ...] = tuple(KINDS)

EVERY_UNIT: Mapping[str, str | None] = {
    **metrics.UNITS,
    **{name: unit for kind in SINKS for name, unit in kind.metrics.units.items()},
}
"""Every metric there is, with its unit."""

NOTEWORTHY: frozenset[str] = frozenset(
    name for kind in SINKS for name in (kind.metrics.retry_queued, kind.metrics.dead_letters)
)
"""Metrics that report a problem with a sink."""

Sinks = Mapping[SinkName, EventSink[Any]]


def open_sinks(
    names: Collection[SinkName], settings: Callable[[type[SinkSettings]], SinkSettings], context: SinkContext
) -> Sinks:
    """The sinks of these names, in the registry's order; `settings` gives each its part."""
    return {kind.name: kind.open(settings(kind.settings), context) for kind in SINKS if kind.name in names}
