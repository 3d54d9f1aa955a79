"""The permissions that the models' actions need: exact where the models name their targets exactly."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlparse

from distributary.errors import BadDefinition
from distributary.iot_events.expression.evaluate import compile_expression
from distributary.iot_events.expression.tree import Chain, Literal, Node, Template
from distributary.iot_events.model.action_kinds import ACTION_KINDS, INTERNAL, is_literal
from distributary.iot_events.model.definition import Action, Definition
from distributary_cdk.table import Table

_TABLE_ACTIONS = {"INSERT": "dynamodb:PutItem", "UPDATE": "dynamodb:UpdateItem", "DELETE": "dynamodb:DeleteItem"}


class Grant(NamedTuple):
    """An action of IAM on a resource: an ARN, or `service:rest` of one in this stack's account and region."""

    action: str
    resource: str


class Name(NamedTuple):
    """What is known of a name before a detector runs: all of it, or how it starts."""

    text: str
    exact: bool

    @property
    def pattern(self) -> str:
        """As IAM writes it."""
        return self.text if self.exact else f"{self.text}*"


def grants_for(definitions: tuple[Definition, ...], given: tuple[Table, ...], files: Mapping[str, str]) -> list[Grant]:
    """Each permission once. Raises BadDefinition for each action whose target nobody can know, with its model's file.

    `given` are the owner's own grants, `{actions = [...], resource = "arn:…"}`: they cover such actions.
    """
    owners = [Grant(action, str(table["resource"])) for table in given for action in table["actions"]]
    covered = {grant.action for grant in owners}
    found, faults = [*owners], []
    for definition in definitions:
        for action in definition.actions():
            if action.kind in INTERNAL:
                continue
            for grant in _needed(action):
                if grant.resource:
                    found.append(grant)
                elif grant.action not in covered:
                    place = f"{files[definition.name]}: {definition.name}: {action.path}"
                    faults.append(f"{place}: {_unknown(action)}; name it in detectors.grants")
    if faults:
        raise BadDefinition(faults)
    return list(dict.fromkeys(found))


def _unknown(action: Action) -> str:
    """Why the action's target cannot be granted as it stands."""
    name = {"sns": "targetArn", "lambda": "functionArn", "sqs": "queueUrl"}.get(action.kind)
    if name is None:
        return "its target is known only when it runs"
    return f"{name} {action.members[name]!r} is no {'URL of a queue in SQS' if name == 'queueUrl' else 'ARN'}"


def _arn(text: str) -> str:
    """The text if it is an ARN, as IoT Events asked for; a placeholder that an example left is none."""
    return text if text.startswith("arn:") else ""


def _needed(action: Action) -> Iterator[Grant]:
    """The permissions that one action needs; a resource of "" cannot be known."""
    return _PERMISSIONS[action.kind](action)


def _topic_of_sns(action: Action) -> Iterator[Grant]:
    yield Grant("sns:Publish", _arn(action.members["targetArn"]))


def _queue_of_sqs(action: Action) -> Iterator[Grant]:
    yield Grant("sqs:SendMessage", _queue(action.members["queueUrl"]))


def _function(action: Action) -> Iterator[Grant]:
    yield Grant("lambda:InvokeFunction", _arn(action.members["functionArn"]))


def _delivery_stream(action: Action) -> Iterator[Grant]:
    yield Grant("firehose:PutRecord", f"firehose:deliverystream/{action.members['deliveryStreamName']}")


def _mqtt_topic(action: Action) -> Iterator[Grant]:
    topic = _name(action, "mqttTopic")
    yield Grant("iot:Publish", f"iot:topic/{topic.pattern}" if topic.text else "")


def _input(_action: Action) -> Iterator[Grant]:
    yield from ()  # the inputs are the stage's own: `carry_out` may send to their queue


def _table(action: Action) -> Iterator[Grant]:
    table = _name(action, "tableName")
    for needed in _table_actions(action):
        yield Grant(needed, f"dynamodb:table/{table.pattern}" if table.text else "")


def _asset(action: Action) -> Iterator[Grant]:
    asset = _name(action, "assetId") if action.members.get("assetId") else Name("", exact=False)
    resource = f"iotsitewise:asset/{asset.pattern}" if asset.text else ""
    yield Grant("iotsitewise:BatchPutAssetPropertyValue", resource)


_PERMISSIONS: Mapping[str, Callable[[Action], Iterator[Grant]]] = {
    "sns": _topic_of_sns,
    "sqs": _queue_of_sqs,
    "lambda": _function,
    "firehose": _delivery_stream,
    "iotTopicPublish": _mqtt_topic,
    "iotEvents": _input,
    "dynamoDB": _table,
    "dynamoDBv2": _table,
    "iotSiteWise": _asset,
}
"""The permissions of each kind of action that leaves the detector."""


def _queue(url: str) -> str:
    """A queue's ARN from its URL, of whichever account and region it says."""
    parsed = urlparse(url)
    _, _, path = parsed.path.partition("/")
    account, _, name = path.partition("/")
    host = (parsed.hostname or "").split(".")
    return f"arn:aws:sqs:{host[1]}:{account}:{name}" if host[0] == "sqs" and len(host) > 1 and name else ""


def _table_actions(action: Action) -> list[str]:
    if action.kind == "dynamoDBv2":
        return ["dynamodb:PutItem"]
    operation = _name(action, "operation")
    return [_TABLE_ACTIONS[operation.text]] if operation.exact else [*_TABLE_ACTIONS.values()]


def _name(action: Action, member: str) -> Name:
    (described,) = [one for one in ACTION_KINDS[action.kind] if one.name == member]
    text = action.members[member]
    if is_literal(described, text):
        return Name(text, exact=True)
    return _start(compile_expression(text).tree)


def _start(node: Node) -> Name:
    """How an expression's string starts."""
    if isinstance(node, Literal):
        return Name(str(node.value), exact=True)
    if isinstance(node, Template):
        first = node.parts[0] if node.parts else ""
        return Name(first if isinstance(first, str) else "", exact=False)
    if isinstance(node, Chain) and all(step.operator == "+" for step in node.steps):
        start = _start(node.first)
        return start._replace(exact=False)
    return Name("", exact=False)


def arn_of(grant: Grant, environment: Mapping[str, Any]) -> str:
    """The grant's ARN: `environment` gives partition, region and account."""
    if grant.resource.startswith("arn:"):
        return grant.resource
    service, _, rest = grant.resource.partition(":")
    return f"arn:{environment['partition']}:{service}:{environment['region']}:{environment['account']}:{rest}"
