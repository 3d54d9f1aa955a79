"""What functions do seldom: each test makes one of them need a permission that nothing else here does."""

import json
import urllib.request
import uuid

import pytest

from commands.key_ring import KeyRing
from commands.read_back import detector_state, journal, journal_entries, journal_payloads, kinesis_envelopes, wait_for
from distributary.access.key import for_everything

JSON = {"content_type": "application/json"}
EVENTS = 20


@pytest.fixture
def device() -> str:
    """A device that no other test knows."""
    return f"d-{uuid.uuid4().hex}"


def down(operation: str, resource: str = "*", status: int = 503) -> dict:
    """A fault: every call of the operation is refused as by a service in trouble."""
    wanted = {"operation": operation, "resource": f"*{resource}*", "error": "ServiceUnavailable", "status": status}
    return {**wanted, "effect": "refuse_calls"}


def partly(operation: str, resource: str, share: float) -> dict:
    """A fault: so many of the records are refused, one by one."""
    return {
        "operation": operation,
        "resource": f"*{resource}*",
        "effect": "refuse_records",
        "error": "SlowDown",
        "share": share,
        "seed": 7,
    }


def queue(stage, name: str) -> str:
    """The URL of the stack's queue whose construct has this name."""
    urls = stage.client("sqs").list_queues()["QueueUrls"]
    [found] = [url for url in urls if f"-{name}" in url and "SetAside" not in url.partition(name)[2]]
    return str(found)


def injected(stage, fault: str) -> int:
    """How often a fault has fallen upon a call."""
    with urllib.request.urlopen(f"{stage.aws_endpoint}/_distributary/faults") as answer:
        return int(json.load(answer)["faults"][fault]["injected"])


def message(iotevents, name: str, device: str, **members: str) -> None:
    """A message to the input of that name."""
    payload = json.dumps({"deviceId": device, **members}).encode()
    note = {"messageId": uuid.uuid4().hex, "inputName": name, "payload": payload}
    assert iotevents.batch_put_message(messages=[note])["BatchPutMessageErrorEntries"] == []


@pytest.mark.parametrize(
    ("sink", "operation", "resource", "share"),
    [
        ("kinesis", "kinesis.PutRecords", "*", 0.5),
        # Messages are sent again in the same call: most must be refused for some to be left.
        ("iot_events", "sqs.SendMessageBatch", "IotEventsMessages", 0.9),
    ],
    ids=["kinesis", "iot_events"],
)
def test_what_is_redriven_in_part_waits_in_a_new_message(
    http, stage, since, faults, wait, *, device, sink, operation, resource, share
) -> None:
    """A spilled message of which some is delivered: the rest comes later, and in the end all is there."""
    devices = [f"{device}-{number}" for number in range(EVENTS)]
    output = {"kinesis": "KinesisSpillQueueUrl", "iot_events": "IotEventsSpillQueueUrl"}[sink]
    before = len(journal_entries(stage, output))
    faults(sink=down(operation, resource))
    body = json.dumps([{"deviceId": one} for one in devices]).encode()
    events = json.loads(http("POST", "/v1/events", body, **JSON).body)["events"]
    assert {json.dumps(event["sinks"][sink]) for event in events} == {'{"spilled": true}'}
    faults(sink=partly(operation, resource, share))
    assert wait(lambda: len(journal_entries(stage, output)) > before + 1)
    faults()

    def delivered() -> dict:
        if sink == "iot_events":
            return {one.get("deviceId"): one for one in journal_payloads(stage).values()}
        return kinesis_envelopes(stage, since)

    wanted = devices if sink == "iot_events" else [event["id"] for event in events]
    assert {*wanted} <= wait_for(wanted, delivered, seconds=60).keys()


@pytest.mark.parametrize("sink", ["Firehose", "Kinesis", "IotEvents"])
def test_what_was_received_too_often_becomes_a_dead_letter(stage, wait, sink) -> None:
    """What SQS has set aside is held while it is looked at, then it lies in the bucket with its reason."""
    mark = uuid.uuid4().hex
    stage.client("sqs").send_message(QueueUrl=queue(stage, f"Spill{sink}SetAside"), MessageBody=mark)

    assert wait(lambda: [one for one in letters(stage) if mark in one])


def letters(stage) -> list[str]:
    """The dead letters, as text."""
    s3, bucket = stage.client("s3"), stage.outputs["BucketName"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="dead-letters/")
    keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
    return [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]


def test_a_timer_of_an_hour_is_a_schedule(iotevents, stage, wait, device) -> None:
    """One that a message sets, and an earlier one that a client sets: no queue can delay a wake-up so long."""
    scheduler = stage.client("scheduler")

    def scheduled() -> list[str]:
        found = [one for page in scheduler.get_paginator("list_schedules").paginate() for one in page["Schedules"]]
        inputs = [
            scheduler.get_schedule(Name=one["Name"], GroupName=one["GroupName"])["Target"]["Input"] for one in found
        ]
        return [text for text in inputs if device in text]

    message(iotevents, "patient", device)
    assert wait(lambda: len(scheduled()) == 1)
    assert wait(lambda: detector_state(stage, "patient", device)) == "Only"  # stored after its schedule is made
    state = {"stateName": "Only", "variables": [], "timers": [{"name": "hour", "seconds": 1800}]}
    change = {"messageId": "1", "detectorModelName": "patient", "keyValue": device, "state": state}
    assert iotevents.batch_update_detector(detectors=[change])["batchUpdateDetectorErrorEntries"] == []

    assert wait(lambda: len(scheduled()) == 2)


@pytest.mark.parametrize("expired", [False, True])
def test_actions_that_no_item_holds_wait_in_the_bucket(
    iotevents, stage, faults, wait, device, *, logs, expired
) -> None:
    """While their queue is down; once it is back they are handed on, and those that have expired are not."""
    s3, place = stage.client("s3"), {"Bucket": stage.outputs["BucketName"]}
    faults(actions=down("sqs.SendMessageBatch", "DetectorsActions"))
    message(iotevents, "bulky", device, text=device + "x" * 100_000)
    mine = lambda one: device in s3.get_object(**place, Key=one["Key"])["Body"].read().decode()  # noqa: E731 - one line
    kept = wait(
        lambda: [one for one in s3.list_objects_v2(**place, Prefix="actions/").get("Contents", ()) if mine(one)]
    )
    assert wait(lambda: injected(stage, "actions"))
    if expired:
        for one in kept:
            s3.delete_object(**place, Key=one["Key"])
        assert wait(lambda: [line for line in list(logs) if device in line and "before they expired" in line])
    faults()
    message(iotevents, "bulky", device, text=device)

    ours = lambda: [one for one in journal(stage, "ActionQueueUrl") if one["key"] == device]  # noqa: E731 - one line
    assert kept
    assert wait(lambda: len(ours()) == (4 if expired else 8))


def test_the_use_of_a_key_for_detectors_alone_is_noted(stage, iotevents_of) -> None:
    """`make status` and `keys list` say when it was used last."""
    ring = KeyRing(stage)
    key, secret = ring.create(for_everything("detectors-only"))

    iotevents_of(stage.endpoint, (key.id, secret)).list_detectors(detectorModelName="patient")

    table = stage.client("dynamodb").get_item(TableName=stage.outputs["KeyTableName"], Key={"id": {"S": key.id}})
    assert "last_used" in table["Item"]


def test_what_a_topic_rule_selects_is_spilled(stage, faults, wait, device) -> None:
    """While the queue of messages is down; it arrives once it is back."""
    before = len(journal_entries(stage, "IotEventsSpillQueueUrl"))
    faults(messages=down("sqs.SendMessageBatch", "IotEventsMessages"))
    topic = f"devices/{device}/telemetry"
    stage.client("iot-data").publish(topic=topic, qos=1, payload=json.dumps({"deviceId": device, "temperature": 1}))
    spilled = wait(lambda: len(journal_entries(stage, "IotEventsSpillQueueUrl")) > before)
    faults()

    assert spilled
    assert wait(lambda: [one for one in journal_payloads(stage).values() if one.get("deviceId") == device])


@pytest.mark.parametrize("name", ["PublishModels", "WakeDetectors"])
def test_a_function_that_seldom_has_anything_to_say_has_a_log(stage, wait, name) -> None:
    """What fails in it is found where its log is."""
    if name == "PublishModels":
        stage.client("lambda").invoke(FunctionName=stage.outputs["PublishModelsFunctionName"], Payload=b"{}")
    else:
        stage.client("sqs").send_message(QueueUrl=queue(stage, "DetectorsWakes"), MessageBody="no wake-up")

    logs = stage.client("logs")
    assert wait(lambda: logs.filter_log_events(logGroupName=stage.outputs[f"{name}LogGroupName"])["events"])
