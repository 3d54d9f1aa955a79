"""Amazon CloudWatch Logs: groups, streams, metric filters."""

from typing import Any

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties


def set_retention(client: Any, state: Properties) -> None:
    """Retention is a call of its own; without it events are kept for ever."""
    group = state["LogGroupName"]
    state["Arn"] = f"arn:aws:logs:{state['Region']}:{state['AccountId']}:log-group:{group}:*"
    if "RetentionInDays" in state:
        client.put_retention_policy(logGroupName=group, retentionInDays=int(state["RetentionInDays"]))
    else:
        client.delete_retention_policy(logGroupName=group)


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
        after=set_retention,
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
