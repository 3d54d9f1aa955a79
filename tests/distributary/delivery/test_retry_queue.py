import os
import random

import pytest
from cpu_time import parsing, seconds
from fake_clock import FakeClock
from fake_keeping import URLS, Keeping

from distributary.aws import timeouts
from distributary.delivery.retry_queue import MAX_MESSAGE_BYTES, PendingRecords, read_message_body
from distributary.errors import Unreadable
from distributary.iot_events.message import Message
from distributary.sinks.firehose import FirehoseRecord
from distributary.sinks.kinesis import KinesisRecord

FAR = 1e9
ONE = KinesisRecord(b'{"a":1}', "key")


@pytest.fixture
def keeping() -> Keeping:
    """Queues and a bucket."""
    return Keeping(FakeClock().clock)


def spilled(*records, sink: str = "kinesis") -> PendingRecords:
    """Records that wait."""
    return PendingRecords(sink, records, attempts=1, first=100.0, last=101.5)


@pytest.mark.parametrize(
    ("sink", "record"),
    [
        ("firehose", FirehoseRecord(b"\xff\n")),
        ("kinesis", KinesisRecord("ü".encode(), "k", "12")),
        ("iot_events", Message("m", "telemetry", b"{}", 1_700_000_000_000)),
    ],
)
def test_a_message_holds_what_was_spilled(keeping, sink: str, record) -> None:
    """Records of every sink go to the queue of that sink, and come back as they were."""
    kept = keeping.retry_queue.keep(spilled(record, record, sink=sink), until=FAR)
    [(url, body)] = keeping.sent

    assert kept == [True, True]
    assert url == URLS[sink]
    assert read_message_body(body) == spilled(sink=sink)._replace(records=[record, record])
    assert keeping.objects == {}


def test_what_no_message_can_hold_lies_in_the_bucket(keeping) -> None:
    """A large record that cannot be compressed is an object under spill/, and the message points to it."""
    record = FirehoseRecord(os.urandom(1_024_000))
    assert keeping.retry_queue.keep(spilled(record, sink="firehose"), until=FAR) == [True]
    [(_, body)], [key] = keeping.sent, keeping.objects
    pointer = read_message_body(body)

    assert key.startswith("spill/firehose/")
    assert (pointer.object, pointer.records, pointer.first, pointer.attempts) == (key, [], 100.0, 1)
    assert keeping.retry_queue.fetch(pointer).records == [record]


def test_many_records_become_messages_that_fit(keeping) -> None:
    """Whatever their sum is, each message stays below SQS's limit; nothing is left out and the order stays."""
    records = [KinesisRecord(os.urandom(300_000), str(number)) for number in range(7)]
    assert keeping.retry_queue.keep(spilled(*records), until=FAR) == [True] * 7
    bodies = [body for _, body in keeping.sent]

    assert len(bodies) > 1
    assert max(map(len, bodies)) <= MAX_MESSAGE_BYTES
    assert (
        sorted(
            (record for body in bodies for record in read_message_body(body).records), key=lambda one: one.partition_key
        )
        == records
    )


def test_what_the_queue_does_not_take_is_not_kept(keeping) -> None:
    """Each record says whether it is kept: with the queue down, none; with the bucket down, the small ones."""
    keeping.queues_are_down = True
    assert keeping.retry_queue.keep(spilled(ONE), until=FAR) == [False]

    keeping.queues_are_down, keeping.bucket_is_down = False, True
    large = KinesisRecord(os.urandom(1_000_000), "k")
    assert keeping.retry_queue.keep(spilled(ONE, large), until=FAR) == [True, False]


def test_no_call_starts_that_may_end_too_late(keeping) -> None:
    """Without the time of one call nothing is sent."""
    assert keeping.retry_queue.keep(spilled(ONE), until=timeouts.CALL - 0.1) == [False]
    assert keeping.retry_queue.keep(spilled(ONE), until=timeouts.CALL) == [True]
    assert len(keeping.sent) == 1


@pytest.mark.parametrize("body", ["", "not base64!", "eyJhIjoxfQ==", "H4sIAAAAAAAC/6uuBQBDv6ajAgAAAA=="])
def test_another_message_is_unreadable(body: str) -> None:
    """What we did not write is Unreadable, whatever it is: no base64, no gzip, no JSON of ours."""
    with pytest.raises(Unreadable):
        read_message_body(body)


def test_spilling_costs_little_whatever_the_records_hold(keeping) -> None:
    """Two letters at random are the worst for gzip: at its default level they took 280 times a parser's CPU."""
    text = "".join(random.Random(1).choices("ab", k=600_000))  # noqa: S311 - no secret

    def keep() -> None:
        assert all(keeping.retry_queue.keep(spilled(KinesisRecord(text.encode(), "key")), until=FAR))

    assert seconds(keep) < 30 * parsing(len(text))
