"""What each operation needs: the action and the resources that IAM checks for a call.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from local.iam.attributes import attribute_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.iam.condition import Context

Parameters = dict[str, Any]


class Needed(NamedTuple):
    """An action on one resource: an ARN without partition, region and account where it starts with no `arn:`."""

    action: str
    resource: str
    context: Context = {}  # noqa: RUF012 - read only


Needs = list[Needed]


def of_resource(service: str, kind: str, *members: str) -> Callable[[str, Parameters], Needs]:
    """One resource, named by the first of these parameters that is there: by its ARN, its URL or its name."""

    def needs(operation: str, parameters: Parameters) -> Needs:
        given = next((str(parameters[member]) for member in members if parameters.get(member)), "")
        if not given:
            raise KeyError(" or ".join(members))
        resource = given if given.startswith("arn:") else f"{service}:{kind}{given.rpartition('/')[2]}"
        return [Needed(f"{service}:{operation}", resource)]

    return needs


def of_queue(operation: str, parameters: Parameters) -> Needs:
    """A queue by its URL; a batch is the same action as its entries."""
    return of_resource("sqs", "", "QueueUrl")(operation.removesuffix("Batch"), parameters)


def of_table(operation: str, parameters: Parameters) -> Needs:
    """A table, or the index of it that is asked."""
    [table] = of_resource("dynamodb", "table/", "TableName")(operation, parameters)
    index = parameters.get("IndexName")
    return [
        table._replace(
            resource=f"{table.resource}/index/{index}" if index else table.resource, context=said(parameters)
        )
    ]


def of_tables(operation: str, parameters: Parameters) -> Needs:
    """Each table of a batch."""
    return [
        need
        for name, request in parameters["RequestItems"].items()
        for need in of_table(operation, {"TableName": name, **(request if isinstance(request, dict) else {})})
    ]


def of_transaction(_operation: str, parameters: Parameters) -> Needs:
    """Each item of a transaction, as the single operation that it is (`ConditionCheck` is `ConditionCheckItem`)."""
    return [
        need
        for item in parameters["TransactItems"]
        for kind, request in item.items()
        for need in of_table(f"{kind}Item", request)
    ]


def said(parameters: Parameters) -> Context:
    """What conditions may ask about an operation of DynamoDB."""
    context: Context = {}
    if attributes := attribute_names(parameters):
        context["dynamodb:attributes"] = tuple(sorted(attributes))
    for member in ("ReturnValues", "Select"):
        if member in parameters:
            context[f"dynamodb:{member.lower()}"] = (str(parameters[member]),)
    return context


def of_topic(_operation: str, parameters: Parameters) -> Needs:
    """A topic of SNS."""
    return of_resource("sns", "", "TopicArn", "TargetArn")("Publish", parameters)


def of_mqtt_topic(_operation: str, parameters: Parameters) -> Needs:
    """A topic of IoT Core."""
    return [Needed("iot:Publish", f"iot:topic/{parameters['topic']}")]


def of_function(_operation: str, parameters: Parameters) -> Needs:
    """A function, with the qualifier under which it is called."""
    name, qualifier = parameters["FunctionName"], parameters.get("Qualifier")
    resource = name if name.startswith("arn:") else f"lambda:function:{name}"
    return [Needed("lambda:InvokeFunction", f"{resource}:{qualifier}" if qualifier else resource)]


def of_schedule(operation: str, parameters: Parameters) -> Needs:
    """A schedule in its group, and the role that the caller hands to Scheduler with it."""
    group = parameters.get("GroupName") or "default"
    role = (parameters.get("Target") or {}).get("RoleArn")
    passed: Context = {"iam:passedtoservice": ("scheduler.amazonaws.com",)}
    return [
        Needed(f"scheduler:{operation}", f"scheduler:schedule/{group}/{parameters['Name']}"),
        *([Needed("iam:PassRole", role, passed)] if role else []),
    ]


def of_assets(operation: str, parameters: Parameters) -> Needs:
    """The asset of each entry; any, where an entry names its property by an alias."""
    assets = {entry.get("assetId") for entry in parameters.get("entries") or ()}
    named = [f"iotsitewise:asset/{asset}" if asset else "*" for asset in assets]
    return [Needed(f"iotsitewise:{operation}", resource) for resource in named]


_STREAM = of_resource("kinesis", "stream/", "StreamARN", "StreamName")
_DELIVERY = of_resource("firehose", "deliverystream/", "DeliveryStreamName")
_SECRET = of_resource("secretsmanager", "secret:", "SecretId")

OPERATIONS: Mapping[str, Callable[[str, Parameters], Needs]] = {
    **dict.fromkeys(
        (
            *("kinesis.DescribeStream", "kinesis.DescribeStreamSummary", "kinesis.ListShards"),
            *("kinesis.PutRecord", "kinesis.PutRecords"),
        ),
        _STREAM,
    ),
    **dict.fromkeys(("firehose.DescribeDeliveryStream", "firehose.PutRecord", "firehose.PutRecordBatch"), _DELIVERY),
    **dict.fromkeys(
        (
            *("sqs.ChangeMessageVisibility", "sqs.ChangeMessageVisibilityBatch", "sqs.DeleteMessage"),
            *("sqs.DeleteMessageBatch", "sqs.GetQueueAttributes", "sqs.ReceiveMessage"),
            *("sqs.SendMessage", "sqs.SendMessageBatch"),
        ),
        of_queue,
    ),
    **dict.fromkeys(
        (
            *("dynamodb.DeleteItem", "dynamodb.GetItem", "dynamodb.PutItem"),
            *("dynamodb.Query", "dynamodb.Scan", "dynamodb.UpdateItem"),
        ),
        of_table,
    ),
    **dict.fromkeys(("dynamodb.BatchGetItem", "dynamodb.BatchWriteItem"), of_tables),
    **dict.fromkeys(("dynamodb.TransactGetItems", "dynamodb.TransactWriteItems"), of_transaction),
    "secretsmanager.GetSecretValue": _SECRET,
    "sns.Publish": of_topic,
    "iotdata.Publish": of_mqtt_topic,
    "lambda.Invoke": of_function,
    **dict.fromkeys(("scheduler.CreateSchedule", "scheduler.DeleteSchedule", "scheduler.GetSchedule"), of_schedule),
    "iotsitewise.BatchPutAssetPropertyValue": of_assets,
}
"""By `service.Operation`, the service as SDKs name it when they sign. S3's are in `objects`."""
