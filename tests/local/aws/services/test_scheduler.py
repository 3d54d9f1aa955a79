import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def queue(aws, unique):
    """A FIFO queue that Scheduler may send to: its URL and ARN."""
    sqs = aws.client("sqs")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName=f"{unique('q')}.fifo", Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def schedule(arn, role, seconds, **more):
    """CreateSchedule's parameters for a time so many seconds from now."""
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + seconds))
    return {
        "Name": "one",
        "ScheduleExpression": f"at({at})",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {"Arn": arn, "RoleArn": role, "Input": "wake", "SqsParameters": {"MessageGroupId": "g"}},
        **more,
    }


def test_a_schedule_fires_once_and_is_gone(aws, queue, role, unique, wait_for):
    """Its input is in the queue when its time has come, and it can be made again under its name."""
    url, arn = queue
    client, name = aws.client("scheduler"), unique("fires")
    client.create_schedule(**schedule(arn, role, 1, Name=name))

    received = []

    def come() -> bool:
        received.extend(aws.client("sqs").receive_message(QueueUrl=url).get("Messages", []))
        return bool(received)

    wait_for(come)
    assert [one["Body"] for one in received] == ["wake"]
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.get_schedule(Name=name)


@pytest.mark.parametrize(
    ("seconds", "more"),
    [(-5, {}), (60, {"Name": "n" * 65}), (60, {"GroupName": "nobodys"})],
    ids=["past", "name", "group"],
)
def test_what_aws_refuses_is_refused(aws, queue, role, seconds, more):
    """A time that is past, a name that is too long, a group that is not there."""
    with pytest.raises(ClientError) as error:
        aws.client("scheduler").create_schedule(**schedule(queue[1], role, seconds, **more))

    assert error.value.response["Error"]["Code"] in {"ValidationException", "ResourceNotFoundException"}


def test_a_fifo_queue_must_deduplicate_by_content(aws, role, unique):
    """Scheduler sends no deduplication id."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=f"{unique('plain')}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    with pytest.raises(ClientError, match="content-based"):
        aws.client("scheduler").create_schedule(**schedule(arn, role, 60))


def test_a_name_that_is_taken_is_a_conflict(aws, queue, role, unique):
    """409, as AWS says it."""
    parameters = schedule(queue[1], role, 60, Name=unique("twice"))
    aws.client("scheduler").create_schedule(**parameters)

    with pytest.raises(ClientError) as error:
        aws.client("scheduler").create_schedule(**parameters)

    assert error.value.response["Error"]["Code"] == "ConflictException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
