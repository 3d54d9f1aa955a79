"""Whether each sink is there to take records, as AWS describes it."""

from collections.abc import Callable
from typing import Any

from distributary.aws.call import call
from distributary.errors import SinkUnavailable
from distributary.sinks.firehose import FirehoseSink
from distributary.sinks.kinesis import KinesisSink

# A stream that is being resharded or re-encrypted takes records all the while:
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StreamDescriptionSummary.html
TAKING = frozenset({"ACTIVE", "UPDATING"})


def delivery_stream_takes(sink: FirehoseSink) -> Callable[[], None]:
    """A check that raises SinkUnavailable unless the delivery stream is active."""
    return lambda: _expect(sink.describe(Limit=1)["DeliveryStreamDescription"]["DeliveryStreamStatus"])


def stream_takes(sink: KinesisSink) -> Callable[[], None]:
    """A check that raises SinkUnavailable unless the stream is active or being updated."""
    return lambda: _expect(sink.summarise()["StreamDescriptionSummary"]["StreamStatus"])


def queue_is_there(client: Any, queue_url: str) -> Callable[[], None]:
    """A check that raises SinkUnavailable unless the queue answers."""

    def check() -> None:
        call(client.get_queue_attributes, QueueUrl=queue_url, AttributeNames=["QueueArn"])

    return check


def _expect(status: str) -> None:
    if status not in TAKING:
        raise SinkUnavailable(status, "not taking records", retryable=True)
