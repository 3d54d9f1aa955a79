from types import SimpleNamespace

from commands.cost.counts import count

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/messages.fifo"
OUTPUTS = {
    "DeliveryStreamName": "delivery",
    "IngestFunctionName": "ingest",
    "IngestLogGroupName": "log",
    "KeyTableName": "keys",
    "MessageQueueUrl": QUEUE,
    "StreamName": "stream",
    "BucketName": "bucket",
}


class FakeCloudWatch:
    """Has a value a day of some metrics, on two pages, and keeps what was asked."""

    def __init__(self, values: dict[tuple[str, str], list[float]]) -> None:
        self.values = values
        self.asked: dict = {}

    def get_paginator(self, operation: str) -> "FakeCloudWatch":
        assert operation == "get_metric_data"
        return self

    def paginate(self, **asked: object) -> list[dict]:
        """A result of each query; those of the second page are the later days."""
        self.asked = asked
        return [
            {"MetricDataResults": [self._result(query, page) for query in asked["MetricDataQueries"]]}
            for page in (0, 1)
        ]

    def _result(self, query: dict, page: int) -> dict:
        metric = query["MetricStat"]["Metric"]
        values = self.values.get((metric["MetricName"], metric["Dimensions"][0]["Value"]), [])
        return {"Id": query["Id"], "Values": values[page::2]}


def stage_of(
    cloudwatch: object,
    endpoint: str = "https://abc.execute-api.eu-west-1.amazonaws.com",
    front: str = "api-gateway",
) -> SimpleNamespace:
    """A stage with these resources."""
    return SimpleNamespace(
        name="prod", outputs=OUTPUTS, endpoint=endpoint, front=front, client=lambda _service: cloudwatch
    )


def test_days_and_pages_are_summed() -> None:
    """By the name of the resource that an output has; what CloudWatch has no number of is named."""
    cloudwatch = FakeCloudWatch(
        {
            ("accepted", "prod"): [1, 2, 3],
            ("Count", "abc"): [5],
            ("Invocations", "ingest"): [6],
            ("IncomingBytes", "log"): [100],
            ("IncomingRecords", "delivery"): [7],
            ("IncomingRecords", "stream"): [8],
            ("NumberOfMessagesSent", "messages.fifo"): [9],
            ("ConsumedReadCapacityUnits", "keys"): [4],
        }
    )
    found = count(stage_of(cloudwatch), days=3)

    assert found.sums == {
        ("events", "accepted"): 6,
        ("requests", "HTTP API"): 5,
        ("calls", "Ingest"): 6,
        ("log bytes", "Ingest"): 100,
        ("records", "firehose"): 7,
        ("records", "kinesis"): 8,
        ("messages", "MessageQueue"): 9,
        ("reads", "Key"): 4,
    }
    assert {"events of rejected", "bytes of kinesis", "writes of Key"} <= set(found.silent)
    assert (cloudwatch.asked["EndTime"] - cloudwatch.asked["StartTime"]).days == 3


def test_an_endpoint_of_its_own_name_has_no_api_to_ask_for() -> None:
    """Its requests are the calls of the function."""
    cloudwatch = FakeCloudWatch({})
    count(stage_of(cloudwatch, "https://events.example.com"), days=1)

    asked = {query["MetricStat"]["Metric"]["Namespace"] for query in cloudwatch.asked["MetricDataQueries"]}
    assert "AWS/ApiGateway" not in asked
    assert "AWS/Lambda" in asked


def test_a_function_url_has_requests_of_its_own() -> None:
    """By the function that it belongs to."""
    cloudwatch = FakeCloudWatch({("UrlRequestCount", "ingest"): [5, 2]})
    found = count(stage_of(cloudwatch, "https://abc.lambda-url.eu-west-1.on.aws", "function-url"), days=1)

    assert found.of("requests", "function URL") == 7
    asked = {query["MetricStat"]["Metric"]["Namespace"] for query in cloudwatch.asked["MetricDataQueries"]}
    assert "AWS/ApiGateway" not in asked
