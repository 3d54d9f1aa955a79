"""How long the oldest message of each queue has waited, from CloudWatch's metrics."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from commands.stage import Stage, retry_queue_output
from distributary.metrics import NAMESPACE
from distributary.sinks.registry import SINKS

# Redrive meets each message again within its longest pause of half an hour: an older number is of one that has gone.
NEWER_THAN = timedelta(minutes=31)
# The queue of a sink by the name of the stack's output.
_SPILLED = {retry_queue_output(kind.name): kind.metrics.oldest_pending for kind in SINKS}


def ages(stage: Stage) -> dict[str, float]:
    """Seconds by the name of the queue's output; queues of which CloudWatch knows nothing new are left out.

    Of what is spilled it is what redrive has seen last, and the time since then: SQS's own age leaves out what was
    received often. Raises what boto3 raises.
    """
    names = sorted(name for name in stage.outputs if name.endswith("QueueUrl"))
    now = datetime.now(UTC)
    queries = [_query(f"q{number}", stage, name) for number, name in enumerate(names)]
    asked = {"StartTime": now - NEWER_THAN, "EndTime": now + timedelta(seconds=1), "ScanBy": "TimestampDescending"}
    found = stage.client("cloudwatch").get_metric_data(MetricDataQueries=queries, **asked)["MetricDataResults"]
    return dict(_read(found, names, now))


def _query(number: str, stage: Stage, output: str) -> dict[str, Any]:
    if output in _SPILLED:
        metric = {
            "Namespace": NAMESPACE,
            "MetricName": _SPILLED[output],
            "Dimensions": [{"Name": "stage", "Value": stage.name}],
        }
    else:
        queue = urlsplit(stage.outputs[output]).path.rsplit("/", 1)[-1]
        metric = {
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Dimensions": [{"Name": "QueueName", "Value": queue}],
        }
    return {"Id": number, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}


def _read(found: list[dict[str, Any]], names: list[str], now: datetime) -> Iterator[tuple[str, float]]:
    for result in found:
        if result["Values"]:
            since = max(0.0, (now - result["Timestamps"][0]).total_seconds())
            yield names[int(result["Id"].removeprefix("q"))], result["Values"][0] + since
