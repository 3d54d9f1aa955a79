"""CloudWatch metrics as members of a log line: the embedded metric format, which costs no call and no import.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from distributary.events import SINK_NAMES, Fate, SinkName

NAMESPACE = "Distributary"

# One name for each sink instead of a dimension: a line has each dimension once, and every request has one line.
EVENTS = ("accepted", "rejected", "retry")
SPILLED: Mapping[SinkName, str] = {name: f"spilled_{name}" for name in SINK_NAMES}
REDRIVEN: Mapping[SinkName, str] = {name: f"redriven_{name}" for name in SINK_NAMES}
WAITING: Mapping[SinkName, str] = {name: f"waiting_{name}" for name in SINK_NAMES}
DEAD_LETTERS: Mapping[SinkName, str] = {name: f"dead_letters_{name}" for name in SINK_NAMES}
OLDEST: Mapping[SinkName, str] = {name: f"oldest_spilled_seconds_{name}" for name in SINK_NAMES}

_UNITS = {
    **dict.fromkeys(EVENTS, "Count"),
    **{name: "Count" for names in (SPILLED, REDRIVEN, WAITING, DEAD_LETTERS) for name in names.values()},
    **dict.fromkeys(OLDEST.values(), "Seconds"),
}


def embedded(line: Mapping[str, Any], *, stage: str, time: float) -> dict[str, Any]:
    """The members that make metrics of a line's own numbers; empty where none of them is a metric.

    The dimension is `stage`; `time` is in seconds since 1970.
    """
    found = [{"Name": name, "Unit": unit} for name, unit in _UNITS.items() if name in line]
    if not found:
        return {}
    directive = {"Namespace": NAMESPACE, "Dimensions": [["stage"]], "Metrics": found}
    return {"stage": stage, "_aws": {"Timestamp": int(time * 1000), "CloudWatchMetrics": [directive]}}


def kept(fates: Iterable[Fate]) -> dict[str, int]:
    """How many events each sink's queue has in its place, and how many are dead letters: those that are not 0."""
    counts: dict[str, int] = {}
    for fate in fates:
        for sink, receipt in fate.sinks.items():
            name = SPILLED[sink] if "spilled" in receipt else DEAD_LETTERS[sink] if "deadLettered" in receipt else ""
            if name:
                counts[name] = counts.get(name, 0) + 1
    return counts
