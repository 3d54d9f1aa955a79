"""What a stage's sinks hold: envelopes of the Kinesis stream and of Firehose's bucket, messages of the journal."""

import gzip
import json
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from commands.stage import Stage
from distributary.iot_events.runtime.detector_item import item_key

Envelopes = dict[str, dict[str, Any]]
"""Envelopes by their id."""


def kinesis_envelopes(stage: Stage, since: datetime) -> Envelopes:
    """Every envelope that the stream took since then."""
    return _by_id(kinesis_records(stage, since).values())


def kinesis_records(stage: Stage, since: datetime) -> dict[tuple[str, str], bytes]:
    """The bytes of every record that the stream took since then, by shard and number; none if there is no stream."""
    if "StreamName" not in stage.outputs:
        return {}
    client = stage.client("kinesis")
    name = stage.outputs["StreamName"]
    shards = [one["ShardId"] for one in client.list_shards(StreamName=name)["Shards"]]
    return {(shard, number): data for shard in shards for number, data in _shard(client, name, shard, since)}


def _shard(client: Any, name: str, shard: str, since: datetime) -> Iterator[tuple[str, bytes]]:
    iterator = client.get_shard_iterator(
        StreamName=name, ShardId=shard, ShardIteratorType="AT_TIMESTAMP", Timestamp=since
    )["ShardIterator"]
    while iterator:
        answer = client.get_records(ShardIterator=iterator, Limit=10_000)
        yield from ((record["SequenceNumber"], record["Data"]) for record in answer["Records"])
        if not answer["Records"] and not answer.get("MillisBehindLatest"):
            return
        iterator = answer.get("NextShardIterator")


def s3_envelopes(stage: Stage, since: datetime) -> Envelopes:
    """Every envelope in objects that Firehose wrote since then."""
    return _by_id(s3_lines(stage, since))


def s3_lines(stage: Stage, since: datetime) -> Iterator[bytes]:
    """Every line in objects that Firehose wrote since then."""
    client = stage.client("s3")
    bucket = stage.outputs["BucketName"]
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="events/")
    keys = [one["Key"] for page in pages for one in page.get("Contents", []) if one["LastModified"] >= since]
    for key in keys:
        yield from _lines(client, bucket, key)


def _lines(client: Any, bucket: str, key: str) -> list[bytes]:
    body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return gzip.decompress(body).removesuffix(b"\n").split(b"\n")


def journal_payloads(stage: Stage) -> dict[str, Any]:
    """Every payload that the IoT Events queue accepted, by messageId; local only, whatever consumes the queue.

    Empty if there is no queue.
    """
    if "MessageQueueUrl" not in stage.outputs:
        return {}
    bodies = journal(stage, "MessageQueueUrl")
    return {body["messageId"]: body["payload"] for body in bodies if "messageId" in body}  # the others wake detectors


def journal(stage: Stage, output: str) -> list[dict[str, Any]]:
    """Every JSON object that a queue of the stack has accepted; `output` names its URL. Local only.

    The queue also accepts bodies that its function cannot read: `journal_entries` has those too.
    """
    bodies = (_parsed(entry["body"]) for entry in journal_entries(stage, output))
    return [body for body in bodies if isinstance(body, dict)]


def journal_entries(stage: Stage, output: str) -> list[dict[str, Any]]:
    """Every message that a queue of the stack has accepted, with its attributes. Local only."""
    queue = urllib.parse.quote(stage.outputs[output], safe="")
    url = f"{stage.aws_endpoint}/_distributary/journal?queue={queue}"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the embedded AWS's own address
        return list(json.load(answer)["messages"])


def _parsed(body: str) -> Any:
    """The value of a JSON text; None for any other text."""
    try:
        return json.loads(body, parse_int=_number)
    except ValueError:
        return None


def detector_state(stage: Stage, model: str, key: str) -> str:
    """The state of a detector; empty where there is none."""
    table, place = stage.outputs["DetectorTableName"], item_key(model, key)
    item = stage.client("dynamodb").get_item(TableName=table, Key=place, ConsistentRead=True).get("Item", {})
    return str(item.get("stateName", {}).get("S", ""))


def wait_for(ids: Iterable[str], read: Any, *, seconds: float, pause: float = 0.2) -> Mapping[str, Any]:
    """What `read` finds, as soon as it holds all ids or the time is over."""
    wanted = set(ids)
    deadline = time.monotonic() + seconds
    while True:
        found: Mapping[str, Any] = read()
        if wanted <= found.keys() or time.monotonic() > deadline:
            return found
        time.sleep(pause)


def _by_id(lines: Iterable[bytes]) -> Envelopes:
    envelopes = (json.loads(line, parse_int=_number) for line in lines if line.startswith(b'{"specversion"'))
    return {envelope["id"]: envelope for envelope in envelopes}


def _number(digits: str) -> int | str:
    """An integer; one that Python will not read is compared by its digits."""
    try:
        return int(digits)
    except ValueError:
        return digits
