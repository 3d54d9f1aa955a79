"""What functions and the API write to their logs, as CloudWatch keeps it: lines in groups, and the metrics in them."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.models import logs_backends

from local.deployment import ACCOUNT, REGION

# Of each log stream, and of all metrics: a stage that runs for days is no reason to fill the memory.
KEPT = 10_000
_WRITING = threading.Lock()  # moto's own state has none


def keep(group: str, stream: str, line: str) -> None:
    """Keeps a line of a log stream, which is made with its first; nothing where there is no such log group."""
    with _WRITING:
        found = logs_backends[ACCOUNT][REGION].groups.get(group)
        if found is None:
            return
        if stream not in found.streams:
            found.create_log_stream(stream)
        found.put_log_events(stream, [{"timestamp": int(time.time() * 1000), "message": line}])
        _forget(found.streams[stream].events)
        if '"_aws"' in line:
            _keep_metrics(line)


def _keep_metrics(line: str) -> None:
    backend = cloudwatch_backends[ACCOUNT][REGION]
    for namespace, metrics in embedded(line):
        backend.put_metric_data(namespace, metrics)
    _forget(backend.metric_data)


def embedded(line: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Namespace and data of the metrics that a line holds, as CloudWatch Logs reads them out of it.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    try:
        members = json.loads(line)
        directives = members["_aws"]["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError):
        return
    for directive in directives:
        yield (
            directive["Namespace"],
            [
                _datum(members, metric, names)
                for names in directive["Dimensions"]
                for metric in directive["Metrics"]
                if metric["Name"] in members
            ],
        )


def _datum(members: Mapping[str, Any], metric: Mapping[str, str], names: list[str]) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": str(members[name])} for name in names]
    value = members[metric["Name"]]
    values = {"Values": value} if isinstance(value, list) else {"Value": value}
    return {"MetricName": metric["Name"], "Unit": metric.get("Unit", "None"), "Dimensions": dimensions, **values}


def _forget(entries: list[Any]) -> None:
    if len(entries) > 2 * KEPT:
        del entries[:-KEPT]
