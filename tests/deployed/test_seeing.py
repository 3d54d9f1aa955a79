import json
import time
import uuid

from commands.read_back import wait_for
from distributary.detectors.record import WakeUp, wake_up_body
from distributary.metrics import NAMESPACE, UNITS
from distributary.sinks.queue_entry import group_of

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
    for sink in ("Firehose", "Kinesis", "IotEvents"):
        sqs.send_message(QueueUrl=stage.outputs[f"{sink}SpillQueueUrl"], MessageBody="not ours")
    sqs.send_message(
        QueueUrl=stage.outputs["MessageQueueUrl"],
        MessageBody=wake_up_body("temperature_alarm", device, WakeUp("1", 0, "another life", int(time.time()) - 3)),
        MessageGroupId=group_of("temperature_alarm", device),
    )
    messages = stage.outputs["MessageQueueUrl"].rsplit("/", 1)[-1]
    faults(
        firehose={"operation": "firehose.*", **DOWN},
        kinesis={"operation": "kinesis.PutRecords", **DOWN},
        iot_events={"operation": "sqs.SendMessageBatch", "resource": messages, **DOWN},
    )
    http("POST", "/v1/events", body, **JSON)
    wait_for([name for name in UNITS if name.startswith("oldest")], lambda: names_of_metrics(stage), seconds=10)
    faults()
    found = wait_for(list(UNITS), lambda: names_of_metrics(stage), seconds=20)

    assert UNITS.keys() - found.keys() == set()
    assert {frozenset(each) for each in found.values()} == {frozenset({"stage=local"})}
