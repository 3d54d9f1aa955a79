"""A Lambda function on the Kinesis stream: handles each event once, and keeps going past bad records.

Event source mapping: FunctionResponseTypes = ReportBatchItemFailures, BisectBatchOnFunctionError, and a destination on
failure. TABLE names a DynamoDB table with the string key `id` and time to live on `expires`.
"""

import base64
import json
import os
import time

import boto3

s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

# Longer than any event may be redelivered: redrive tries for 13 days, a replay may come later.
REMEMBERED_SECONDS = 30 * 86_400


def handler(event, context):
    """The answer that makes Lambda send again from the first record that failed."""
    for record in event["Records"]:
        kinesis = record["kinesis"]
        envelope = read_envelope(base64.b64decode(kinesis["data"]))
        if envelope is None:
            print(json.dumps({"skipped": kinesis["sequenceNumber"], "reason": "no envelope"}))
            continue
        try:
            once(envelope)
        except Exception as error:
            print(json.dumps({"failed": kinesis["sequenceNumber"], "error": repr(error)}))
            return {"batchItemFailures": [{"itemIdentifier": kinesis["sequenceNumber"]}]}
    return {"batchItemFailures": []}


def read_envelope(data):
    """The CloudEvent, or None for a record that is none: AWS clients may write any bytes to the stream."""
    try:
        envelope = json.loads(data)
        return envelope if envelope["id"] and envelope["source"] else None
    except (ValueError, KeyError, TypeError):
        return None


def once(envelope):
    """Handle an event unless its `source` and `id` were handled before."""
    key = {"id": json.dumps([envelope["source"], envelope["id"]])}
    expires = int(time.time()) + REMEMBERED_SECONDS
    try:
        table.put_item(Item={**key, "expires": expires}, ConditionExpression="attribute_not_exists(id)")
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return
    try:
        handle(envelope, read_data(envelope))
    except Exception:
        table.delete_item(Key=key)
        raise


def read_data(envelope):
    """The event's data: from the envelope, or from the bucket if it was too large for the stream."""
    if "data_base64" in envelope:
        return base64.b64decode(envelope["data_base64"])
    reference = envelope.get("dataref", "")
    if not reference.startswith("s3://"):
        return envelope.get("data")
    bucket, _, key = reference.removeprefix("s3://").partition("/")
    answer = s3.get_object(Bucket=bucket, Key=key)
    body = answer["Body"].read()
    return json.loads(body) if answer["ContentType"].endswith("json") else body


def handle(envelope, data):
    """Your code. Raise an exception for an event that must come again."""
    size = len(data) if isinstance(data, bytes) else len(json.dumps(data))
    print(json.dumps({"handled": envelope["id"], "type": envelope["type"], "size": size}))
