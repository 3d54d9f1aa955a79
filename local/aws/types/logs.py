"""Amazon CloudWatch Logs: groups, streams, metric filters."""

from typing import Any

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties


def set_the_rest(client: Any, state: Properties) -> None:
    """Retention and a key are calls of their own; without them events are kept for ever, under AWS's own key."""
    group = state["LogGroupName"]
    state["Arn"] = f"arn:aws:logs:{state['Region']}:{state['AccountId']}:log-group:{group}:*"
    if "RetentionInDays" in state:
        client.put_retention_policy(logGroupName=group, retentionInDays=int(state["RetentionInDays"]))
    else:
        client.delete_retention_policy(logGroupName=group)
    if "KmsKeyId" in state:
        client.associate_kms_key(logGroupName=group, kmsKeyId=state["KmsKeyId"])
    else:
        client.disassociate_kms_key(logGroupName=group)


def with_dimensions(properties: Properties) -> Properties:
    """PutMetricFilter's parameters: templates give a metric's dimensions as a list, the API takes a map."""
    return {**properties, "MetricTransformations": [transformed(one) for one in properties["MetricTransformations"]]}


def transformed(transformation: Properties) -> Properties:
    """One metric transformation as the API has it."""
    if "Dimensions" not in transformation:
        return transformation
    return {**transformation, "Dimensions": {one["Key"]: one["Value"] for one in transformation["Dimensions"]}}


TYPES = (
    ResourceType(
        name="AWS::Logs::LogGroup",
        service="logs",
        create="CreateLogGroup",
        delete="DeleteLogGroup",
        ref="{LogGroupName}",
        attributes={"Arn": "{Arn}"},
        named_by="LogGroupName",
        name_length=512,
        beyond_create=("DataProtectionPolicy", "FieldIndexPolicies", "RetentionInDays", "ResourcePolicyDocument"),
        in_place=("KmsKeyId",),
        after=set_the_rest,
    ),
    ResourceType(
        name="AWS::Logs::LogStream",
        service="logs",
        create="CreateLogStream",
        delete="DeleteLogStream",
        ref="{LogStreamName}",
        named_by="LogStreamName",
        name_length=512,
    ),
    ResourceType(
        name="AWS::Logs::MetricFilter",
        service="logs",
        create="PutMetricFilter",
        update=("PutMetricFilter",),
        delete="DeleteMetricFilter",
        ref="{FilterName}",
        named_by="FilterName",
        name_length=512,
        translate=with_dimensions,
        change=with_dimensions,
    ),
)
