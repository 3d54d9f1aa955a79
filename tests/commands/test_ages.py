from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from commands.ages import ages

BASE = "https://sqs.eu-west-1.amazonaws.com/123456789012/"
OUTPUTS = {
    "IotEventsSpillQueueUrl": f"{BASE}spill",
    "MessageQueueUrl": f"{BASE}messages.fifo",
    "StreamName": "s",
}


class FakeCloudWatch:
    """Knows a newest value of some metrics, and what was asked."""

    def __init__(self, values: dict[str, float]) -> None:
        self.values = values
        self.metrics: list[dict] = []

    def get_metric_data(self, *, MetricDataQueries: list[dict], **_: object) -> dict:
        """A result for each query; that of a metric which is not known is empty."""
        self.metrics = [query["MetricStat"]["Metric"] for query in MetricDataQueries]
        then = datetime.now(UTC) - timedelta(seconds=30)
        results = []
        for query, metric in zip(MetricDataQueries, self.metrics, strict=True):
            values = [self.values[name] for name in [metric["MetricName"]] if name in self.values]
            results.append({"Id": query["Id"], "Values": values, "Timestamps": [then] * len(values)})
        return {"MetricDataResults": results[::-1]}


def test_the_age_of_what_is_spilled_is_redrives_and_grows() -> None:
    """It is what redrive saw last, and the time since; a queue without a number is left out."""
    cloudwatch = FakeCloudWatch({"oldest_spilled_seconds_iot_events": 60})
    stage = SimpleNamespace(name="prod", outputs=OUTPUTS, client=lambda _service: cloudwatch)

    assert ages(stage) == {"IotEventsSpillQueueUrl": pytest.approx(90, abs=1)}
    assert cloudwatch.metrics[0]["Dimensions"] == [{"Name": "stage", "Value": "prod"}]


def test_the_age_of_the_other_queues_is_sqss_own() -> None:
    """By the queue's name."""
    cloudwatch = FakeCloudWatch({"ApproximateAgeOfOldestMessage": 5})
    stage = SimpleNamespace(name="prod", outputs=OUTPUTS, client=lambda _service: cloudwatch)

    assert ages(stage) == {"MessageQueueUrl": pytest.approx(35, abs=1)}
    assert cloudwatch.metrics[1]["Dimensions"] == [{"Name": "QueueName", "Value": "messages.fifo"}]
