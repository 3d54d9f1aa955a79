import json
import time
import uuid
from collections.abc import Callable

import pytest

from commands.demo import show_a_detector
from commands.read_back import journal

WITHIN_SECONDS = 60


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


def test_the_demo_shows_a_detector(stage, http, capsys) -> None:
    """Its states and its action, reading by reading."""
    assert show_a_detector(stage, http.credential)

    *_, normal, alarm = capsys.readouterr().out.splitlines()
    assert normal.split() == ["21.5", "°C", "Normal", "none"]
    assert alarm.startswith("45.0 °C  Alarm   publishes to distributary/alarms/temperature/pump-")


def describe(iotevents, device: str, model: str = "device_heartbeat") -> dict:
    """The detector, as the Data API describes it; empty while there is none."""
    try:
        return iotevents.describe_detector(detectorModelName=model, keyValue=device)["detector"]
    except iotevents.exceptions.ResourceNotFoundException:
        return {}


def test_a_timer_that_expires_changes_the_state(iotevents, stage, device) -> None:
    """A device that falls silent: the timer's wake-up comes by itself; when the device is back, the detector tells."""
    send(iotevents, device, 20)
    assert wait(lambda: describe(iotevents, device).get("state", {}).get("stateName") == "Reporting")
    state = {"stateName": "Reporting", "variables": [], "timers": [{"name": "silence", "seconds": 1}]}
    change = {"messageId": "1", "detectorModelName": "device_heartbeat", "keyValue": device, "state": state}

    assert iotevents.batch_update_detector(detectors=[change])["batchUpdateDetectorErrorEntries"] == []

    assert wait(lambda: describe(iotevents, device)["state"]["stateName"] == "Silent")
    send(iotevents, device, 20)
    [action] = wait(lambda: [one for one in journal(stage, "ActionQueueUrl") if one["key"] == device])
    assert json.loads(action["body"])["eventName"] == "back"
    assert describe(iotevents, device)["state"]["stateName"] == "Reporting"


def test_detectors_are_described_listed_changed_and_deleted(iotevents, device) -> None:
    """boto3 with our service model: each operation on a detector, and what it says of one that is not there."""
    model = "temperature_alarm"
    assert describe(iotevents, device, model) == {}
    send(iotevents, device, 20.5)
    found = wait(lambda: describe(iotevents, device, model))
    assert (found["keyValue"], found["detectorModelVersion"]) == (device, "1")
    assert {"name": "raiseAbove", "value": "30.0"} in found["state"]["variables"]

    state = {"stateName": "Alarm", "variables": [{"name": "note", "value": '"by hand"'}], "timers": []}
    change = {"messageId": "1", "detectorModelName": model, "keyValue": device, "state": state}
    assert iotevents.batch_update_detector(detectors=[change])["batchUpdateDetectorErrorEntries"] == []
    changed = describe(iotevents, device, model)["state"]
    assert (changed["stateName"], changed["variables"]) == ("Alarm", state["variables"])

    assert device in listed(iotevents, model, stateName="Alarm")
    assert device not in listed(iotevents, model, stateName="Normal")

    gone = {"messageId": "2", "detectorModelName": model, "keyValue": device}
    assert iotevents.batch_delete_detector(detectors=[gone])["batchDeleteDetectorErrorEntries"] == []
    assert describe(iotevents, device, model) == {}
    [entry] = iotevents.batch_delete_detector(detectors=[gone])["batchDeleteDetectorErrorEntries"]
    assert (entry["messageId"], entry["errorCode"]) == ("2", "ResourceNotFoundException")
    send(iotevents, device, 20.5)
    assert wait(lambda: describe(iotevents, device, model))["state"]["stateName"] == "Normal"


def listed(iotevents, model: str, **wanted: str) -> list[str]:
    """The keys of all pages of a list, two detectors a page."""
    keys, token = [], {}
    while True:
        page = iotevents.list_detectors(detectorModelName=model, maxResults=2, **wanted, **token)
        keys += [one["keyValue"] for one in page["detectorSummaries"]]
        if "nextToken" not in page:
            return keys
        token = {"nextToken": page["nextToken"]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"keyValue": "nobody"}, "ResourceNotFoundException"),
        ({"detectorModelName": "no_model"}, "ResourceNotFoundException"),
        ({"state": {"stateName": "Nowhere", "variables": [], "timers": []}}, "InvalidRequestException"),
        (
            {"state": {"stateName": "Alarm", "variables": [{"name": "v", "value": "word"}], "timers": []}},
            "InvalidRequestException",
        ),
        (
            {"state": {"stateName": "Alarm", "variables": [], "timers": [{"name": "t", "seconds": 0}]}},
            "InvalidRequestException",
        ),
    ],
    ids=["key", "model", "state", "variable", "timer"],
)
def test_a_change_that_cannot_be_is_that_entrys_error(iotevents, change, code) -> None:
    """200, and an entry with AWS's code."""
    state = {"stateName": "Alarm", "variables": [], "timers": []}
    entry = {"messageId": "1", "detectorModelName": "temperature_alarm", "keyValue": "nobody", "state": state, **change}

    [error] = iotevents.batch_update_detector(detectors=[entry])["batchUpdateDetectorErrorEntries"]

    assert (error["messageId"], error["errorCode"]) == ("1", code)
