import json
import random
import string
import urllib.parse
import urllib.request
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from commands import replay
from commands.read_back import journal_payloads, kinesis_envelopes, s3_envelopes, wait_for

JSON = {"content_type": "application/json"}
DENSE = string.ascii_letters + string.digits + "!#$%()*+,-./:;=?@[]^_{|}~"  # what a text needs no escapes for


def down(operation: str, **options: Any) -> dict[str, Any]:
    """A fault: every call of the operation is refused as by a service in trouble."""
    return {"operation": operation, "effect": "refuse_calls", "error": "ServiceUnavailable", "status": 503, **options}


def queue_name(url: str) -> str:
    """The name at the end of a queue's URL."""
    return urllib.parse.urlsplit(url).path.rsplit("/", 1)[-1]


def detectors(iotevents, model: str) -> dict[str, Any]:
    """The model's detectors, by key: other tests make more than one page of them."""
    asked: dict[str, str] = {"detectorModelName": model}
    found: dict[str, Any] = {}
    while True:
        page = iotevents.list_detectors(**asked)
        found |= {one["keyValue"]: one for one in page["detectorSummaries"]}
        if "nextToken" not in page:
            return found
        asked["nextToken"] = page["nextToken"]


def test_what_no_sink_takes_is_spilled_and_redriven(http, stage, since, faults, iotevents) -> None:
    """With all three sinks down an event is accepted as spilled; once they are back each of them gets it, by its id,
    and its detector begins when it was accepted.
    """
    messages = queue_name(stage.outputs["MessageQueueUrl"])
    faults(
        firehose=down("firehose.*"),
        kinesis=down("kinesis.PutRecords"),
        iot_events=down("sqs.SendMessageBatch", resource=messages),
    )
    key = uuid.uuid4().hex
    answer = http("POST", "/v1/events", b'{"deviceId":"patient"}', **JSON, idempotency_key=key)
    [event] = json.loads(answer.body)["events"]
    answered = datetime.now(UTC)
    faults()

    assert (answer.status, event["status"]) == (202, "accepted")
    assert event["sinks"] == {name: {"spilled": True} for name in ("firehose", "kinesis", "iot_events")}
    assert key in wait_for([key], lambda: kinesis_envelopes(stage, since), seconds=60)
    assert key in wait_for([key], lambda: s3_envelopes(stage, since), seconds=60)
    found = wait_for(
        ["patient"], lambda: {one.get("deviceId"): one for one in journal_payloads(stage).values()}, seconds=15
    )
    assert "patient" in found
    made = wait_for(["patient"], lambda: detectors(iotevents, "device_heartbeat"), seconds=15)
    assert since <= made["patient"]["creationTime"] <= answered


def test_a_sink_and_its_queue_down_together_are_a_retry(http, stage, faults) -> None:
    """What is stored nowhere is not accepted: 503, the event marked retry, and when to come back."""
    spill = queue_name(stage.outputs["KinesisSpillQueueUrl"])
    faults(kinesis=down("kinesis.PutRecords"), retry_queue=down("sqs.SendMessage", resource=spill))
    answer = http("POST", "/v1/events", b'{"deviceId":"again"}', **JSON)
    document = json.loads(answer.body)

    assert (answer.status, document["accepted"], document["retry"]) == (503, 0, 1)
    assert document["events"][0]["sinks"]["kinesis"]["error"]["code"] == "ServiceUnavailable"
    assert int(answer.headers["retry-after"]) >= 1


def test_what_is_refused_for_good_is_a_dead_letter_until_it_is_replayed(http, stage, since, faults) -> None:
    """The event is accepted as a dead letter; once the cause is mended, `make replay` brings it to its sink, once."""
    faults(kinesis=down("kinesis.PutRecords", error="KMSAccessDeniedException", status=400))
    key = uuid.uuid4().hex
    answer = http("POST", "/v1/events", b'{"deviceId":"denied"}', **JSON, idempotency_key=key)
    [event] = json.loads(answer.body)["events"]
    faults()
    arguments = ["--stage", "local", "--aws-endpoint", stage.aws_endpoint, "--sink", "kinesis"]

    assert (answer.status, event["sinks"]["kinesis"]) == (202, {"deadLettered": True})
    assert replay.main([*arguments, "--reason", "KMSAccessDeniedException"]) == 0
    assert key in wait_for([key], lambda: kinesis_envelopes(stage, since), seconds=60)


def test_an_event_over_the_limits_travels_with_a_claim_check(http, stage, since) -> None:
    """The streams get an envelope that names the data in the bucket; for IoT Events it is a dead letter."""
    key = uuid.uuid4().hex
    data = json.dumps({"deviceId": "large", "text": "x" * 1_100_000}).encode()
    answer = http("POST", "/v1/events", data, **JSON, idempotency_key=key)
    [event] = json.loads(answer.body)["events"]
    found = {**wait_for([key], lambda: kinesis_envelopes(stage, since), seconds=60)}[key]
    bucket, _, name = found["dataref"].removeprefix("s3://").partition("/")

    assert (answer.status, event["status"]) == (202, "accepted")
    assert event["sinks"]["iot_events"] == {"deadLettered": True}
    assert "data" not in found
    assert stage.client("s3").get_object(Bucket=bucket, Key=name)["Body"].read() == data
    assert wait_for([key], lambda: s3_envelopes(stage, since), seconds=60)[key] == found


FORM = b"text=" + b"%20x&" * 300_000
MULTIPART = (
    b'--B\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n' + bytes(1_200_000) + b"\r\n--B--\r\n"
)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("application/x-www-form-urlencoded", FORM),
        ("multipart/form-data; boundary=B", MULTIPART),
        ("text/csv", b"a,b\n" * 300_000),
        ("text/csv", "\ufffd,\u00e9\n".encode() * 200_000),
        ("application/vnd.api+json", b'{"a":"' + b"x" * 1_200_000 + b'"}'),
        ("image/png", bytes(range(256)) * 4800),
    ],
)
def test_a_large_body_of_any_type_is_in_the_bucket_byte_by_byte(http, stage, since, kind: str, data: bytes) -> None:
    """Its object holds what was posted, under the type that it was posted with."""
    key = uuid.uuid4().hex
    answer = http("POST", "/v1/events", data, content_type=kind, idempotency_key=key)
    found = {**wait_for([key], lambda: kinesis_envelopes(stage, since), seconds=60)}[key]
    bucket, _, name = found["dataref"].removeprefix("s3://").partition("/")
    kept = stage.client("s3").get_object(Bucket=bucket, Key=name)

    assert answer.status == 202
    assert kept["Body"].read() == data
    assert (kept["ContentType"], found["datacontenttype"]) == (kind, kind)


@pytest.mark.parametrize("kind", ["text/caf\u00e9", "text/\u65e5\u672c", "text/" + "x" * 9000, "no type at all"])
def test_a_type_that_no_header_can_carry_stays_in_the_event(http, stage, since, kind: str) -> None:
    """A CloudEvent in JSON may name any datacontenttype: its large data is stored all the same."""
    key = uuid.uuid4().hex
    event = {"specversion": "1.0", "id": key, "source": "/s", "type": "t", "datacontenttype": kind}
    data = json.dumps("x" * 1_100_000)
    body = f'{json.dumps(event)[:-1]},"data":{data}}}'.encode()
    answer = http("POST", "/v1/events", body, content_type="application/cloudevents+json")
    found = {**wait_for([key], lambda: kinesis_envelopes(stage, since), seconds=60)}[key]
    bucket, _, name = found["dataref"].removeprefix("s3://").partition("/")
    kept = stage.client("s3").get_object(Bucket=bucket, Key=name)

    assert (answer.status, found["datacontenttype"]) == (202, kind)
    assert (kept["Body"].read(), kept["ContentType"]) == (data.encode(), "application/octet-stream")


def test_what_no_message_can_hold_is_spilled_by_way_of_the_bucket(http, stage, since, faults) -> None:
    """A record of 1 MB that can hardly be compressed waits in the bucket, and is delivered from there."""
    faults(kinesis=down("kinesis.PutRecords"))
    key = uuid.uuid4().hex
    text = "".join(
        random.Random(7).choices(DENSE, k=1_030_000)  # noqa: S311 - anything that compresses badly
    )
    body = json.dumps({"deviceId": "large", "text": text}).encode()
    answer = http("POST", "/v1/events", body, **JSON, idempotency_key=key)
    [event] = json.loads(answer.body)["events"]
    faults()

    assert event["sinks"]["kinesis"] == {"spilled": True}
    found = wait_for([key], lambda: kinesis_envelopes(stage, since), seconds=60)
    assert found[key]["data"]["text"] == text
    assert spilled_objects(stage)


def spilled_objects(stage) -> list[str]:
    """The keys of what was spilled by way of the bucket: they stay until they expire."""
    found = stage.client("s3").list_objects_v2(Bucket=stage.outputs["BucketName"], Prefix="spill/")
    return [one["Key"] for one in found.get("Contents", ())]
