"""What the deployed stack's sinks hold of what was written past the envelope."""

import gzip
from collections.abc import Iterator
from typing import Any

from commands.stage import Stage


def delivered_lines(stage: Stage) -> dict[bytes, bytes]:
    """Every line that Firehose has delivered."""
    s3 = stage.client("s3")
    bucket = stage.outputs["BucketName"]
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="events/").get("Contents", [])]
    bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
    lines = [line for body in bodies for line in gzip.decompress(body).splitlines()]
    return dict(zip(lines, lines, strict=True))


def stream_records(stage: Stage) -> dict[bytes, dict[str, Any]]:
    """Every record in the stream, by its data."""
    return {one["Data"]: one for one in every_record(stage)}


def every_record(stage: Stage) -> Iterator[dict[str, Any]]:
    """The records in the stream, each shard's in their order; what was sent twice is there twice."""
    client = stage.client("kinesis")
    name = stage.outputs["StreamName"]
    for shard in client.list_shards(StreamName=name)["Shards"]:
        iterator = client.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while records := client.get_records(ShardIterator=iterator, Limit=10_000):
            yield from records["Records"]
            iterator = records["NextShardIterator"]
            if not records["Records"]:
                break
