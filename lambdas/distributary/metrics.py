"""CloudWatch metrics as members of a log line: the embedded metric format, which costs no call and no import.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from distributary.events import SINK_NAMES, EventResult, SinkName

NAMESPACE = "Distributary"

# One name for each sink instead of a dimension: a line has each dimension once, and every request has one line.
EVENTS = ("accepted", "rejected", "retry")
DELIVERED: Mapping[SinkName, str] = {name: f"delivered_{name}" for name in SINK_NAMES}
SPILLED: Mapping[SinkName, str] = {name: f"spilled_{name}" for name in SINK_NAMES}
REDRIVEN: Mapping[SinkName, str] = {name: f"redriven_{name}" for name in SINK_NAMES}
WAITING: Mapping[SinkName, str] = {name: f"waiting_{name}" for name in SINK_NAMES}
DEAD_LETTERS: Mapping[SinkName, str] = {name: f"dead_letters_{name}" for name in SINK_NAMES}
OLDEST: Mapping[SinkName, str] = {name: f"oldest_spilled_seconds_{name}" for name in SINK_NAMES}
REFUSED_KEYS = "refused_keys"
DETECTORS_STEPPED = "detectors_stepped"
TIMERS_LATE = "timers_late_seconds"

# A count has no unit: saying so would be a tenth of a request's line, which is paid by its length.
UNITS: Mapping[str, str | None] = {
    **dict.fromkeys((*EVENTS, REFUSED_KEYS, DETECTORS_STEPPED), None),
    **{name: None for names in (DELIVERED, SPILLED, REDRIVEN, WAITING, DEAD_LETTERS) for name in names.values()},
    **dict.fromkeys((*OLDEST.values(), TIMERS_LATE), "Seconds"),
}
"""Every metric there is: 24 names and one dimension, whatever the traffic."""


def embedded(line: Mapping[str, Any], *, stage: str, time: float) -> dict[str, Any]:
    """The members that make metrics of a line's own numbers; empty where none of them is a metric.

    The dimension is `stage`; `time` is in seconds since 1970.
    """
    found = [{"Name": name, **({"Unit": unit} if unit else {})} for name, unit in UNITS.items() if name in line]
    if not found:
        return {}
    directive = {"Namespace": NAMESPACE, "Dimensions": [["stage"]], "Metrics": found}
    return {"stage": stage, "_aws": {"Timestamp": int(time * 1000), "CloudWatchMetrics": [directive]}}


def by_sink(fates: Iterable[EventResult]) -> dict[str, int]:
    """How many events each sink has, how many its queue has in its place, how many are dead letters: those not 0."""
    counts: dict[str, int] = {}
    for fate in fates:
        for sink, receipt in fate.sinks.items():
            if name := _metric(sink, receipt):
                counts[name] = counts.get(name, 0) + 1
    return counts


def _metric(sink: SinkName, receipt: Mapping[str, Any]) -> str:
    """What a receipt counts as; nothing where the sink was skipped or has to be tried again."""
    if "spilled" in receipt:
        return SPILLED[sink]
    if "deadLettered" in receipt:
        return DEAD_LETTERS[sink]
    return "" if "skipped" in receipt or "error" in receipt else DELIVERED[sink]
