"""Amazon SQS: queues and their policies."""

import json
from typing import Any

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties

NO_ATTRIBUTES = ("QueueName", "Tags")
NAME_LENGTH = 80


def queue(properties: Properties) -> Properties:
    """CreateQueue's parameters: all but the name and the tags are attributes; a FIFO queue's name ends in .fifo."""
    name = properties["QueueName"]
    if "FifoQueue" in properties and not name.endswith(".fifo"):
        name = f"{name[: NAME_LENGTH - len('.fifo')]}.fifo"
    attributes = {key: value for key, value in properties.items() if key not in NO_ATTRIBUTES}
    return {"QueueName": name, "Attributes": attributes, "Tags": properties.get("Tags", [])}


def describe(client: Any, state: Properties) -> None:
    """The attributes of a queue that exists are set again, and its ARN and name are laid open for GetAtt."""
    url = state["QueueUrl"]
    former = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    with_a_key = "KmsMasterKeyId" in former and "KmsMasterKeyId" not in state
    client.set_queue_attributes(QueueUrl=url, Attributes=texts(state) | ({"KmsMasterKeyId": ""} if with_a_key else {}))
    state["Arn"] = former["QueueArn"]
    state["QueueName"] = state["Arn"].rsplit(":", 1)[1]


def texts(state: Properties) -> dict[str, str]:
    """The attributes that may change, as the texts that the API takes."""
    values = {key: value for key, value in state.items() if key in CHANGEABLE}
    return {key: json.dumps(value) if isinstance(value, dict | bool) else str(value) for key, value in values.items()}


def set_policy(client: Any, state: Properties) -> None:
    """The policy is an attribute of each queue."""
    for url in state["Queues"]:
        client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(state["PolicyDocument"])})


CHANGEABLE = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)

TYPES = (
    ResourceType(
        name="AWS::SQS::Queue",
        service="sqs",
        create="CreateQueue",
        delete="DeleteQueue",
        ref="{QueueUrl}",
        attributes={"Arn": "{Arn}", "QueueName": "{QueueName}", "QueueUrl": "{QueueUrl}"},
        named_by="QueueName",
        name_length=75,
        translate=queue,
        in_place=CHANGEABLE,
        after=describe,
    ),
    ResourceType(name="AWS::SQS::QueuePolicy", service="sqs", after=set_policy, attributes={"Id": "{PhysicalName}"}),
)
