"""A stage that an earlier version deployed goes on under this one, with its keys, pending records and timers."""

import json
import shutil
import subprocess
import tarfile
import time
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from real_deployment import ROOT, Stage, done, embedded_aws, set_faults

from commands.key_ring import KeyRing, bearer
from commands.post import request
from commands.read_back import detector_state, kinesis_envelopes, s3_envelopes, wait_for
from commands.stage import chosen
from distributary.access.key import for_everything
from local.deployment import StepFailed

# The last version whose library and stack lay flat, before its modules moved into rooms and its settings into parts.
BEFORE = "c8a344a653c9255a617d0fe47efc2e3cc0565855"
MODEL = {
    "detectorModelName": "upgrade_watch",
    "key": "deviceId",
    "detectorModelDefinition": {
        "initialStateName": "Waiting",
        "states": [
            {
                "stateName": "Waiting",
                "onEnter": {
                    "events": [{"eventName": "arm", "actions": [{"setTimer": {"timerName": "late", "seconds": 45}}]}]
                },
                "onInput": {
                    "events": [{"eventName": "seen", "condition": 'currentInput("telemetry")', "actions": []}],
                    "transitionEvents": [{"eventName": "late", "condition": 'timeout("late")', "nextState": "Late"}],
                },
            },
            {"stateName": "Late"},
        ],
    },
}
DOWN = {
    name: {"operation": operation, "effect": "refuse_calls", "error": error, **more}
    for name, operation, error, more in (
        ("kinesis", "kinesis.PutRecords", "InternalFailure", {}),
        ("firehose", "firehose.*", "ServiceUnavailableException", {}),
        ("messages", "sqs.SendMessageBatch", "InternalError", {"resource": "*IotEventsMessages*"}),
    )
}


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The project as it was, from the repository's history."""
    archive = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        pytest.fail(f"needs the repository's history back to {BEFORE}: git fetch --unshallow")
    folder = tmp_path / "before"
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as found:
        found.extractall(folder, filter="data")
    (folder / "build").symlink_to(ROOT / "build")
    return with_model(folder)


@pytest.fixture
def now(tmp_path: Path) -> Path:
    """The project as it is."""
    folder = tmp_path / "now"
    folder.mkdir()
    for name in ("build", "infra", "lambdas", "examples", "cdk.json", "distributary.toml"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "app.py", folder)
    (folder / "detectors").mkdir()
    return with_model(folder)


def with_model(folder: Path) -> Path:
    """The folder with one detector model more."""
    (folder / "detectors" / "upgrade_watch.json").write_text(json.dumps(MODEL))
    return folder


@pytest.fixture
def without_its_model(tmp_path: Path) -> Path:
    """The project as it is, without the model that the earlier version ran."""
    folder = tmp_path / "without"
    folder.mkdir()
    for name in ("build", "infra", "lambdas", "examples", "cdk.json", "distributary.toml"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "app.py", folder)
    return folder


class Client:
    """Who sends to the stage, with a key that the earlier version made."""

    def __init__(self, aws: str) -> None:
        self._aws = aws
        key, self._secret = KeyRing(self.stage).create(for_everything("before"))
        self._id = key.id

    @property
    def stage(self):
        """The stage as commands see it."""
        return chosen(Namespace(stage="local", stack=None, construct=None, aws_endpoint=self._aws))

    def post(self, device: str) -> dict:
        """The results of one event."""
        headers = {**bearer(self._id, self._secret), "content-type": "application/json"}
        body = json.dumps({"deviceId": device, "temperature": 21.5}).encode()
        answer = request(self.stage.endpoint, "POST", "/v1/events", headers=headers, body=body)
        assert answer.status == 202, answer.body
        [event] = json.loads(answer.body)["events"]
        return event


def state_of(client: Client, device: str, wanted: str, *, seconds: float) -> str:
    """The state of the device's detector, as soon as it is the one wanted."""
    end = time.monotonic() + seconds
    while (found := detector_state(client.stage, "upgrade_watch", device)) != wanted and time.monotonic() < end:
        time.sleep(0.5)
    return found


def test_an_upgrade_keeps_keys_pending_records_and_timers(tmp_path: Path, before: Path, now: Path) -> None:
    """The old stage has a key, records in each retry queue and a detector with an armed timer; the new one goes on."""
    old, new = Stage(tmp_path / "old", "local", before), Stage(tmp_path / "new", "local", now)
    since = datetime.now(UTC) - timedelta(seconds=1)
    for one in (old, new):
        done(one.synth())
    with embedded_aws(tmp_path) as aws:
        done(old.deploy(aws))
        client = Client(aws)
        client.post("armed")
        armed = state_of(client, "armed", "Waiting", seconds=30)
        set_faults(aws, DOWN)
        pending = client.post("pending")
        done(new.deploy(aws))
        set_faults(aws, {})
        fresh = client.post("fresh")
        ids = {pending["id"], fresh["id"]}
        in_stream = wait_for(ids, lambda: kinesis_envelopes(client.stage, since), seconds=60)
        in_bucket = wait_for(ids, lambda: s3_envelopes(client.stage, since), seconds=60)
        delivered = state_of(client, "pending", "Waiting", seconds=60)
        fired = state_of(client, "armed", "Late", seconds=90)

    assert armed == "Waiting"
    assert pending["sinks"] == {name: {"spilled": True} for name in ("firehose", "kinesis", "iot_events")}
    assert [*fresh["sinks"]["kinesis"]] == ["sequenceNumber", "shardId"]
    assert ids <= in_stream.keys()
    assert ids <= in_bucket.keys()
    assert delivered in ("Waiting", "Late")
    assert fired == "Late"


def test_an_upgrade_stops_no_detector_unasked(tmp_path: Path, before: Path, without_its_model: Path) -> None:
    """Without the model's file the deployment fails, says what to do, and the detectors go on."""
    old, gone = Stage(tmp_path / "old", "local", before), Stage(tmp_path / "gone", "local", without_its_model)
    for one in (old, gone):
        done(one.synth())
    with embedded_aws(tmp_path) as aws:
        done(old.deploy(aws))
        client = Client(aws)
        client.post("armed")
        armed = state_of(client, "armed", "Waiting", seconds=30)
        with pytest.raises(StepFailed) as refused:
            done(gone.deploy(aws))
        [stack] = client.stage.client("cloudformation").describe_stacks(StackName=gone.stack)["Stacks"]
        client.post("new")
        fired = [state_of(client, device, "Late", seconds=90) for device in ("armed", "new")]

    assert armed == "Waiting"
    assert '[detectors] remove = ["upgrade_watch"]' in str(refused.value)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert fired == ["Late", "Late"]
