"""The sums of CloudWatch's metrics of a stage over the last days."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from commands.stage import Stage
from distributary.metrics import EVENTS, NAMESPACE

_DAY = 86_400


class Metric(NamedTuple):
    """A number of CloudWatch, and what it counts here: `kind` of `what`."""

    kind: str
    what: str
    namespace: str
    name: str
    dimension: tuple[str, str]


@dataclass(frozen=True)
class Counts:
    """Sums by kind and what is counted; `silent` are those that CloudWatch has no number of."""

    sums: Mapping[tuple[str, str], float]
    silent: list[str]

    def of(self, kind: str, what: str) -> float:
        """The sum, 0 where there is none."""
        return self.sums.get((kind, what), 0.0)

    def all(self, kind: str) -> float:
        """The sum of one kind."""
        return sum(value for (found, _), value in self.sums.items() if found == kind)


def count(stage: Stage, *, days: int) -> Counts:
    """The sums of the last so many days. Raises what boto3 raises."""
    metrics = list(_metrics(stage))
    now = datetime.now(UTC)
    queries = [_query(f"q{number}", one) for number, one in enumerate(metrics)]
    asked = {"MetricDataQueries": queries, "StartTime": now - timedelta(days=days), "EndTime": now}
    sums: dict[tuple[str, str], float] = {}
    for page in stage.client("cloudwatch").get_paginator("get_metric_data").paginate(**asked):
        for result in page["MetricDataResults"]:
            one = metrics[int(result["Id"].removeprefix("q"))]
            if result["Values"]:
                place = (one.kind, one.what)
                sums[place] = sums.get(place, 0.0) + sum(result["Values"])
    return Counts(sums, [f"{one.kind} of {one.what}" for one in metrics if (one.kind, one.what) not in sums])


def _query(number: str, metric: Metric) -> dict[str, Any]:
    dimension = {"Name": metric.dimension[0], "Value": metric.dimension[1]}
    asked = {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": [dimension]}
    return {"Id": number, "MetricStat": {"Metric": asked, "Period": _DAY, "Stat": "Sum"}}


def _metrics(stage: Stage) -> Iterator[Metric]:
    for name in EVENTS:
        yield Metric("events", name, NAMESPACE, name, ("stage", stage.name))
    host = urlsplit(stage.endpoint).hostname or ""
    if ".execute-api." in host:
        yield Metric("requests", "HTTP API", "AWS/ApiGateway", "Count", ("ApiId", host.partition(".")[0]))
    if stage.front == "function-url":
        function = ("FunctionName", stage.outputs["IngestFunctionName"])
        yield Metric("requests", "function URL", "AWS/Lambda", "UrlRequestCount", function)
    for output, value in sorted(stage.outputs.items()):
        yield from _of_output(output, value)


def _of_output(output: str, value: str) -> Iterator[Metric]:
    """The metrics of a resource that an output names; none of an output that names no such resource."""
    suffix = next((one for one in _BY_OUTPUT if output.endswith(one)), "")
    what = _NAMES.get(output, output.removesuffix(suffix))
    name_of = urlsplit(value).path.rsplit("/", 1)[-1] if suffix == "QueueUrl" else value
    for kind, (namespace, name) in _BY_OUTPUT.get(suffix, {}).items():
        yield Metric(kind, what, namespace, name, (_DIMENSIONS[suffix], name_of))


_NAMES = {"StreamName": "kinesis", "DeliveryStreamName": "firehose", "MessageQueueUrl": "MessageQueue"}
_DIMENSIONS = {
    "FunctionName": "FunctionName",
    "LogGroupName": "LogGroupName",
    "TableName": "TableName",
    "QueueUrl": "QueueName",
    "DeliveryStreamName": "DeliveryStreamName",
    "StreamName": "StreamName",
}
# By the end of the output's name; `StreamName` ends the other one's too, and comes after it.
_BY_OUTPUT: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "FunctionName": {"calls": ("AWS/Lambda", "Invocations"), "milliseconds": ("AWS/Lambda", "Duration")},
    "LogGroupName": {"log bytes": ("AWS/Logs", "IncomingBytes")},
    "TableName": {
        "reads": ("AWS/DynamoDB", "ConsumedReadCapacityUnits"),
        "writes": ("AWS/DynamoDB", "ConsumedWriteCapacityUnits"),
    },
    "QueueUrl": {
        "messages": ("AWS/SQS", "NumberOfMessagesSent"),
        "empty receives": ("AWS/SQS", "NumberOfEmptyReceives"),
    },
    "DeliveryStreamName": {
        "records": ("AWS/Firehose", "IncomingRecords"),
        "bytes": ("AWS/Firehose", "IncomingBytes"),
    },
    "StreamName": {"records": ("AWS/Kinesis", "IncomingRecords"), "bytes": ("AWS/Kinesis", "IncomingBytes")},
}
