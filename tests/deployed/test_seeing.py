import json
import time
import uuid

import pytest

from commands.read_back import wait_for
from distributary.iot_events.queue_entry import group_of
from distributary.iot_events.runtime.queue_record import WakeUp, wake_up_body
from distributary.metrics import NAMESPACE
from distributary.sinks.registry import EVERY_UNIT

JSON = {"content_type": "application/json"}
DOWN = {"effect": "refuse_calls", "error": "ServiceUnavailable", "status": 503}


def names_of_metrics(stage) -> dict[str, set[str]]:
    """Every metric of ours that this stage has ever sent, with its dimensions."""
    found = stage.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=NAMESPACE)
    return {
        one["MetricName"]: {f"{each['Name']}={each['Value']}" for each in one["Dimensions"]}
        for page in found
        for one in page["Metrics"]
    }


def test_every_metric_of_alarms_and_dashboard_is_sent(http, anonymous, stage, faults) -> None:
    """By the functions as they are deployed: what is delivered, spilled, redriven, given up, refused and late."""
    sqs, device = stage.client("sqs"), uuid.uuid4().hex
    body = json.dumps({"deviceId": device, "temperature": 1}).encode()
    anonymous("POST", "/v1/events", body, **JSON)
    http("POST", "/v1/events", body, **JSON)
    http("POST", "/v1/events", b'[1,{"twice":1,"twice":2}]', **JSON)
    for sink in ("Firehose", "Kinesis", "IotEvents"):
        sqs.send_message(QueueUrl=stage.outputs[f"{sink}SpillQueueUrl"], MessageBody="not ours")
    sqs.send_message(
        QueueUrl=stage.outputs["MessageQueueUrl"],
        MessageBody=wake_up_body("temperature_alarm", device, WakeUp("1", 0, "another life", int(time.time()) - 3)),
        MessageGroupId=group_of("temperature_alarm", device),
    )
    sqs.send_message(QueueUrl=stage.outputs["ActionQueueUrl"], MessageBody="no action")
    messages = stage.outputs["MessageQueueUrl"].rsplit("/", 1)[-1]
    faults(
        firehose={"operation": "firehose.*", **DOWN},
        kinesis={"operation": "kinesis.PutRecords", **DOWN},
        iot_events={"operation": "sqs.SendMessageBatch", "resource": messages, **DOWN},
    )
    http("POST", "/v1/events", body, **JSON)
    wait_for([name for name in EVERY_UNIT if name.startswith("oldest")], lambda: names_of_metrics(stage), seconds=60)
    spill = stage.outputs["KinesisSpillQueueUrl"].rsplit("/", 1)[-1]
    retry_queue = {"operation": "sqs.SendMessage", "resource": spill, **DOWN}
    faults(kinesis={"operation": "kinesis.PutRecords", **DOWN}, retry_queue=retry_queue)
    http("POST", "/v1/events", body, **JSON)
    faults()
    found = wait_for(list(EVERY_UNIT), lambda: names_of_metrics(stage), seconds=60)
    sqs.purge_queue(QueueUrl=stage.outputs["ActionQueueUrl"])  # it would be tried for two hours

    assert EVERY_UNIT.keys() - found.keys() == set()
    assert {frozenset(each) for each in found.values()} == {frozenset({"stage=local"})}


@pytest.fixture
def log_lines(stage, since):
    """Reads what stands in each log group of the stage since the test began, the API's own included, by its name."""
    logs = stage.client("logs")

    def read() -> dict[str, list[str]]:
        groups = [one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]]
        asked = {"startTime": int(since.timestamp() * 1000)}
        found = {
            group: logs.get_paginator("filter_log_events").paginate(logGroupName=group, **asked) for group in groups
        }
        return {group: [one["message"] for page in pages for one in page["events"]] for group, pages in found.items()}

    return read


@pytest.fixture
def through_each_sdk(firehose, kinesis, iotevents):
    """Sends a body through each AWS API."""

    def send(body: bytes) -> None:
        firehose.put_record(DeliveryStreamName="events", Record={"Data": body})
        kinesis.put_records(StreamName="events", Records=[{"Data": body, "PartitionKey": "k"}])
        note = {"messageId": uuid.uuid4().hex, "inputName": "telemetry", "payload": body}
        iotevents.batch_put_message(messages=[note])

    return send


def test_no_secret_and_no_payload_is_in_any_log(http, credential, faults, through_each_sdk, log_lines) -> None:
    """Keys wherever they may stand, signatures, tokens, bodies and queries: through every API, and on every way."""
    key_id, secret = credential
    payload, token = f"payload-{uuid.uuid4().hex}", f"token-{uuid.uuid4().hex}"
    body = json.dumps({"deviceId": "quiet", "temperature": 99, "note": payload}).encode()
    refused = {"operation": "kinesis.PutRecords", **DOWN}
    http("POST", f"/v1/events?key={key_id}.{secret}&type={token}", body, **JSON)
    http("POST", "/v1/events", body, **JSON, x_api_key=f"{key_id}.{secret}", x_amz_security_token=token)
    http("POST", "/v1/events", body + b"}", **JSON)
    http("POST", "/v1/events", body, **JSON, authorization=f"Bearer {token}")
    http("POST", f"/{token}", body, **JSON)
    through_each_sdk(body)
    faults(kinesis={**refused, "error": "KMSAccessDeniedException", "status": 400})
    http("POST", "/v1/events", body, **JSON)
    faults(kinesis=refused)
    http("POST", "/v1/events", body, **JSON)
    faults()
    asked = http("POST", "/v1/events", body, **JSON).headers["x-request-id"]
    time.sleep(0.1)  # the API writes its line after its answer
    lines = log_lines()
    said = [line for group in lines.values() for line in group]

    assert [line for name, group in lines.items() if "AccessLogs" in name for line in group if asked in line]
    assert [line for line in said if key_id in line]
    assert not [line for line in said if any(word in line for word in (secret, payload, token, "Signature="))]
