"""Reads what Firehose wrote to the bucket, and prints each event once.

    python examples/consume/read_bucket.py BUCKET_NAME 2026-11-27

Objects lie under events/year=/month=/day=/hour= (UTC), each GZIP of one envelope a line.
"""

import base64
import gzip
import json
import sys

import boto3

# AWS_ENDPOINT_URL=http://localhost:4566 leads to `make up`.
s3 = boto3.client("s3")


def lines(bucket, day):
    """The lines of a day's objects, with the object's key."""
    year, month, number = day.split("-")
    prefix = f"events/year={year}/month={month}/day={number}/"
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for each in page.get("Contents", []):
            body = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"]
            with gzip.open(body) as text:
                for line in text:
                    yield each["Key"], line


def data_of(envelope):
    """The event's data: from the envelope, or from under claims/ if it was too large for Firehose."""
    if "data_base64" in envelope:
        return base64.b64decode(envelope["data_base64"])
    reference = envelope.get("dataref", "")
    if not reference.startswith("s3://"):
        return envelope.get("data")
    bucket, _, key = reference.removeprefix("s3://").partition("/")
    answer = s3.get_object(Bucket=bucket, Key=key)
    body = answer["Body"].read()
    return json.loads(body) if answer["ContentType"].endswith("json") else body


def main(bucket, day):
    """Print a line of JSON for each event."""
    seen = set()
    for key, line in lines(bucket, day):
        try:
            envelope = json.loads(line)
            identity = envelope["source"], envelope["id"]
        except (ValueError, KeyError, TypeError):
            print(f"no envelope: a line of {key}", file=sys.stderr)
            continue
        if identity in seen:
            continue
        seen.add(identity)
        data = data_of(envelope)
        shown = f"{len(data)} bytes" if isinstance(data, bytes) else data
        print(json.dumps({"source": envelope["source"], "id": envelope["id"], "data": shown}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
