import json


def resource(kind, **properties):
    """A resource of the service."""
    return {"Type": f"AWS::SQS::{kind}", "Properties": properties}


OUTPUTS = {
    "Url": {"Ref": "Queue"},
    "Arn": {"Fn::GetAtt": ["Queue", "Arn"]},
    "Name": {"Fn::GetAtt": ["Queue", "QueueName"]},
}


def attributes(aws, url):
    """All attributes of a queue."""
    return aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_a_fifo_queue_without_a_name_gets_one_that_ends_in_fifo(aws, stack):
    """With dead letters, deduplication and policy; its URL is one that this machine serves."""
    made = stack.deploy(
        {
            "Dead": resource("Queue", FifoQueue=True),
            "Queue": resource(
                "Queue",
                FifoQueue=True,
                ContentBasedDeduplication=True,
                DeduplicationScope="messageGroup",
                FifoThroughputLimit="perMessageGroupId",
                VisibilityTimeout="60",
                RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 3},
                Tags=[{"Key": "a", "Value": "b"}],
            ),
            "Policy": resource(
                "QueuePolicy",
                Queues=[{"Ref": "Queue"}],
                PolicyDocument={"Version": "2012-10-17", "Statement": [{"Sid": "Ours", "Effect": "Deny"}]},
            ),
        },
        OUTPUTS,
    )
    found = attributes(aws, made["Url"])

    assert stack.reasons() == {}
    assert made["Url"] == f"{aws.endpoint}/123456789012/{made['Name']}"
    assert made["Name"].endswith(".fifo")
    assert len(made["Name"]) <= 80
    assert made["Arn"] == found["QueueArn"]
    assert (found["ContentBasedDeduplication"], found["DeduplicationScope"]) == ("true", "messageGroup")
    assert json.loads(found["RedrivePolicy"])["maxReceiveCount"] == 3
    assert json.loads(found["Policy"])["Statement"][0]["Sid"] == "Ours"


def test_a_queue_changes_in_place(aws, stack):
    """Its messages stay where they are."""
    made = stack.deploy({"Queue": resource("Queue", VisibilityTimeout=10)}, OUTPUTS)
    aws.client("sqs").send_message(QueueUrl=made["Url"], MessageBody="kept")
    again = stack.deploy({"Queue": resource("Queue", VisibilityTimeout=20, MessageRetentionPeriod=600)}, OUTPUTS)
    found = attributes(aws, made["Url"])

    assert again == made
    assert (found["VisibilityTimeout"], found["MessageRetentionPeriod"]) == ("20", "600")
    assert found["ApproximateNumberOfMessages"] == "1"


def test_a_queue_with_another_name_is_another_queue(aws, stack, unique):
    """The name cannot change: the old queue is gone, the new one is there."""
    first, second = unique("first"), unique("second")
    stack.deploy({"Queue": resource("Queue", QueueName=first)}, OUTPUTS)
    made = stack.deploy({"Queue": resource("Queue", QueueName=second)}, OUTPUTS)

    assert made["Name"] == second
    assert "QueueUrls" not in aws.client("sqs").list_queues(QueueNamePrefix=first)


def test_a_queues_key_is_given_and_taken_away_in_place(aws, stack):
    """SQS forgets a key only where it is told to."""
    keys = []
    for key in ({"SqsManagedSseEnabled": True}, {"KmsMasterKeyId": "alias/own"}, {"SqsManagedSseEnabled": True}):
        made = stack.deploy({"Queue": resource("Queue", **key)}, OUTPUTS)
        keys.append((made["Url"], attributes(aws, made["Url"]).get("KmsMasterKeyId") or None))

    assert keys == [(made["Url"], key) for key in (None, "alias/own", None)]
