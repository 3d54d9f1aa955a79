"""The keys of a deployed stage: what a quota, a table that cannot be read and a rotation do to real clients."""

import json
import re
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from commands import keys
from commands.key_ring import bearer
from commands.post import Answer, request
from commands.read_back import journal
from commands.stage import Stage
from distributary.access.key import API_NAMES, derive_secret
from local.aws import deployed
from local.deployment import aws_at
from local.functions import Functions
from local.gateway import Gateway
from local.stack import LocalStack

Credential = tuple[str, str]
STORED = json.loads((Path(__file__).parents[1] / "cases/stored/keys.json").read_text())


@pytest.fixture
def run(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """`make keys STAGE=local ARGS=…`, which has to succeed: what it prints."""

    def command(*arguments: str) -> str:
        capsys.readouterr()
        assert keys.main(["--stage", stage.name, "--aws-endpoint", stage.aws_endpoint or "", *arguments]) == 0
        return capsys.readouterr().out

    return command


@pytest.fixture
def create(run: Callable[..., str]) -> Callable[..., Credential]:
    """Makes a key by the command, for every API unless it is said; its id and secret as they are printed once."""

    def created(*arguments: str) -> Credential:
        name = ("--name", f"pump-{secrets.token_hex(4)}")
        printed = run("create", *name, *(arguments or ("--rights", *API_NAMES)))
        found = re.search(r"^key +(\S+)\nsecret +(\S+)$", printed, re.MULTILINE)
        assert found
        return found[1], found[2]

    return created


@pytest.fixture
def fresh(local: LocalStack) -> Iterator[str]:
    """The endpoint served by one new environment of each function, which has seen no key and is gone after the test."""
    environment = aws_at(local.aws_endpoint)
    functions = Functions(deployed.function, environment=environment, max_environments=1, log=lambda line: None)
    gateway = Gateway(deployed.http_api, functions, port=0, log=lambda line: None)
    gateway.start()
    yield f"http://localhost:{gateway.port}"
    gateway.close()
    functions.close()


def post(endpoint: str, key: Credential) -> Answer:
    """An event with a key."""
    return request(endpoint, "POST", "/v1/events", headers=bearer(*key), body=b"any")


def put(endpoint: str, key: Credential) -> tuple[int, str]:
    """Status and error of a record that boto3 puts with a key."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 1})
    credentials = {"aws_access_key_id": key[0], "aws_secret_access_key": key[1], "region_name": "us-east-1"}
    client = boto3.client("firehose", endpoint_url=endpoint, config=config, **credentials)
    try:
        client.put_record(DeliveryStreamName="events", Record={"Data": b"any"})
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return 200, ""


def test_a_quota_is_429_with_the_seconds_to_wait(fresh: str, create: Callable[..., Credential]) -> None:
    """At `/v1/events`; boto3 understands the same as throttling."""
    key = create("--rate", "0.1", "--burst", "2", "--rights", *API_NAMES)
    answers = [post(fresh, key) for _ in range(3)]

    assert [one.status for one in answers] == [202, 202, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 10
    assert json.loads(answers[2].body)["code"] == "TooManyRequests"
    assert put(fresh, key) == (400, "ThrottlingException")


def test_while_the_table_cannot_be_read(
    fresh: str, create: Callable[..., Credential], faults: Callable[..., None]
) -> None:
    """A key that was seen goes on, another is told to come again, and nobody that it is wrong."""
    seen, other = create(), create()
    assert post(fresh, seen).status == 202
    faults(keys={"operation": "dynamodb.GetItem", "effect": "refuse_calls", "error": "InternalServerError"})
    answer = post(fresh, other)

    assert (answer.status, json.loads(answer.body)["code"]) == (503, "KeysUnavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert put(fresh, other) == (500, "ServiceUnavailableException")
    assert post(fresh, seen).status == 202
    assert put(fresh, seen) == (200, "")


def test_a_key_costs_one_look_up_and_one_note(
    fresh: str, stage: Stage, create: Callable[..., Credential], faults: Callable[..., None]
) -> None:
    """Of an environment's requests in a minute, whichever API they come to; and its master secret is read once."""
    key = create()
    table = {"effect": "delay", "delay_seconds": 0.001, "resource": stage.outputs["KeyTableName"]}
    faults(
        any_of_dynamodb={**table, "operation": "dynamodb.*"},
        look_up={**table, "operation": "dynamodb.GetItem"},
        note={**table, "operation": "dynamodb.UpdateItem"},
        master={**table, "operation": "secretsmanager.*", "resource": "*"},
    )

    assert [post(fresh, key).status for _ in range(9)] == [202] * 9
    assert [put(fresh, key)[0] for _ in range(9)] == [200] * 9
    assert met(stage) == {"any_of_dynamodb": 2, "look_up": 1, "note": 1, "master": 1}


def met(stage: Stage) -> dict[str, int]:
    """How many calls each fault has met."""
    with urllib.request.urlopen(f"{stage.aws_endpoint}/_distributary/faults", timeout=60) as answer:
        return {name: fault["met"] for name, fault in json.load(answer)["faults"].items()}


def test_a_rotation_ends_no_key(
    fresh: str, stage: Stage, run: Callable[..., str], create: Callable[..., Credential]
) -> None:
    """Keys of both versions of the master secret are let in, at every API."""
    manager, secret = stage.client("secretsmanager"), stage.outputs["KeySecretArn"]
    before = manager.get_secret_value(SecretId=secret)["SecretString"]
    older = create()
    run("rotate")
    try:
        newer = create()

        assert (older[0][:3], newer[0][:3]) == ("DK1", "DK2")
        assert [post(fresh, key).status for key in (older, newer)] == [202, 202]
        assert [put(fresh, key)[0] for key in (older, newer)] == [200, 200]
    finally:  # other tests' keys are of the version that their functions know
        manager.put_secret_value(SecretId=secret, SecretString=before)


def test_a_browsers_key_may_stand_in_the_url(stage: Stage, create: Callable[..., Credential]) -> None:
    """And opens no other API, though it signs as every key does."""
    key = create("--browser")
    posted = request(stage.endpoint, "POST", f"/v1/events?key={'.'.join(key)}", body=b"any")

    assert posted.status == 202
    assert put(stage.endpoint, key) == (400, "AccessDeniedException")


def test_a_revoked_key_is_listed_and_refused(
    fresh: str, run: Callable[..., str], create: Callable[..., Credential]
) -> None:
    """By an environment that has not seen it, at once."""
    key = create()
    run("revoke", key[0])

    [row] = [line for line in run("list").splitlines() if line.startswith(key[0])]
    assert "revoked 20" in row
    assert post(fresh, key).status == 401


# ── rights ──


def denied(call: Callable[..., object], **parameters: Any) -> str:
    """The error that a call is refused with; empty where it is not refused."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def attempts(api: Any) -> dict[str, str]:
    """How each operation of the IoT Events Data API ends; empty for one that is not refused."""
    model = "temperature_alarm"
    state = {"stateName": "Alarm", "variables": [], "timers": []}
    other = {"messageId": "1", "detectorModelName": model, "keyValue": "another's"}
    note = {"messageId": secrets.token_hex(8), "inputName": "telemetry", "payload": b'{"deviceId":"own"}'}
    return {
        "put": denied(api.batch_put_message, messages=[note]),
        "list": denied(api.list_detectors, detectorModelName=model),
        "describe": denied(api.describe_detector, detectorModelName=model, keyValue="nobody"),
        "update": denied(api.batch_update_detector, detectors=[{**other, "keyValue": "nobody", "state": state}]),
        "delete": denied(api.batch_delete_detector, detectors=[{**other, "keyValue": "nobody"}]),
    }


DENIED, NOT_THERE = "AccessDeniedException", "ResourceNotFoundException"


def test_a_producers_key_reads_and_manages_no_detector(
    stage: Stage, create: Callable[..., Credential], iotevents_of: Callable[..., Any]
) -> None:
    """It puts messages; with the rights it does the rest, and a right is one of its own."""
    producer = create("--rights", "iot_events")
    reader, manager = create("--rights", "detectors:read"), create("--rights", "detectors:manage")

    assert attempts(iotevents_of(stage.endpoint, producer)) == {
        "put": "",
        "list": DENIED,
        "describe": DENIED,
        "update": DENIED,
        "delete": DENIED,
    }
    assert attempts(iotevents_of(stage.endpoint, reader)) == {
        "put": DENIED,
        "list": "",
        "describe": NOT_THERE,
        "update": DENIED,
        "delete": DENIED,
    }
    assert attempts(iotevents_of(stage.endpoint, manager)) == {
        "put": DENIED,
        "list": DENIED,
        "describe": DENIED,
        "update": "",
        "delete": "",
    }


def test_a_stored_key_goes_on_and_manages_no_more_until_it_is_granted(
    stage: Stage, fresh: str, run: Callable[..., str], iotevents_of: Callable[..., Any]
) -> None:
    """An item as an earlier version wrote it: AWS's API, messages and reading are open to it, and its secret stays."""
    [stored] = [one["item"] for one in STORED if one["item"]["name"]["S"] == "pump-7"]
    stage.client("dynamodb").put_item(TableName=stage.outputs["KeyTableName"], Item=stored)
    text = stage.client("secretsmanager").get_secret_value(SecretId=stage.outputs["KeySecretArn"])["SecretString"]
    key = stored["id"]["S"], derive_secret(json.loads(text)["1"], stored["id"]["S"])
    api = iotevents_of(fresh, key)

    assert [put(fresh, key)[0], post(fresh, key).status] == [200, 202]
    assert attempts(api) == {"put": "", "list": "", "describe": NOT_THERE, "update": DENIED, "delete": DENIED}
    [row] = [line for line in run("list").splitlines() if line.startswith(key[0])]
    assert row.endswith("aws,detectors:read")

    run("grant", key[0], "detectors:manage")
    assert attempts(iotevents_of(stage.endpoint, key))["delete"] == ""
    run("revoke", key[0])


# ── callers ──


def test_two_keys_with_one_message_id_are_two_callers_and_a_replaced_key_is_one(
    stage: Stage,
    run: Callable[..., str],
    create: Callable[..., Credential],
    iotevents_of: Callable[..., Any],
    wait: Callable[[Callable[[], Any]], Any],
) -> None:
    """Each sends the constant id 1: the second caller's message is taken, what its next key sends again is not."""
    device = f"d-{secrets.token_hex(8)}"
    one, two = create("--rights", "iot_events"), create("--rights", "iot_events")
    found = re.search(r"^key +(\S+)\nsecret +(\S+)$", run("replace", two[0]), re.MULTILINE)
    assert found

    def send(key: Credential, message_id: str, temperature: float) -> None:
        payload = json.dumps({"deviceId": device, "temperature": temperature}).encode()
        note = {"messageId": message_id, "inputName": "telemetry", "payload": payload}
        answer = iotevents_of(stage.endpoint, key).batch_put_message(messages=[note])
        assert answer["BatchPutMessageErrorEntries"] == []

    send(one, "1", 20.0)
    send(two, "1", 45.0)
    send((found[1], found[2]), "1", 20.0)
    send((found[1], found[2]), "last", 46.0)
    last = wait(lambda: [one for one in journal(stage, "ActionQueueUrl") if one["key"] == device])

    assert [json.loads(action["body"])["eventName"] for action in last] == ["raised"]
    rows = [one for one in journal(stage, "MessageQueueUrl") if one.get("key") == device]
    of_alarm = [
        (one["messageId"], one["payload"]["temperature"]) for one in rows if one["model"] == "temperature_alarm"
    ]
    assert of_alarm == [("1", 20.0), ("1", 45.0), ("last", 46.0)]
