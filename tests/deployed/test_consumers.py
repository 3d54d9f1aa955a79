"""examples/consume, as readers copy them: each reads what the deployed stack stored."""

import base64
import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime

import pytest
from arrived import every_record
from real_client import ROOT, TIMEOUT_SECONDS, must_exist

from commands.read_back import s3_envelopes, wait_for

FOLDER = ROOT / "examples/consume"
LARGE = 1_100_000
PYTHON = """import json, sys
sys.path.insert(0, sys.argv[1])
from lambda_function import handler
for line in sys.stdin:
    print("answer", json.dumps(handler(json.loads(line), None)))
"""
# Runs a handler on the batches of standard input, one a line, and prints each answer on a line of its own.
RUNNERS = {
    "python": [
        sys.executable,
        "-c",
        PYTHON,
        str(FOLDER),
    ],
    "node": ["node", "{folder}/run.mjs"],
}
NODE = """import { createInterface } from "node:readline";
import { handler } from "./lambda_function.mjs";
for await (const line of createInterface({ input: process.stdin }))
  console.log("answer", JSON.stringify(await handler(JSON.parse(line))));
"""


@pytest.fixture(scope="module")
def sent(stage, http, kinesis):
    """A mark that the events of this module carry: two events, one twice, a large one, bytes, no envelope."""
    mark = uuid.uuid4().hex
    for number, key in enumerate((f"{mark}-a", f"{mark}-b", f"{mark}-a")):
        body = json.dumps({"deviceId": mark, "n": number % 2}).encode()
        answer = http("POST", "/v1/events", body, content_type="application/json", idempotency_key=key)
        assert answer.status == 202
    large = json.dumps({"deviceId": mark, "fill": "x" * LARGE}).encode()
    assert http("POST", "/v1/events", large, content_type="application/json", idempotency_key=f"{mark}-c").status == 202
    assert (
        http("POST", "/v1/events", b"\x00\x01\x02", content_type="image/png", idempotency_key=f"{mark}-d").status == 202
    )
    kinesis.put_record(StreamName="events", Data=f"no envelope {mark}".encode(), PartitionKey="p")
    return mark


@pytest.fixture
def environment(stage, tmp_path):
    """What a consumer's process has: the embedded AWS, and credentials of any kind."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": stage.aws_endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


@pytest.fixture
def table(stage):
    """A table for ids that were handled, as the example wants it."""
    dynamodb, name = stage.client("dynamodb"), f"seen-{uuid.uuid4().hex}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    dynamodb.delete_table(TableName=name)


def batch(stage, mark):
    """The stream's records of this module, as Lambda hands them to a function."""
    records = [one for one in every_record(stage) if mark.encode() in one["Data"]]
    return {
        "Records": [
            {"kinesis": {"sequenceNumber": one["SequenceNumber"], "data": base64.b64encode(one["Data"]).decode()}}
            for one in records
        ]
    }


def printed(command, environment, text=""):
    """Each line of JSON that a program printed; a line `answer …` is the text behind the word."""
    done = subprocess.run(
        command, env=environment, input=text, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line.removeprefix("answer ")) for line in done.stdout.splitlines()], done.stderr


@pytest.mark.parametrize("language", RUNNERS)
def test_a_lambda_function_handles_each_event_once(stage, sent, environment, table, tmp_path, *, language) -> None:
    """The repeated event and the second batch handle nothing; the record without an envelope stops nobody."""
    (tmp_path / "run.mjs").write_text(NODE)
    (tmp_path / "lambda_function.mjs").write_bytes((FOLDER / "lambda_function.mjs").read_bytes())
    (tmp_path / "node_modules").symlink_to(must_exist(ROOT / "tests/deployed/clients/javascript/node_modules"))
    command = [part.format(folder=tmp_path) for part in RUNNERS[language]]
    events = json.dumps(batch(stage, sent))

    lines, _ = printed(command, {**environment, "TABLE": table}, f"{events}\n{events}\n")

    handled = {line["handled"]: line["size"] for line in lines if "handled" in line}
    assert [line["handled"] for line in lines if "handled" in line] == sorted(handled)
    assert handled.keys() == {f"{sent}-{name}" for name in "abcd"}
    assert handled[f"{sent}-c"] > LARGE
    assert handled[f"{sent}-d"] == 3
    assert sum("skipped" in line for line in lines) == 2
    assert [line for line in lines if "batchItemFailures" in line] == [{"batchItemFailures": []}] * 2


@pytest.mark.parametrize("language", RUNNERS)
def test_an_event_that_fails_comes_again(stage, sent, environment, table, tmp_path, *, language) -> None:
    """Its number is the answer, and its id is forgotten: the object that its `dataref` names is not there."""
    (tmp_path / "run.mjs").write_text(NODE)
    (tmp_path / "lambda_function.mjs").write_bytes((FOLDER / "lambda_function.mjs").read_bytes())
    (tmp_path / "node_modules").symlink_to(must_exist(ROOT / "tests/deployed/clients/javascript/node_modules"))
    command = [part.format(folder=tmp_path) for part in RUNNERS[language]]
    gone = {"id": "1", "source": "s", "type": "t", "dataref": f"s3://{stage.outputs['BucketName']}/claims/none"}
    data = base64.b64encode(json.dumps(gone).encode()).decode()
    events = json.dumps({"Records": [{"kinesis": {"sequenceNumber": "7", "data": data}}]})

    lines, _ = printed(command, {**environment, "TABLE": table}, f"{events}\n{events}\n")

    assert [line for line in lines if "batchItemFailures" in line] == [
        {"batchItemFailures": [{"itemIdentifier": "7"}]}
    ] * 2
    assert stage.client("dynamodb").scan(TableName=table)["Items"] == []


def test_boto3_reads_the_stream(stage, sent, environment) -> None:
    """Each event once, large data from the bucket; what is no envelope is named on standard error."""
    lines, errors = printed([sys.executable, FOLDER / "read_stream.py", stage.outputs["StreamName"]], environment)

    own = [line for line in lines if line["id"].startswith(sent)]
    assert sorted(line["id"] for line in own) == [f"{sent}-{name}" for name in "abcd"]
    data = {line["id"][-1]: line["data"] for line in own}
    assert (data["a"], data["d"], len(data["c"]["fill"])) == ({"deviceId": sent, "n": 0}, "3 bytes", LARGE)
    assert "no envelope: " in errors


def test_boto3_reads_the_bucket(stage, sent, environment) -> None:
    """Each event once, of the day of today."""
    since = datetime.fromtimestamp(0, UTC)
    wanted = {f"{sent}-{name}" for name in "abcd"}
    assert wanted <= wait_for(wanted, lambda: s3_envelopes(stage, since), seconds=60).keys()

    today = f"{datetime.now(UTC):%Y-%m-%d}"
    lines, _ = printed([sys.executable, FOLDER / "read_bucket.py", stage.outputs["BucketName"], today], environment)

    own = [line for line in lines if line["id"].startswith(sent)]
    assert sorted(line["id"] for line in own) == sorted(wanted)
    assert {len(line["data"]["fill"]) for line in own if line["id"].endswith("c")} == {LARGE}
