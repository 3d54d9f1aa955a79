import json
import uuid

import pytest


@pytest.fixture
def iot(stage):
    """boto3's client for IoT Core's data plane."""
    return stage.client("iot-data")


def state_of(iotevents, device: str) -> str:
    """The state of the device's alarm; empty where there is none."""
    try:
        found = iotevents.describe_detector(detectorModelName="temperature_alarm", keyValue=device)["detector"]
    except iotevents.exceptions.ResourceNotFoundException:
        return ""
    return found["state"]["stateName"]


def test_what_a_device_publishes_moves_its_detector(wait, iot, iotevents) -> None:
    """From an MQTT topic by the rule of `distributary.toml` to the input, and so to the detector."""
    device = f"d-{uuid.uuid4().hex}"

    iot.publish(
        topic=f"devices/{device}/telemetry", qos=1, payload=json.dumps({"deviceId": device, "temperature": 31.5})
    )

    assert wait(lambda: state_of(iotevents, device)) == "Alarm"


def test_what_no_input_can_take_is_a_dead_letter(wait, iot, stage) -> None:
    """A message that is no JSON object: in the bucket, with the reason, and the queue of errors stays empty."""
    mark = uuid.uuid4().hex

    iot.publish(topic="devices/any/telemetry", qos=1, payload=json.dumps([mark]))

    [letter] = wait(lambda: letters(stage, mark))
    assert (letter["reason"], letter["record"]["inputName"]) == ("InvalidRequestException", "telemetry")
    sqs = stage.client("sqs")
    assert "Messages" not in sqs.receive_message(QueueUrl=stage.outputs["RuleErrorQueueUrl"])


def letters(stage, mark: str) -> list[dict]:
    """The dead letters of messages whose payload has the mark."""
    s3, bucket = stage.client("s3"), stage.outputs["BucketName"]
    keys = [
        one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="dead-letters/iot_events/").get("Contents", ())
    ]
    lines = [line for key in keys for line in s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()]
    return [letter for letter in map(json.loads, lines) if mark in letter["record"]["payload"]]
