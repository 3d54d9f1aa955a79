import base64
import gzip
import io
import json
from types import SimpleNamespace

import pytest

from chaos import landed
from commands.post import Answer

RUN = "run"
FIRST, SECOND = "run-01-0000-0", "run-01-0001-19"


def envelope(event_id, data, source="s"):
    """An envelope as the sinks hold it."""
    return json.dumps({"id": event_id, "source": source, "type": "t", "time": "now", "data": data}).encode()


class Bucket:
    """S3 with one bucket; `objects` by key."""

    def __init__(self):
        self.objects = {}

    def get_paginator(self, operation):
        """Pages of one page."""
        return self

    def paginate(self, Bucket, Prefix):
        """The keys that begin so."""
        return [{"Contents": [{"Key": key} for key in self.objects if key.startswith(Prefix)]}]

    def get_object(self, Bucket, Key):
        """One object."""
        return {"Body": io.BytesIO(self.objects[Key])}


class Stream:
    """Kinesis with one stream of two shards; an iterator is a shard and a place in it."""

    def __init__(self):
        self.shards = {"0": [], "1": []}

    def list_shards(self, StreamName):
        """Both."""
        return {"Shards": [{"ShardId": shard} for shard in self.shards]}

    def get_shard_iterator(self, ShardId, ShardIteratorType, **_):
        """The end."""
        assert ShardIteratorType == "LATEST"
        return {"ShardIterator": (ShardId, len(self.shards[ShardId]))}

    def get_records(self, ShardIterator, Limit):
        """What came since."""
        shard, place = ShardIterator
        records = self.shards[shard][place:]
        return {"Records": [{"Data": one} for one in records], "NextShardIterator": (shard, place + len(records))}


@pytest.fixture
def world(monkeypatch):
    """The destinations, empty, and what reads them."""
    made = SimpleNamespace(s3=Bucket(), kinesis=Stream(), journal=[], asked=[])
    outputs = {"StreamName": "stream", "BucketName": "bucket", "MessageQueueUrl": "http://localhost:1/1/q.fifo"}
    stage = SimpleNamespace(outputs=outputs, aws_endpoint="http://localhost:1", client=lambda name: getattr(made, name))

    def journal(endpoint, method, path):
        made.asked.append(path)
        after = path.partition("after=")[2]
        return Answer(
            200, {}, json.dumps({"messages": [one for one in made.journal if one["sequenceNumber"] > after]}).encode()
        )

    monkeypatch.setattr(landed, "request", journal)
    made.begin = lambda: landed.Landed(stage, RUN)
    made.landed = made.begin()
    return made


def test_every_copy_in_every_sink_is_found_once(world):
    """Looking again finds what is new and nothing twice; a copy that comes later is counted."""
    world.kinesis.shards["0"].append(envelope(FIRST, {"n": 1}))
    world.s3.objects["events/1.gz"] = gzip.compress(
        envelope(FIRST, {"n": 1}) + b"\n" + envelope(SECOND, {"n": 2}) + b"\n"
    )
    body = json.dumps({"messageId": "m", "inputName": "i", "payload": {"event": FIRST}})
    world.journal.append({"sequenceNumber": "1", "body": body})
    world.landed.look()
    world.kinesis.shards["1"].append(envelope(FIRST, {"n": 1}, source="other"))
    world.landed.look()

    found = world.landed.found
    assert found["kinesis"] == {FIRST: [("s", "t", '{"n": 1}'), ("other", "t", '{"n": 1}')]}
    assert found["firehose"] == {FIRST: [("s", "t", '{"n": 1}')], SECOND: [("s", "t", '{"n": 2}')]}
    assert found["iot_events"] == {FIRST: [("m", "i", json.dumps({"event": FIRST}))]}
    assert world.landed.strangers == []


def test_a_message_to_several_models_counts_once_and_a_wake_up_not_at_all(world):
    """One model's messages stand for all."""
    for number, model in enumerate(("a", "b", "a"), 1):
        body = json.dumps({"model": model, "messageId": "m", "inputName": "i", "payload": {"event": FIRST}})
        world.journal.append({"sequenceNumber": str(number), "body": body})
    world.journal.append({"sequenceNumber": "4", "body": '{"model": "a", "key": "k", "wakeUp": {}}'})
    world.landed.look()

    assert world.landed.found["iot_events"] == {FIRST: [("m", "i", json.dumps({"event": FIRST}))] * 2}
    assert world.landed.strangers == []


def test_what_nobody_sent_in_this_run_is_a_stranger(world):
    """An event under an id that is none of ours, or a message that names none."""
    world.kinesis.shards["0"].append(envelope("someone-else", {}))
    world.journal.append({"sequenceNumber": "1", "body": '{"messageId": "m", "inputName": "i", "payload": {}}'})
    world.landed.look()

    assert world.landed.strangers == ["kinesis: someone-else", "iot_events: None"]


def test_what_was_there_before_is_not_looked_at(world):
    """Another's events are no strangers then."""
    world.kinesis.shards["0"].append(envelope("someone-else", {}))
    world.s3.objects["events/1.gz"] = gzip.compress(envelope("someone-else", {}))
    world.journal.append({"sequenceNumber": "1", "body": '{"messageId": "m", "inputName": "i", "payload": {}}'})
    begun = world.begin()
    begun.look()
    world.kinesis.shards["0"].append(envelope(FIRST, {}))
    begun.look()

    assert begun.strangers == []
    assert begun.found["kinesis"].keys() == {FIRST}


@pytest.mark.parametrize("written", [bytes.decode, lambda raw: base64.b64encode(raw).decode()], ids=["text", "base64"])
@pytest.mark.parametrize("compress", [lambda raw: raw, gzip.compress], ids=["plain", "gzip"])
def test_dead_letters_name_their_events_by_sink(world, written, compress):
    """Whether the record is text or base64, the object compressed or not; a joined record holds several."""
    record = envelope(FIRST, {}) + b"\n" + envelope(SECOND, {})
    letters = [
        {"sink": "firehose", "record": {"data": written(record)}},
        {"sink": "kinesis", "record": written(envelope(FIRST, {}))},
    ]
    world.s3.objects["dead-letters/1"] = compress("\n".join(json.dumps(one) for one in letters).encode())

    assert world.landed.dead() == {"firehose": {FIRST, SECOND}, "kinesis": {FIRST}, "iot_events": set()}
