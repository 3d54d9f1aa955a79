"""What the three destinations and the dead letters hold, read on from where the last look ended."""

import base64
import binascii
import gzip
import json
import re
import urllib.parse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from commands.post import request
from commands.stage import Stage

SINKS = ("firehose", "kinesis", "iot_events")
Content = tuple[str, str, str]
"""An event's source, type and data as JSON with sorted keys; of a message, its messageId, its input and its payload."""
Found = Mapping[str, list[Content]]
"""Every copy of each event, by id."""


class Landed:
    """Every copy of every event of a run, by sink and id; what was there before it was made is not looked at."""

    def __init__(self, stage: Stage, run: str) -> None:
        self._stage = stage
        self._event_id = re.compile(rf"{run}-\d\d-\d{{4}}[/-]\d+")
        self._kinesis, self._s3 = stage.client("kinesis"), stage.client("s3")
        self._iterators = self._start()
        self._seen_keys = set(self._keys("events/"))
        self._last_message = ""
        self._journal()
        self._model: str | None = None
        self.found: dict[str, dict[str, list[Content]]] = {sink: defaultdict(list) for sink in SINKS}
        self.strangers: list[str] = []
        """What no one sent in this run."""

    def look(self) -> None:
        """Read what is new."""
        for sink, envelope in [*self._of_kinesis(), *self._of_s3()]:
            about = str(envelope.get("source")), str(envelope.get("type"))
            self._keep(sink, str(envelope.get("id")), (*about, _sorted(envelope.get("data"))))
        for message in self._of_journal():
            payload = message.get("payload")
            name = payload.get("event") if isinstance(payload, dict) else None
            about = str(message.get("messageId")), str(message.get("inputName"))
            self._keep("iot_events", str(name), (*about, _sorted(payload)))

    def dead(self) -> dict[str, set[str]]:
        """The events that stand in the dead letters now, by sink; a record may hold several events."""
        letters: dict[str, set[str]] = {sink: set() for sink in SINKS}
        for key in self._keys("dead-letters/"):
            for line in self._lines(key):
                letter = json.loads(line)
                ids = {found for text in _texts(letter) for found in self._event_id.findall(text)}
                letters.setdefault(str(letter.get("sink")), set()).update(ids)
        return letters

    def _keep(self, sink: str, event_id: str, content: Content) -> None:
        if self._event_id.fullmatch(event_id):
            self.found[sink][event_id].append(content)
        else:
            self.strangers.append(f"{sink}: {event_id}")

    def _start(self) -> dict[str, str]:
        name = self._stage.outputs["StreamName"]
        shards = [shard["ShardId"] for shard in self._kinesis.list_shards(StreamName=name)["Shards"]]
        where: dict[str, Any] = {"StreamName": name, "ShardIteratorType": "LATEST"}
        return {shard: self._kinesis.get_shard_iterator(ShardId=shard, **where)["ShardIterator"] for shard in shards}

    def _of_kinesis(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for shard in self._iterators:
            while True:
                answer = self._kinesis.get_records(ShardIterator=self._iterators[shard], Limit=10_000)
                self._iterators[shard] = answer["NextShardIterator"]
                yield from (("kinesis", json.loads(record["Data"])) for record in answer["Records"])
                if not answer["Records"]:
                    break

    def _of_s3(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for key in self._keys("events/"):
            if key not in self._seen_keys:
                self._seen_keys.add(key)
                yield from (("firehose", json.loads(line)) for line in self._lines(key))

    def _of_journal(self) -> Iterator[dict[str, Any]]:
        """The messages of one detector model, which stand for those of all; wake-ups are no messages."""
        for entry in self._journal():
            body = json.loads(entry["body"])
            self._model = self._model or body.get("model")
            if "wakeUp" not in body and body.get("model") == self._model:
                yield body

    def _journal(self) -> list[dict[str, Any]]:
        """What the queue has accepted since it was last asked."""
        queue = urllib.parse.quote(self._stage.outputs["MessageQueueUrl"], safe="")
        path = f"/_distributary/journal?queue={queue}&after={self._last_message}"
        entries: list[dict[str, Any]] = json.loads(request(str(self._stage.aws_endpoint), "GET", path).body)["messages"]
        self._last_message = entries[-1]["sequenceNumber"] if entries else self._last_message
        return entries

    def _keys(self, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._stage.outputs["BucketName"], Prefix=prefix
        )
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def _lines(self, key: str) -> list[bytes]:
        body: bytes = self._s3.get_object(Bucket=self._stage.outputs["BucketName"], Key=key)["Body"].read()
        return (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body).splitlines()


def _sorted(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a dead letter, base64 and gzip undone."""
    if isinstance(value, str):
        yield value
        yield from _decoded(value)
    elif isinstance(value, dict | list):
        members: Iterable[Any] = value.values() if isinstance(value, dict) else value
        for member in members:
            yield from _texts(member)


def _decoded(text: str) -> Iterator[str]:
    try:
        raw = base64.b64decode(text, validate=True)
        yield (gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw).decode()
    except (binascii.Error, ValueError, OSError, EOFError):
        return
