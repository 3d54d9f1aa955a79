import json
import time
import uuid

import pytest

WITHIN_SECONDS = 20


@pytest.fixture
def iot(stage):
    """boto3's client for IoT Core's data plane."""
    return stage.client("iot-data")


def state_of(iotevents, device: str) -> str:
    """The state of the device's alarm, as soon as there is one; empty where it never comes."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        try:
            found = iotevents.describe_detector(detectorModelName="temperature_alarm", keyValue=device)["detector"]
        except iotevents.exceptions.ResourceNotFoundException:
            time.sleep(0.1)
        else:
            return found["state"]["stateName"]
    return ""


def test_what_a_device_publishes_moves_its_detector(iot, iotevents) -> None:
    """From an MQTT topic by the rule of `distributary.toml` to the input, and so to the detector."""
    device = f"d-{uuid.uuid4().hex}"

    iot.publish(
        topic=f"devices/{device}/telemetry", qos=1, payload=json.dumps({"deviceId": device, "temperature": 31.5})
    )

    assert state_of(iotevents, device) == "Alarm"
