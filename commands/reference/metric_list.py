"""The metrics that functions send, and the alarms of the template, by their literal names."""

from collections.abc import Iterator, Mapping
from typing import Any

from commands.reference.blocks import code, table
from commands.reference.template import of_type
from distributary.metrics import UNITS, SinkMetrics
from distributary.sinks.registry import SINKS

RUNBOOK = "../how-to/runbook.md"

_MEANINGS = {
    "accepted": "events answered `accepted`",
    "rejected": "events answered `rejected`",
    "retry": "events answered `retry`: neither a sink nor its retry queue took them",
    "refused_keys": "requests refused for their key: none, wrong, revoked, expired, or without the right",
    "detectors_stepped": "detectors that took records of a batch",
    "timers_late_seconds": "how late the latest wake-up of a batch came after its timer",
    "actions_failed": "attempts to run an action of a detector that failed",
}
_SINK_MEANINGS = {
    "delivered": "events that {sink} stored while their request waited",
    "retry_queued": "events that {sink} refused and its retry queue has",
    "redriven": "records that `redrive` delivered to {sink}",
    "pending": "records that `redrive` received and left in the retry queue of {sink}",
    "dead_letters": "records for {sink} that became dead letters",
    "oldest_pending": "seconds since the oldest record that `redrive` received for {sink} entered its retry queue",
}
_SENDERS = {
    "detectors_stepped": "run_detectors",
    "timers_late_seconds": "run_detectors",
    "actions_failed": "carry_out",
    "redriven": "redrive",
    "pending": "redrive",
    "oldest_pending": "redrive",
    "retry_queued": "ingest, take_messages",
    "dead_letters": "ingest, redrive, take_messages",
    "refused_keys": "ingest, serve_detectors",
}


def blocks(template: Mapping[str, Any]) -> Mapping[str, str]:
    """Both tables by their block."""
    return {
        "metrics": table(("metric", "unit", "is", "sent by"), _metrics()),
        "alarms": table(("alarm (logical id)", "rings when", "metric", "dimension", "runbook"), _alarms(template)),
    }


def _metrics() -> Iterator[tuple[str, ...]]:
    for name, unit in UNITS.items():
        yield code(name), unit or "none", _MEANINGS[name], _SENDERS.get(name, "ingest")
    for field in SinkMetrics._fields:
        for kind in SINKS:
            name = getattr(kind.metrics, field)
            meaning = _SINK_MEANINGS[field].format(sink=code(kind.name))
            yield code(name), kind.metrics.units[name] or "none", meaning, _SENDERS.get(field, "ingest")


def _alarms(template: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, one in of_type(template, "AWS::CloudWatch::Alarm"):
        stats = [_flat(each["MetricStat"]) for each in one.get("Metrics", ()) if "MetricStat" in each] or [one]
        metrics = ", ".join(code(f"{each['Namespace']} {each['MetricName']}") for each in stats)
        dimensions = sorted({each["Name"] for stat in stats for each in stat.get("Dimensions", ())})
        kind = one["AlarmDescription"].partition("#")[2]
        yield (
            code(name),
            _rings(one, stats[0]),
            metrics,
            ", ".join(map(code, dimensions)),
            f"[{kind}]({RUNBOOK}#{kind})",
        )


def _flat(stat: Mapping[str, Any]) -> dict[str, Any]:
    """A metric of an expression in the form that an alarm's only metric has."""
    return {**stat["Metric"], "Statistic": stat["Stat"], "Period": stat["Period"]}


def _rings(alarm: Mapping[str, Any], stat: Mapping[str, Any]) -> str:
    """As in `Sum > 0, 300 s, 3 in a row`."""
    [expression] = [one["Expression"] for one in alarm.get("Metrics", ()) if "Expression" in one] or [None]
    value = code(expression) if expression else stat.get("Statistic") or stat["ExtendedStatistic"]
    rows = f", {alarm['EvaluationPeriods']} in a row" if alarm["EvaluationPeriods"] > 1 else ""
    return f"{value} > {alarm['Threshold']:,}, {stat['Period']} s{rows}"
