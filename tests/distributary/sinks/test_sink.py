import pytest
from botocore.exceptions import ClientError

from distributary.aws.queue import check_queue
from distributary.errors import SinkUnavailable
from distributary.sinks.firehose import FirehoseSink
from distributary.sinks.kinesis import KinesisSink


class FakeAws:
    """Describes a delivery stream and a stream in a given state; its queue is gone."""

    def __init__(self, status: str) -> None:
        self.status = status

    def describe_delivery_stream(self, **_: object) -> dict:
        return {"DeliveryStreamDescription": {"DeliveryStreamStatus": self.status}}

    def describe_stream_summary(self, **_: object) -> dict:
        return {"StreamDescriptionSummary": {"StreamStatus": self.status}}

    def get_queue_attributes(self, **_: object) -> dict:
        raise ClientError({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue"}}, "GetQueueAttributes")


@pytest.mark.parametrize("status", ["ACTIVE", "UPDATING"])
def test_a_stream_that_takes_records_passes(status: str) -> None:
    """Active streams, and those being changed, are healthy."""
    FirehoseSink(FakeAws(status), "d").check()
    KinesisSink(FakeAws(status), "s").check()


@pytest.mark.parametrize("status", ["CREATING", "DELETING", "CREATING_FAILED"])
def test_a_stream_that_does_not_fails_with_its_status(status: str) -> None:
    """A stream in any other state is unhealthy, and its state is the reason."""
    for check in (
        FirehoseSink(FakeAws(status), "d").check,
        KinesisSink(FakeAws(status), "s").check,
    ):
        with pytest.raises(SinkUnavailable) as error:
            check()
        assert error.value.code == status


def test_a_queue_that_is_gone_fails_with_aws_code() -> None:
    """A queue that does not answer is unhealthy."""
    with pytest.raises(SinkUnavailable, match="NonExistentQueue"):
        check_queue(FakeAws("ACTIVE"), "https://queue")
