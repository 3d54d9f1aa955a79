"""Where actions go: one call to AWS for each kind of action."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from distributary.aws.call import call
from distributary.errors import SinkUnavailable
from distributary.iot_events.message import RETRYABLE_CODES, Message, Provider
from distributary.iot_events.runtime.attribute_values import attribute, columns, key_attribute
from distributary.iot_events.values import BadPayload, read_json

MAX_HOPS = 10
"""How many detectors may hand a message on, one to the next: two that feed each other would never end."""


class ClientFactory(Protocol):
    """Whoever makes clients."""

    def make(self, service: str) -> Any:
        """A client of the service."""


class Once:
    """Makes each client once, when it is first needed."""

    def __init__(self, clients: ClientFactory) -> None:
        self._clients = clients
        self._made: dict[str, Any] = {}

    def make(self, service: str) -> Any:
        """The client of the service."""
        if service not in self._made:
            self._made[service] = self._clients.make(service)
        return self._made[service]


class QueuedAction(NamedTuple):
    """An action to run: an effect of the detector `key` of a model, see `effects.Effect`."""

    model: str
    key: str | None
    version: str
    hops: int
    kind: str
    id: str
    time: int
    parameters: Mapping[str, Any]
    body: str | None
    payload_type: str
    path: str


def read_action(text: str) -> QueuedAction:
    """The action that `batch.action_text` wrote."""
    return QueuedAction(**read_json(text))


class Targets:
    """Runs actions; each client is made when the first action needs it."""

    def __init__(self, clients: ClientFactory, inputs: Provider) -> None:
        self._aws = Once(clients)
        self._inputs = inputs
        self._kinds: Mapping[str, Callable[[QueuedAction, Mapping[str, Any]], object]] = {
            "sns": self._sns,
            "sqs": self._sqs,
            "lambda": self._lambda,
            "firehose": self._firehose,
            "iotTopicPublish": self._topic,
            "iotEvents": self._input,
            "dynamoDB": self._table,
            "dynamoDBv2": self._columns,
            "iotSiteWise": self._property,
        }

    def carry_out(self, action: QueuedAction) -> None:
        """Does it. Raises SinkUnavailable where AWS refused it or did not answer."""
        self._kinds[action.kind](action, action.parameters)

    def _sns(self, action: QueuedAction, parameters: Mapping[str, Any]) -> None:
        call(self._aws.make("sns").publish, TopicArn=parameters["targetArn"], Message=action.body)

    def _sqs(self, action: QueuedAction, parameters: Mapping[str, Any]) -> None:
        body = action.body or ""
        text = b64encode(body.encode()).decode() if parameters.get("useBase64") else body
        call(self._aws.make("sqs").send_message, QueueUrl=parameters["queueUrl"], MessageBody=text)

    def _lambda(self, action: QueuedAction, parameters: Mapping[str, Any]) -> None:
        payload = (action.body or "").encode()
        name = parameters["functionArn"]
        call(self._aws.make("lambda").invoke, FunctionName=name, InvocationType="Event", Payload=payload)

    def _firehose(self, action: QueuedAction, parameters: Mapping[str, Any]) -> None:
        data = f"{action.body}{parameters.get('separator') or ''}".encode()
        name = parameters["deliveryStreamName"]
        call(self._aws.make("firehose").put_record, DeliveryStreamName=name, Record={"Data": data})

    def _topic(self, action: QueuedAction, parameters: Mapping[str, Any]) -> None:
        payload = (action.body or "").encode()
        call(self._aws.make("iot-data").publish, topic=parameters["mqttTopic"], qos=0, payload=payload)

    def _input(self, action: QueuedAction, parameters: Mapping[str, Any]) -> None:
        if action.hops >= MAX_HOPS:
            raise SinkUnavailable("TooManyHops", f"handed on by {MAX_HOPS} detectors already", retryable=False)
        payload = (action.body or "").encode()
        # An action's id can be computed by others: a caller of its own keeps them from sending it first.
        caller, hops = f"detector-model:{action.model}", action.hops + 1
        message = Message(action.id, parameters["inputName"], payload, action.time, hops=hops, caller=caller)
        (entry,) = self._inputs.batch_put_message([message])
        if entry:
            raise SinkUnavailable(entry.error_code, entry.error_message, retryable=entry.error_code in RETRYABLE_CODES)

    def _table(self, action: QueuedAction, parameters: Mapping[str, Any]) -> None:
        client, table = self._aws.make("dynamodb"), parameters["tableName"]
        key = key_attribute(parameters, "hash")
        if parameters.get("rangeKeyField"):
            key |= key_attribute(parameters, "range")
        name, value = _payload_column(action, parameters)
        if parameters["operation"] == "INSERT":
            call(client.put_item, TableName=table, Item={**key, name: value})
        elif parameters["operation"] == "DELETE":
            call(client.delete_item, TableName=table, Key=key)
        else:
            update = {"UpdateExpression": "SET #p = :p", "ExpressionAttributeNames": {"#p": name}}
            call(client.update_item, TableName=table, Key=key, ExpressionAttributeValues={":p": value}, **update)

    def _columns(self, action: QueuedAction, parameters: Mapping[str, Any]) -> None:
        call(self._aws.make("dynamodb").put_item, TableName=parameters["tableName"], Item=columns(action.body or ""))

    def _property(self, _action: QueuedAction, parameters: Mapping[str, Any]) -> None:
        answer = call(
            self._aws.make("iotsitewise").batch_put_asset_property_value, entries=[property_entry(parameters)]
        )
        for entry in answer.get("errorEntries") or ():
            error = entry["errors"][0]
            raise SinkUnavailable(error["errorCode"], error.get("errorMessage", ""), retryable=True)


def _payload_column(action: QueuedAction, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The default payload and a JSON one as a map; a STRING one as bytes, in `<payloadField>_raw`."""
    name, body = parameters["payloadField"], action.body or ""
    if action.payload_type == "STRING":
        return f"{name}_raw", {"B": body.encode()}
    try:
        return name, attribute(read_json(body))
    except BadPayload:
        return name, {"S": body}


_NUMBERS: Mapping[str, Callable[[str], Any]] = {
    "integerValue": int,
    "doubleValue": float,
    "booleanValue": lambda text: text == "true",
}


def property_entry(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of BatchPutAssetPropertyValue."""
    names = ("entryId", "assetId", "propertyId", "propertyAlias")
    prefix = "propertyValue.value."
    value = {
        name.removeprefix(prefix): _NUMBERS.get(name.removeprefix(prefix), str)(text)
        for name, text in parameters.items()
        if name.startswith(prefix) and text is not None
    }
    times = ("timeInSeconds", "offsetInNanos")
    given = {name: parameters.get(f"propertyValue.timestamp.{name}") for name in times}
    timestamp = {name: int(text) for name, text in given.items() if text is not None}
    quality = parameters.get("propertyValue.quality")
    entry = {name: parameters[name] for name in names if parameters.get(name)}
    values = {"value": value, "timestamp": timestamp, **({"quality": quality} if quality else {})}
    return {**entry, "propertyValues": [values]}
