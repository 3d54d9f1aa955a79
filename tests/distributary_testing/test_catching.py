import asyncio
import json
import os

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from distributary_testing import current, mock_iot_events


def put(data, message_id: str = "1", **payload) -> list:
    """The entries that one message to `in` is answered with."""
    message = {"messageId": message_id, "inputName": "in", "payload": json.dumps(payload).encode()}
    return data.batch_put_message(messages=[message])["BatchPutMessageErrorEntries"]


def made(service: str):
    """A new client."""
    return boto3.client(service, region_name="eu-west-1")


@mock_iot_events
def test_a_decorated_test_is_inside():
    """Its clients are answered, and `current` is the service."""
    made("iotevents").create_input(inputName="in", inputDefinition={"attributes": [{"jsonPath": "a"}]})

    assert put(made("iotevents-data")) == []
    assert [line.text for line in current().log] == ["unread"]


@mock_iot_events(strict=True)
def test_a_decorator_takes_options():
    """Each call of the test has a service of its own."""
    assert made("iotevents").list_inputs()["inputSummaries"] == []
    with pytest.raises(ClientError, match="less than or equal to 10"):
        made("iotevents-data").batch_put_message(
            messages=[{"messageId": "1", "inputName": "in", "payload": b"{}"}] * 11
        )


def test_a_coroutine_is_inside_until_it_has_ended():
    """Not only until it has begun."""

    @mock_iot_events
    async def asks() -> list:
        await asyncio.sleep(0)
        return made("iotevents").list_inputs()["inputSummaries"]

    assert asyncio.run(asks()) == []


def test_what_is_no_function_is_not_decorated():
    """A class would be decorated to no effect."""
    with pytest.raises(TypeError, match="fixture"):
        mock_iot_events(type("TestSomething", (), {}))


def test_outside_there_is_no_current_service():
    """Asking for it is a mistake."""
    with pytest.raises(LookupError, match="no mock"):
        current()


def test_the_inner_mock_answers_and_the_outer_one_again_after_it(control):
    """They know nothing of each other."""
    with mock_iot_events():
        control.create_input(inputName="outer", inputDefinition={"attributes": [{"jsonPath": "a"}]})
        with mock_iot_events():
            assert control.list_inputs()["inputSummaries"] == []
        assert [one["inputName"] for one in control.list_inputs()["inputSummaries"]] == ["outer"]


def test_afterwards_everything_is_as_it_was(monkeypatch):
    """Environment and boto3's default session; and a client that was made inside goes to the network again."""
    monkeypatch.setenv("AWS_DATA_PATH", "before")
    environment, session = dict(os.environ), boto3.DEFAULT_SESSION
    with mock_iot_events():
        assert os.environ["AWS_DATA_PATH"].endswith(f"{os.pathsep}before")
        once = Config(retries={"mode": "standard", "total_max_attempts": 1})
        client = boto3.client("iotevents", region_name="eu-west-1", endpoint_url="http://127.0.0.1:9", config=once)

    assert dict(os.environ) == environment
    assert boto3.DEFAULT_SESSION is session
    with pytest.raises(Exception, match=r"127\.0\.0\.1:9"):
        client.list_inputs()


def test_a_client_with_an_endpoint_of_its_own_is_caught_too():
    """Code that was pointed at a stack needs no change for its tests."""
    with mock_iot_events():
        client = boto3.client("iotevents-data", region_name="eu-west-1", endpoint_url="https://example.com")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.describe_detector(detectorModelName="m", keyValue="k")


@pytest.mark.parametrize("moto_first", [True, False])
def test_moto_answers_for_the_other_services(moto_first):
    """Whichever is entered first; with `deliver`, actions arrive at its services."""
    mocks = [mock_aws, lambda: mock_iot_events(deliver=boto3.client)]
    first, second = mocks if moto_first else reversed(mocks)
    with pytest.MonkeyPatch.context() as patch, first(), second():
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        url = made("sqs").create_queue(QueueName="q")["QueueUrl"]
        control, data = made("iotevents"), made("iotevents-data")
        control.create_input(inputName="in", inputDefinition={"attributes": [{"jsonPath": "a"}]})
        event = {"eventName": "e", "condition": "$input.in.a > 1", "actions": [{"sqs": {"queueUrl": url}}]}
        state = {"stateName": "S", "onInput": {"events": [event]}}
        definition = {"initialStateName": "S", "states": [state]}
        control.create_detector_model(detectorModelName="m", roleArn="any", detectorModelDefinition=definition)

        assert put(data, a=2) == []

        [message] = made("sqs").receive_message(QueueUrl=url)["Messages"]
        assert message["Body"] == current().actions[0].payload
        assert current().log == []
