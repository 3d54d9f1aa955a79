"""CloudWatch metrics as members of a log line: the embedded metric format, which costs no call and no import.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

NAMESPACE = "Distributary"

EVENTS = ("accepted", "rejected", "retry")
REFUSED_KEYS = "refused_keys"
DETECTORS_STEPPED = "detectors_stepped"
TIMERS_LATE = "timers_late_seconds"
ACTIONS_FAILED = "actions_failed"

# A count has no unit: saying so would be a tenth of a request's line, which is paid by its length.
UNITS: Mapping[str, str | None] = {
    "accepted": None,
    "rejected": None,
    "retry": None,
    "refused_keys": None,
    "detectors_stepped": None,
    "timers_late_seconds": "Seconds",
    "actions_failed": None,
}
"""The metrics that are no sink's, with their units."""


class SinkMetrics(NamedTuple):
    """The names of one sink's metrics: a name for each sink costs less than a dimension, which each line has once."""

    delivered: str
    """Events that the sink stored."""
    retry_queued: str
    """Events that its retry queue has in its place."""
    redriven: str
    """Records that `redrive` delivered."""
    pending: str
    """Records that a redrive left in the retry queue."""
    dead_letters: str
    """Records that became dead letters."""
    oldest_pending: str
    """The age of the oldest of those that wait, in seconds."""

    @property
    def units(self) -> dict[str, str | None]:
        """Each metric with its unit."""
        return {**dict.fromkeys(self[:-1]), self.oldest_pending: "Seconds"}


def without_zeros(line: Mapping[str, Any], *, units: Mapping[str, str | None] = UNITS) -> dict[str, Any]:
    """The line without the counts that are 0: a sum is the same without them, and each would be paid by its length."""
    return {name: value for name, value in line.items() if value or units.get(name, "no count") is not None}


def embedded(
    line: Mapping[str, Any], *, stage: str, time: float, units: Mapping[str, str | None] = UNITS
) -> dict[str, Any]:
    """The members that make metrics of a line's own numbers; empty where none of them is a metric.

    The dimension is `stage`; `time` is in seconds since 1970.
    """
    found = [{"Name": name, **({"Unit": unit} if unit else {})} for name, unit in units.items() if name in line]
    if not found:
        return {}
    directive = {"Namespace": NAMESPACE, "Dimensions": [["stage"]], "Metrics": found}
    return {"stage": stage, "_aws": {"Timestamp": int(time * 1000), "CloudWatchMetrics": [directive]}}
