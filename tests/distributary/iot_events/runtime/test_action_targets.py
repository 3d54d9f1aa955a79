import json
from itertools import count

import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.session import Session
from botocore.validate import ParamValidator
from detector_cases import definition_of
from fake_client import FakeClient, aws_error

from distributary.errors import SinkUnavailable
from distributary.iot_events.analysis.load import load_text
from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.engine.cycle import InputMessage
from distributary.iot_events.engine.detector import Detector
from distributary.iot_events.engine.machine import step
from distributary.iot_events.message import ErrorEntry
from distributary.iot_events.model.action_kinds import ACTION_KINDS, INTERNAL
from distributary.iot_events.runtime.action_batch import RunActions
from distributary.iot_events.runtime.action_targets import MAX_HOPS, Targets, read_action
from distributary.iot_events.runtime.detector_item import Row
from distributary.iot_events.runtime.detector_run import action_text
from distributary.iot_events.values import read_object

UUID = "01234567-89ab-4cde-8f01-23456789abcd"


class Clients:
    """One client that answers every operation, whatever the service."""

    def __init__(self, **answers) -> None:
        names = ("publish", "send_message", "invoke", "put_record", "put_item", "update_item", "delete_item")
        names += ("batch_put_asset_property_value",)
        self.client = FakeClient(**{name: {} for name in names}, **answers)
        self.made: list[str] = []

    def make(self, service: str) -> FakeClient:
        self.made.append(service)
        return self.client


class Inputs:
    """A taker of messages."""

    max_messages = max_bytes = max_payload_bytes = 1000

    def __init__(self, entry: ErrorEntry | None = None) -> None:
        self.entry = entry
        self.taken: list = []

    def batch_put_message(self, messages):
        self.taken += messages
        return [self.entry] * len(messages)


def action(kind: str, *, body: str | None = '{"a":1.10}', hops: int = 0, payload_type: str = "JSON", **parameters):
    """An action's text."""
    members = {"model": "m", "key": "k", "version": "1", "hops": hops, "kind": kind, "id": "e-1", "time": 7}
    return json.dumps({**members, "parameters": parameters, "body": body, "payload_type": payload_type, "path": "p"})


DYNAMO = {"tableName": "t", "hashKeyField": "h", "hashKeyValue": "7", "payloadField": "payload"}
NUMBER = {**DYNAMO, "hashKeyType": "NUMBER"}
MAP = {"M": {"a": {"N": "1.10"}}}


CALLS = [
    (action("sns", targetArn="arn"), "sns", ("publish", {"TopicArn": "arn", "Message": '{"a":1.10}'})),
    (
        action("sqs", queueUrl="q", useBase64=True, body="hi"),
        "sqs",
        ("send_message", {"QueueUrl": "q", "MessageBody": "aGk="}),
    ),
    pytest.param(
        action("lambda", functionArn="f", body="{}"),
        "lambda",
        ("invoke", {"FunctionName": "f", "InvocationType": "Event", "Payload": b"{}"}),
        marks=pytest.mark.covers("decision.lambda-event"),
    ),
    (
        action("firehose", deliveryStreamName="d", separator="\n", body="x"),
        "firehose",
        ("put_record", {"DeliveryStreamName": "d", "Record": {"Data": b"x\n"}}),
    ),
    (
        action("iotTopicPublish", mqttTopic="a/b", body="x"),
        "iot-data",
        ("publish", {"topic": "a/b", "qos": 0, "payload": b"x"}),
    ),
    (
        action("dynamoDB", operation="INSERT", **DYNAMO),
        "dynamodb",
        ("put_item", {"TableName": "t", "Item": {"h": {"S": "7"}, "payload": MAP}}),
    ),
    (
        action("dynamoDB", operation="INSERT", payload_type="STRING", body="x", **NUMBER),
        "dynamodb",
        ("put_item", {"TableName": "t", "Item": {"h": {"N": "7"}, "payload_raw": {"B": b"x"}}}),
    ),
    (
        action("dynamoDB", operation="DELETE", rangeKeyField="r", rangeKeyValue="x", **DYNAMO),
        "dynamodb",
        ("delete_item", {"TableName": "t", "Key": {"h": {"S": "7"}, "r": {"S": "x"}}}),
    ),
    (
        action("dynamoDB", operation="UPDATE", **DYNAMO),
        "dynamodb",
        (
            "update_item",
            {
                "TableName": "t",
                "Key": {"h": {"S": "7"}},
                "UpdateExpression": "SET #p = :p",
                "ExpressionAttributeNames": {"#p": "payload"},
                "ExpressionAttributeValues": {":p": MAP},
            },
        ),
    ),
    (
        action("dynamoDBv2", tableName="t", body='{"s":"x","n":20.0,"b":true,"z":null,"l":[1]}'),
        "dynamodb",
        (
            "put_item",
            {
                "TableName": "t",
                "Item": {
                    "s": {"S": "x"},
                    "n": {"N": "20.0"},
                    "b": {"BOOL": True},
                    "z": {"NULL": True},
                    "l": {"L": [{"N": "1"}]},
                },
            },
        ),
    ),
    (
        action(
            "iotSiteWise",
            body=None,
            **{
                "entryId": "e",
                "propertyAlias": "/a",
                "propertyValue.value.doubleValue": "1.5",
                "propertyValue.timestamp.timeInSeconds": "9",
                "propertyValue.quality": "GOOD",
            },
        ),
        "iotsitewise",
        (
            "batch_put_asset_property_value",
            {
                "entries": [
                    {
                        "entryId": "e",
                        "propertyAlias": "/a",
                        "propertyValues": [
                            {
                                "value": {"doubleValue": 1.5},
                                "timestamp": {"timeInSeconds": 9},
                                "quality": "GOOD",
                            }
                        ],
                    }
                ]
            },
        ),
    ),
]


@pytest.mark.parametrize(("text", "service", "call"), CALLS)
def test_each_kind_is_one_call_of_its_service(text, service, call) -> None:
    """With the action's members, its payload as the kind wants it, and numbers digit for digit."""
    clients = Clients()

    assert failed_ids(Targets(clients, Inputs()), text) == []

    assert clients.made == [service]
    assert clients.client.calls == [call]


def test_every_kind_that_leaves_the_detector_has_a_call() -> None:
    """A new kind in the table without its target would fail only when a detector uses it."""
    texts = [getattr(one, "values", one)[0] for one in CALLS]
    called = {json.loads(text)["kind"] for text in texts}

    assert called | {"iotEvents"} == {*ACTION_KINDS} - INTERNAL


class Pauses:
    """Nobody waits."""

    def postpone(self, records) -> None:
        """Nothing."""


def failed_ids(targets: Targets, *texts: str, log=None, count=None) -> list[str]:
    """The ids of the records that come again."""
    records = [
        {"messageId": f"r{n}", "receiptHandle": "h", "body": text, "attributes": {"ApproximateReceiveCount": "1"}}
        for n, text in enumerate(texts)
    ]
    answer = RunActions(targets, Pauses(), log or (lambda *_: None), count or (lambda *_: None))({"Records": records})
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_failed_actions_are_counted() -> None:
    """Each attempt, for the alarm that rings long before their dead letters; a batch without any writes no line."""
    lines: list[tuple[str, dict]] = []
    targets = Targets(Clients(), Inputs())
    good = action("iotEvents", inputName="in", hops=2)

    failed_ids(targets, good, "no action", "[]", count=lambda *line: lines.append(line))
    failed_ids(targets, good, count=lambda *line: lines.append(line))

    assert lines == [("batch", {"records": 3, "actions_failed": 2})]


def test_a_message_to_an_input_has_the_effects_id_and_one_hop_more() -> None:
    """So it is taken once, and two detectors that feed each other come to an end."""
    inputs = Inputs()
    targets = Targets(Clients(), inputs)

    failed = failed_ids(
        targets, action("iotEvents", inputName="in", hops=2), action("iotEvents", inputName="in", hops=MAX_HOPS)
    )

    assert failed == ["r1"]
    [message] = inputs.taken
    assert (message.message_id, message.input_name, message.timestamp_ms, message.hops) == ("e-1", "in", 7, 3)
    assert message.caller == "detector-model:m"


@pytest.mark.covers("decision.outbox")
def test_a_failed_action_comes_again_and_the_others_do_not() -> None:
    """The log says what failed, and whether it may succeed later."""
    clients = Clients()
    clients.client = FakeClient(publish=aws_error("NotFound", 404), send_message={})
    lines: list = []

    failed = failed_ids(
        Targets(clients, Inputs()),
        action("sns", targetArn="a"),
        action("sqs", queueUrl="q"),
        log=lambda level, text, fields: lines.append((level, text, fields.get("retryable"))),
    )

    assert failed == ["r0"]
    assert ("ERROR", "an action failed", False) in lines


@pytest.mark.parametrize(
    "broken",
    [
        action("iotSiteWise", body=None, **{"propertyAlias": "/a", "propertyValue.value.integerValue": "1.5"}),
        action("dynamoDBv2", tableName="t", body="[1]"),
        action("none of them"),
        "{",
    ],
    ids=["no integer", "no object", "no kind", "no JSON"],
)
def test_an_action_that_can_never_succeed_comes_again_alone(broken) -> None:
    """It ends among the dead letters, and the others of its batch are not repeated with it."""
    clients, lines = Clients(), []

    failed = failed_ids(
        Targets(clients, Inputs()),
        action("sqs", queueUrl="q"),
        broken,
        action("sns", targetArn="a"),
        log=lambda level, text, fields: lines.append((level, text, fields.get("retryable"))),
    )

    assert failed == ["r1"]
    assert sorted(name for name, _ in clients.client.calls) == ["publish", "send_message"]
    assert [line for line in lines if line[0] == "ERROR"] == [("ERROR", "an action failed", False)]


class DyingClient:
    """Takes what it is given; one call of all, in order, gets no answer, before or after it did what it was asked."""

    def __init__(self, crash: int, *, after: bool) -> None:
        self.taken: list[tuple] = []
        self._calls, self._crash, self._after = count(), crash, after

    def __getattr__(self, operation: str):
        def call(**parameters):
            dies = next(self._calls) == self._crash
            if not dies or self._after:
                self.taken.append((operation, repr(sorted(parameters.items()))))
            if dies:
                raise ConnectTimeoutError(endpoint_url="https://aws")
            return {}

        return call


SEVERAL = [
    action("sns", targetArn="a"),
    action("sqs", queueUrl="q"),
    action("lambda", functionArn="f"),
    action("firehose", deliveryStreamName="d", separator=","),
    action("iotTopicPublish", mqttTopic="a/b"),
    action("dynamoDB", operation="UPDATE", **DYNAMO),
]


def taken(*, crash: int = -1, after: bool = False) -> list[tuple]:
    """What the targets took, once every action has come until it is done."""
    clients = Clients()
    clients.client = DyingClient(crash, after=after)
    left = SEVERAL
    for _ in range(3):
        left = [left[int(name.removeprefix("r"))] for name in failed_ids(Targets(clients, Inputs()), *left)]
    assert left == []
    return clients.client.taken


def test_a_crash_at_any_call_repeats_that_action_alone_and_unchanged() -> None:
    """Before or after the target took it: the same payload with the same `actionExecutionId`, twice at most."""
    whole = taken()

    assert len(whole) == len(set(whole)) == len(SEVERAL)
    for crash in range(len(SEVERAL)):
        assert sorted(taken(crash=crash)) == sorted(whole)
        repeated = taken(crash=crash, after=True)
        assert set(repeated) == set(whole)
        assert len(repeated) == len(whole) + 1


def test_a_refused_message_is_a_failed_action() -> None:
    """With the input's own code."""
    targets = Targets(Clients(), Inputs(ErrorEntry("e-1", "ThrottlingException", "later")))

    with pytest.raises(SinkUnavailable, match="ThrottlingException"):
        targets._input(read_action(action("iotEvents", inputName="in")), {"inputName": "in"})


def sent_by(asked: dict, payload: str, now: int) -> str:
    """The one action that a model with it sends, as it is queued."""
    text = json.dumps(definition_of({"states": {"A": {"input": [["currentInput('i')", asked]]}}}))
    (definition,) = load_text(text, name="m")
    _, [effect] = step(Model(definition), Detector(None), InputMessage("i", "1", read_object(payload)), now)
    return action_text(Row("m", None, "1", Detector(None)), effect, 0)


@pytest.mark.parametrize(
    ("members", "value", "quality"),
    [
        ({"propertyAlias": "'/plant/1'", "doubleValue": "$input.i.number"}, {"doubleValue": 20.5}, None),
        ({"assetId": f"'{UUID}'", "propertyId": f"'{UUID}'", "integerValue": "7"}, {"integerValue": 7}, "GOOD"),
        ({"propertyAlias": "'/plant/1'", "booleanValue": "$input.i.number > 20"}, {"booleanValue": True}, "'BAD'"),
        ({"propertyAlias": "'/plant/1'", "stringValue": "'n ${$input.i.number}'"}, {"stringValue": "n 20.5"}, None),
    ],
    ids=["double", "integer", "Boolean", "string"],
)
def test_sitewise_takes_what_a_model_asks_for(members, value, quality) -> None:
    """From the definition to an entry that SiteWise's own service model accepts, at the event's time."""
    names = {name: text for name, text in members.items() if not name.endswith("Value")}
    [(kind, text)] = [(name, text) for name, text in members.items() if name.endswith("Value")]
    asked = {**names, "propertyValue": {"value": {kind: text}, **({"quality": quality} if quality else {})}}
    text = sent_by({"iotSiteWise": asked}, '{"number": 20.5}', now=1_700_000_000_123)
    clients = Clients()

    Targets(clients, Inputs()).carry_out(read_action(text))

    [(_, parameters)] = clients.client.calls
    model = Session().get_service_model("iotsitewise").operation_model("BatchPutAssetPropertyValue").input_shape
    assert ParamValidator().validate(parameters, model).generate_report() == ""
    [entry] = parameters["entries"]
    [written] = entry["propertyValues"]
    assert (written["value"], written.get("quality")) == (value, quality and quality.strip("'"))
    assert written["timestamp"] == {"timeInSeconds": 1_700_000_000, "offsetInNanos": 123_000_000}
    assert entry["entryId"] == json.loads(text)["id"]
