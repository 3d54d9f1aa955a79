import json
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable

import pytest

WITHIN_SECONDS = 20


def journal(stage, output: str) -> list[dict]:
    """The bodies that a queue of the stack has accepted."""
    queue = urllib.parse.quote(stage.outputs[output], safe="")
    with urllib.request.urlopen(f"{stage.aws_endpoint}/_distributary/journal?queue={queue}") as answer:
        return [json.loads(one["body"]) for one in json.load(answer)["messages"]]


def wait(look: Callable[[], object]) -> object:
    """What it sees, as soon as it sees anything."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def send(iotevents, device: str, *temperatures: float) -> None:
    """Readings of a device, each a message of its own request."""
    for temperature in temperatures:
        payload = json.dumps({"deviceId": device, "temperature": temperature}).encode()
        note = {"messageId": uuid.uuid4().hex, "inputName": "telemetry", "payload": payload}
        assert iotevents.batch_put_message(messages=[note])["BatchPutMessageErrorEntries"] == []


@pytest.fixture
def device() -> str:
    """A device that no other test knows."""
    return f"d-{uuid.uuid4().hex}"


def item(stage, model: str, device: str) -> dict:
    """A detector's item, without DynamoDB's types; empty while there is none."""
    client = stage.client("dynamodb")
    items = client.scan(TableName=stage.outputs["DetectorTableName"], ConsistentRead=True)["Items"]
    mine = [one for one in items if one["sk"]["S"] == device and one["pk"]["S"].startswith(f"{model}#")]
    return {name: next(iter(value.values())) for name, value in mine[0].items()} if mine else {}


def test_a_message_makes_a_detector_change_its_state_and_act(iotevents, stage, device) -> None:
    """Too hot a reading: the alarm is raised, and its action is queued once, with the event that was its cause."""
    send(iotevents, device, 21.5, 31.5)

    wait(lambda: item(stage, "temperature_alarm", device).get("stateName") == "Alarm")
    actions = wait(lambda: [one for one in journal(stage, "ActionQueueUrl") if one["key"] == device])

    assert item(stage, "temperature_alarm", device)["stateName"] == "Alarm"
    [action] = actions
    assert (action["kind"], action["model"]) == ("iotTopicPublish", "temperature_alarm")
    assert action["parameters"]["mqttTopic"] == f"distributary/alarms/temperature/{device}"
    assert json.loads(action["body"])["eventName"] == "raised"
    assert wait(lambda: "pending" not in item(stage, "temperature_alarm", device))
