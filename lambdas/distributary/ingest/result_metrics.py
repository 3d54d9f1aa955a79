"""The metrics of a request: how many of its events each sink has."""

from collections.abc import Iterable, Mapping
from typing import Any

from distributary.events import EventResult, SinkName
from distributary.sinks.registry import KINDS


def by_sink(results: Iterable[EventResult]) -> dict[str, int]:
    """How many events each sink has, how many its retry queue has, how many are dead letters: those not 0."""
    counts: dict[str, int] = {}
    for result in results:
        for sink, receipt in result.sinks.items():
            if name := _metric(sink, receipt):
                counts[name] = counts.get(name, 0) + 1
    return counts


def _metric(sink: SinkName, receipt: Mapping[str, Any]) -> str:
    """What a receipt counts as; nothing where the sink was skipped or has to be tried again."""
    metrics = KINDS[sink].metrics
    if "spilled" in receipt:
        return metrics.retry_queued
    if "deadLettered" in receipt:
        return metrics.dead_letters
    return "" if "skipped" in receipt or "error" in receipt else metrics.delivered
