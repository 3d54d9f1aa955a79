"""A stage with fewer sinks passes events on, and one that loses a sink delivers first what is pending for it."""

import json
import shutil
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from real_deployment import ROOT, Client, Stage, deployed, done, set_faults

from commands.read_back import detector_state, kinesis_envelopes, s3_envelopes, wait_for
from distributary.sinks.registry import SINK_NAMES

CHOICES = [("firehose", "kinesis"), ("kinesis",), ("iot_events",)]
SETTINGS = """
sinks = {sinks}
{lists}

[[rules]]
sinks = {sinks}
{rule}

[stages.local]
retain = false
[stages.local.alarms]
on = false
[stages.local.dashboard]
on = false
[stages.local.bucket]
empty_on_destroy = true
[stages.local.firehose]
buffer_seconds = 1
[stages.local.kinesis]
mode = "provisioned"
[stages.local.redrive]
pause_seconds = 5
"""
INPUT = """input = "telemetry"
[inputs.telemetry]
attributes = ["deviceId", "temperature"]
key = "deviceId"
"""
# IoT Events has no service of its own to refuse: its queue is not there, and retry queues need SQS.
CALLS_FAIL = {
    name: {"operation": f"{name}.*", "effect": "refuse_calls", "error": "InternalFailure"}
    for name in ("firehose", "kinesis")
}
KINESIS_IS_DOWN = {"kinesis": {"operation": "kinesis.PutRecords", "effect": "refuse_calls", "error": "InternalFailure"}}


def write_settings(folder: Path, sinks: tuple[str, ...], lists: str = "") -> None:
    """The project's settings: these sinks, and a rule to all of them."""
    rule = INPUT if "iot_events" in sinks else ""
    text = SETTINGS.format(sinks=json.dumps(sinks), lists=lists, rule=rule)
    (folder / "distributary.toml").write_text(text)


@pytest.fixture
def project(tmp_path):
    """Makes the project with these sinks; detector models only where somebody runs them."""

    def made(name, sinks, lists=""):
        folder = tmp_path / name
        folder.mkdir()
        for part in ("build", "infra", "lambdas", "cdk.json"):
            (folder / part).symlink_to(ROOT / part)
        shutil.copy(ROOT / "app.py", folder)
        if "iot_events" in sinks:
            (folder / "detectors").symlink_to(ROOT / "examples/detectors")
        write_settings(folder, sinks, lists)
        return folder

    return made


ARRIVED = {
    "firehose": lambda client, event, _: (
        event["id"] in wait_for({event["id"]}, lambda: s3_envelopes(client.stage, client.since), seconds=60)
    ),
    "kinesis": lambda client, event, _: (
        event["id"] in wait_for({event["id"]}, lambda: kinesis_envelopes(client.stage, client.since), seconds=60)
    ),
    "iot_events": lambda client, _, device: has_detector(client, device),
}


def has_detector(client, device):
    """Whether the device has a detector soon."""
    end = time.monotonic() + 60
    while not (found := detector_state(client.stage, "temperature_alarm", device)) and time.monotonic() < end:
        time.sleep(0.2)
    return bool(found)


def refusal(call, **arguments):
    """The code of the error that a call ends in."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


@pytest.mark.parametrize("sinks", CHOICES, ids="+".join)
def test_events_pass_through_the_sinks_that_there_are(tmp_path, project, sinks):
    """An event arrives in each; an AWS client of an absent one is told so, health and `make status` leave it out."""
    with deployed(project("chosen", sinks), tmp_path) as aws:
        client = Client(aws)
        event = client.post("d1")
        arrived = {name: ARRIVED[name](client, event, "d1") for name in sinks}
        set_faults(aws, {name: fault for name, fault in CALLS_FAIL.items() if name not in sinks})
        health = client.health()  # the first look: later ones are remembered for ten seconds
        set_faults(aws, {})
        status, smoke = client.command("status"), client.command("smoke")
        codes = {
            "firehose": lambda: refusal(
                client.sdk("firehose").put_record, DeliveryStreamName="events", Record={"Data": b"x"}
            ),
            "kinesis": lambda: refusal(
                client.sdk("kinesis").put_record, StreamName="events", Data=b"x", PartitionKey="p"
            ),
        }
        refused = {name: code() for name, code in codes.items() if name not in sinks}
        listed = client.stage.client("sqs").list_queues().get("QueueUrls", [])

    assert [*event["sinks"]] == [*sinks]
    assert arrived == dict.fromkeys(sinks, True)
    assert health == (200, "pass")
    assert "FAILED" not in smoke
    assert refused == dict.fromkeys(refused, "ResourceNotFoundException")
    for name in SINK_NAMES:
        assert (f"Spill{name.title().replace('_', '')}" in str(listed)) == (name in sinks), name
        assert (name in status) == (name in sinks), name


def test_what_is_pending_for_a_removed_sink_is_delivered_before_it_goes(tmp_path, project):
    """First it is kept, since nobody confirmed its removal; `remove` then deletes it."""
    with deployed(project("both", ("firehose", "kinesis")), tmp_path) as aws:
        client = Client(aws)
        set_faults(aws, KINESIS_IS_DOWN)
        pending = client.post("pending")
        without = Stage(tmp_path / "without-stage", "local", project("without", ("firehose",)))
        done(without.synth(aws))
        done(without.deploy(aws))
        kept = client.stage.outputs.get("KeptSinks")
        status = client.command("status")
        fresh = client.post("fresh")
        set_faults(aws, {})
        delivered = wait_for({pending["id"]}, lambda: kinesis_envelopes(client.stage, client.since), seconds=90)
        gone = Stage(tmp_path / "gone-stage", "local", project("gone", ("firehose",), 'remove = ["kinesis"]'))
        done(gone.synth(aws))
        done(gone.deploy(aws))
        queues = str(client.stage.client("sqs").list_queues()["QueueUrls"])
        last = client.post("last")

    assert pending["sinks"]["kinesis"] == {"spilled": True}
    assert kept == "kinesis"
    assert "kinesis" in status
    assert [*fresh["sinks"]] == [*last["sinks"]] == ["firehose"]
    assert {pending["id"]} <= delivered.keys()
    assert fresh["id"] not in delivered
    assert "SpillKinesis" not in queues
    assert "SpillFirehose" in queues
