import base64
import hashlib
import json
import uuid

import pytest
from botocore.exceptions import ClientError

from commands.read_back import journal, journal_entries


def digest(*parts: str) -> str:
    """base64url(SHA-256(parts joined by a zero byte)), without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256("\0".join(parts).encode()).digest()).rstrip(b"=").decode()


def accepted(stage, message_id: str) -> list[dict]:
    """The messages of this id that the queue has accepted."""
    return [one for one in journal_entries(stage, "MessageQueueUrl") if message_id in one["body"]]


def message(**payload: object) -> dict:
    """A message to the shipped input."""
    return {"messageId": uuid.uuid4().hex, "inputName": "telemetry", "payload": json.dumps(payload).encode()}


def test_boto3_with_our_model_puts_messages(iotevents, stage) -> None:
    """An accepted batch has no error entries, and each message is in the queue in its detectors' groups."""
    messages = [message(deviceId="pump-7", temperature=20.0), message(deviceId="pump-8", temperature=1)]
    answer = iotevents.batch_put_message(messages=messages)

    assert answer["BatchPutMessageErrorEntries"] == []
    for sent, key in zip(messages, ("pump-7", "pump-8"), strict=True):
        found = {json.loads(one["body"])["model"]: one for one in accepted(stage, sent["messageId"])}
        for model in ("temperature_alarm", "device_heartbeat"):
            one = found[model]
            assert one["messageGroupId"] == digest(model, key)
            assert one["messageDeduplicationId"] == digest(model, key, "telemetry", sent["messageId"], "key:tests")
            assert json.loads(one["body"])["payload"] == json.loads(sent["payload"])


def test_refused_messages_have_entries_and_the_rest_none(iotevents) -> None:
    """An unknown input and a payload that is no object are refused by entry; the good one is accepted."""
    good = message(deviceId="d")
    unknown = {**message(deviceId="d"), "inputName": "nobody"}
    broken = {**message(), "payload": b"[1]"}
    entries = iotevents.batch_put_message(messages=[good, unknown, broken])["BatchPutMessageErrorEntries"]

    assert {entry["messageId"]: entry["errorCode"] for entry in entries} == {
        unknown["messageId"]: "ResourceNotFoundException",
        broken["messageId"]: "InvalidRequestException",
    }


def test_a_message_sent_again_is_taken_once(iotevents, stage) -> None:
    """Within five minutes the queue drops the same messageId of the same detector; two models read the input."""
    again = message(deviceId="twice")
    for _ in range(2):
        assert iotevents.batch_put_message(messages=[again])["BatchPutMessageErrorEntries"] == []

    assert len(accepted(stage, again["messageId"])) == 2


def test_one_keys_messages_stay_in_order(iotevents, stage) -> None:
    """Messages of one key in one request are queued in the request's order."""
    messages = [message(deviceId="ordered", n=number) for number in range(7)]
    iotevents.batch_put_message(messages=messages)
    bodies = journal(stage, "MessageQueueUrl")
    mine = [one for one in bodies if one.get("key") == "ordered" and one["model"] == "temperature_alarm"]

    assert [one["payload"]["n"] for one in mine] == list(range(7))


@pytest.mark.parametrize("messages", [[], [{**message(deviceId="d"), "messageId": "not a name!"}]], ids=["empty", "id"])
def test_whole_requests_are_refused_as_modelled(unchecked, messages: list) -> None:
    """What the service model says of shape, count and patterns is InvalidRequestException, 400."""
    with pytest.raises(ClientError) as error:
        unchecked.batch_put_message(messages=messages)

    assert error.value.response["Error"]["Code"] == "InvalidRequestException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
