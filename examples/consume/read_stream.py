"""Reads the Kinesis stream with boto3 alone, from its oldest record, and prints each event once.

    python examples/consume/read_stream.py STREAM_NAME

For a laptop or a look inside: it reads shard after shard and stops at the newest record. A program that must not stop
belongs to the Kinesis Client Library or to Lambda (lambda_function.py).
"""

import base64
import json
import sys

import boto3

# AWS_ENDPOINT_URL=http://localhost:4566 leads all three services to `make up`.
kinesis = boto3.client("kinesis")
s3 = boto3.client("s3")


def records(stream):
    """The records of every shard, each shard's in their order."""
    for page in kinesis.get_paginator("list_shards").paginate(StreamName=stream):
        for shard in page["Shards"]:
            iterator = kinesis.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while iterator:
                answer = kinesis.get_records(ShardIterator=iterator, Limit=1000)
                yield from answer["Records"]
                if not answer["Records"] and not answer["MillisBehindLatest"]:
                    break
                iterator = answer.get("NextShardIterator")


def data_of(envelope):
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


def main(stream):
    """Print a line of JSON for each event."""
    seen = set()
    for record in records(stream):
        try:
            envelope = json.loads(record["Data"])
            identity = envelope["source"], envelope["id"]
        except (ValueError, KeyError, TypeError):
            print(f"no envelope: {record['SequenceNumber']}", file=sys.stderr)
            continue
        if identity in seen:
            continue
        seen.add(identity)
        data = data_of(envelope)
        shown = f"{len(data)} bytes" if isinstance(data, bytes) else data
        print(json.dumps({"source": envelope["source"], "id": envelope["id"], "data": shown}))


if __name__ == "__main__":
    main(sys.argv[1])
