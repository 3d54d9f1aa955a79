"""The three calls as the documentation's examples make them: boto3, one after the other."""

import json
import os
import uuid
from typing import Any

import boto3

firehose = boto3.client("firehose")
kinesis = boto3.client("kinesis")
sqs = boto3.client("sqs")

DELIVERY_STREAM = os.environ["DELIVERY_STREAM_NAME"]
STREAM = os.environ["STREAM_NAME"]
QUEUE_URL = os.environ["QUEUE_URL"]


def send(body: str) -> dict[str, int]:
    """How many events were sent, and how many of the three services' records were refused."""
    parsed = json.loads(body)
    events = parsed if isinstance(parsed, list) else [parsed]
    failed = to_firehose(events) + to_kinesis(events) + to_queue(events)
    return {"received": len(events), "failed": failed}


def to_firehose(events: list[Any]) -> int:
    """The records that Firehose refused."""
    records = [{"Data": json.dumps(event) + "\n"} for event in events]
    if len(records) == 1:
        firehose.put_record(DeliveryStreamName=DELIVERY_STREAM, Record=records[0])
        return 0
    answer = firehose.put_record_batch(DeliveryStreamName=DELIVERY_STREAM, Records=records)
    return int(answer["FailedPutCount"])


def to_kinesis(events: list[Any]) -> int:
    """The records that Kinesis refused."""
    records = [{"Data": json.dumps(event), "PartitionKey": event["deviceId"]} for event in events]
    return int(kinesis.put_records(StreamName=STREAM, Records=records)["FailedRecordCount"])


def to_queue(events: list[Any]) -> int:
    """The messages that SQS refused; it takes ten a call."""
    failed = 0
    for start in range(0, len(events), 10):
        entries = [
            {
                "Id": str(position),
                "MessageBody": json.dumps(event),
                "MessageGroupId": event["deviceId"],
                "MessageDeduplicationId": str(uuid.uuid4()),
            }
            for position, event in enumerate(events[start : start + 10])
        ]
        failed += len(sqs.send_message_batch(QueueUrl=QUEUE_URL, Entries=entries).get("Failed", []))
    return failed
