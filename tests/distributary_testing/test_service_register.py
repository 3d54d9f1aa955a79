"""What AWS left undocumented, as it was decided, where only the Data API or a target shows it."""

import json
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from distributary_testing import mock_iot_events

CODES = {
    "ResourceNotFoundException",
    "InvalidRequestException",
    "InternalFailureException",
    "ServiceUnavailableException",
    "ThrottlingException",
}


def make(control, *actions: dict, key: str | None = "k", state: str = "S") -> None:
    """The model `m`, which does this with each message to `in`."""
    control.create_input(inputName="in", inputDefinition={"attributes": [{"jsonPath": "k"}]})
    event = {"eventName": "e", "condition": "currentInput('in')", "actions": [*actions]}
    definition = {"initialStateName": state, "states": [{"stateName": state, "onInput": {"events": [event]}}]}
    keyed = {"key": key} if key else {}
    control.create_detector_model(detectorModelName="m", roleArn="any", detectorModelDefinition=definition, **keyed)


def put(data, payload: bytes = b'{"k": "a"}', **members) -> list[dict]:
    """The entries that one message is answered with."""
    message = {"messageId": "1", "inputName": "in", "payload": payload, **members}
    return data.batch_put_message(messages=[message])["BatchPutMessageErrorEntries"]


SEND = {"iotTopicPublish": {"mqttTopic": "t"}}
COUNT = {"setVariable": {"variableName": "v", "value": "1"}}


@pytest.mark.covers("decision.error-texts")
def test_an_error_has_one_of_the_apis_codes_and_some_text(iot_events, control, data) -> None:
    """What the text says is free: who must tell errors apart reads the code."""
    make(control, SEND)
    state = {"stateName": "gone", "variables": [], "timers": []}
    change = {"messageId": "1", "detectorModelName": "m", "keyValue": "a"}

    entries = [*put(data, b"["), *put(data, inputName="gone")]
    entries += data.batch_update_detector(detectors=[{**change, "state": state}])["batchUpdateDetectorErrorEntries"]
    entries += data.batch_delete_detector(detectors=[change])["batchDeleteDetectorErrorEntries"]

    assert len(entries) == 4
    assert {one["errorCode"] for one in entries} <= CODES
    assert all(one["errorMessage"] for one in entries)
    with pytest.raises(ClientError) as caught:
        put(data, messageId="a b")
    assert caught.value.response["Error"]["Code"] in CODES


@pytest.mark.covers("decision.bad-payload")
@pytest.mark.covers("decision.missing-key")
def test_what_no_model_can_read_is_refused_and_what_one_cannot_place_is_accepted(iot_events, control, data) -> None:
    """Another model may find its key in it; that this one did not stands in the log."""
    make(control, SEND)

    assert [one["errorCode"] for one in put(data, b"no JSON")] == ["InvalidRequestException"]
    assert put(data, b'{"other": 1}') == []

    assert (iot_events.actions, [line.level for line in iot_events.log]) == ([], ["WARNING"])


@pytest.mark.covers("decision.timestamp")
def test_a_messages_timestamp_changes_nothing(iot_events, control, data) -> None:
    """Neither when it is handled, nor in which order, nor when a timer is due."""
    make(control, {"setTimer": {"timerName": "t", "seconds": 60}}, SEND)

    put(data, timestamp={"timeInMillis": 1})
    put(data, messageId="2", timestamp={"timeInMillis": 2**63 - 1})

    begin = datetime(2026, 1, 1, tzinfo=UTC)
    assert [(one.time, one.json()["payload"]["eventTriggerDetails"]["messageId"]) for one in iot_events.actions] == [
        (begin, "1"),
        (begin, "2"),
    ]
    detector = data.describe_detector(detectorModelName="m", keyValue="a")["detector"]
    assert detector["state"]["timers"][0]["timestamp"].timestamp() == begin.timestamp() + 60


@pytest.mark.covers("decision.listing")
def test_detectors_are_listed_a_hundred_at_a_time_in_the_same_order(iot_events, control, data) -> None:
    """Of the current version only; with a token while there are more."""
    make(control, COUNT)
    keys = [f"k{number:03}" for number in range(101)]
    for key in keys:
        put(data, json.dumps({"k": key}).encode())

    first = data.list_detectors(detectorModelName="m")
    rest = data.list_detectors(detectorModelName="m", nextToken=first["nextToken"])

    pages = [[one["keyValue"] for one in page["detectorSummaries"]] for page in (first, rest)]
    assert [len(page) for page in pages] == [100, 1]
    assert sorted(pages[0] + pages[1]) == keys
    assert [one["keyValue"] for one in data.list_detectors(detectorModelName="m")["detectorSummaries"]] == pages[0]


@pytest.mark.covers("decision.listing")
@pytest.mark.usefixtures("iot_events")
def test_a_detector_that_is_not_there_is_neither_changed_nor_deleted(control, data) -> None:
    """ResourceNotFoundException: no call but BatchPutMessage makes one."""
    make(control, SEND)
    change = {"messageId": "1", "detectorModelName": "m", "keyValue": "a"}
    state = {"stateName": "S", "variables": [], "timers": []}

    [updated] = data.batch_update_detector(detectors=[{**change, "state": state}])["batchUpdateDetectorErrorEntries"]
    [deleted] = data.batch_delete_detector(detectors=[change])["batchDeleteDetectorErrorEntries"]

    assert {updated["errorCode"], deleted["errorCode"]} == {"ResourceNotFoundException"}
    assert data.list_detectors(detectorModelName="m")["detectorSummaries"] == []


@pytest.fixture
def table(monkeypatch):
    """A table of moto's, and IoT Events beside it, which carries actions out."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws(), mock_iot_events(deliver=boto3.client) as iot_events:
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client
        assert iot_events.log == []


def write(**members) -> dict:
    """A DynamoDB action on that table."""
    return {"dynamoDB": {"tableName": "'t'", "hashKeyField": "'id'", "hashKeyValue": "$input.in.k", **members}}


@pytest.mark.covers("decision.dynamodb-storage")
def test_a_json_payload_is_stored_as_a_map_and_a_string_as_bytes(table, control, data) -> None:
    """Numbers digit for digit, more of them than a float has; a STRING payload in a column of its own name."""
    json_payload = {"contentExpression": "'{\"n\": 20.123456789012345678901234567}'", "type": "JSON"}
    make(control, write(payload=json_payload, operation="'INSERT'"))

    put(data)

    assert table.get_item(TableName="t", Key={"id": {"S": "a"}})["Item"] == {
        "id": {"S": "a"},
        "payload": {"M": {"n": {"N": "20.123456789012345678901234567"}}},
    }


@pytest.mark.covers("decision.dynamodb-update")
def test_an_update_of_an_item_that_is_not_there_makes_it(table, control, data) -> None:
    """And leaves the other columns of one that is."""
    text = {"contentExpression": "'x'", "type": "STRING"}
    make(control, write(payload=text, operation="'UPDATE'"))
    table.put_item(TableName="t", Item={"id": {"S": "b"}, "mine": {"S": "kept"}})

    put(data)
    put(data, b'{"k": "b"}')

    items = {one["id"]["S"]: one for one in table.scan(TableName="t")["Items"]}
    assert items == {
        "a": {"id": {"S": "a"}, "payload_raw": {"B": b"x"}},
        "b": {"id": {"S": "b"}, "payload_raw": {"B": b"x"}, "mine": {"S": "kept"}},
    }
