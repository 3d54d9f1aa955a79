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


def test_a_group_must_be_there(aws, queue, role):
    """Times and names that AWS refuses: tests/local/aws/test_services_beside_moto.py."""
    with pytest.raises(ClientError, match="ResourceNotFound"):
        aws.client("scheduler").create_schedule(**schedule(queue[1], role, 60, GroupName="nobodys"))


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


def test_the_role_must_trust_scheduler(checked, trusting, checked_queue) -> None:
    """As AWS says it when the schedule is made."""
    parameters = schedule(checked_queue.arn, trusting("lambda", "sqs:SendMessage"), 60)

    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role") as error:
        checked.client("scheduler").create_schedule(**parameters)

    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_the_role_must_be_allowed_to_send(checked, trusting, checked_queue, unique) -> None:
    """Of two schedules that are due only the one arrives whose role may."""
    client = checked.client("scheduler")
    for actions in ((), ("sqs:SendMessage",)):
        parameters = schedule(checked_queue.arn, trusting("scheduler", *actions), 2, Name=unique("due"))
        parameters["Target"] |= {"Input": f"may {actions}", "SqsParameters": {}}
        client.create_schedule(**parameters)

    assert checked_queue.bodies(10) + checked_queue.bodies() == ["may ('sqs:SendMessage',)"]
