import base64
import gzip
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from as_real_sink import AsRealSink
from fake_client import FakeClient
from fake_clock import FakeClock
from fake_keeping import URLS, Keeping
from fake_queue import SET_ASIDE_URLS, EventSource, sqs_event, sqs_record
from hypothesis import given, settings
from hypothesis import strategies as st

from distributary.aws import timeouts
from distributary.delivery.breaker import FAILURES, OPEN_SECONDS
from distributary.delivery.redrive import MOST_UNTRIED_RECEIVES, Redrive, RedriveSettings, pause_after
from distributary.delivery.retry_messages import RetryMessages
from distributary.delivery.retry_queue import PendingRecords, read_message_body
from distributary.errors import SinkUnavailable
from distributary.events import Event, Failure, Outcome, Receipt
from distributary.ingest.fan_out import FanOut
from distributary.ingest.rules import Rules
from distributary.iot_events.message import Message
from distributary.iot_events.message_queue import MessageQueue
from distributary.iot_events.routing import Readers
from distributary.sinks.iot_events import IotEventsSink, message_id
from distributary.sinks.kinesis import KinesisRecord
from distributary.sinks.registry import KINDS

SETTINGS = RedriveSettings()
BUSY = Failure("Busy", "later", retryable=False)
REFUSED = Failure("InvalidArgumentException", "no", retryable=False, permanent=True)
STORED = Receipt()
NAMES = ("firehose", "kinesis", "iot_events")
REMAINING = 29.0
DAY = 86_400


class Sink(AsRealSink):
    """Answers by a script of puts, the last for ever; `odd` is stored and busy in turn, `mixed` all three.

    `picky` refuses a call as a whole for a record of an odd number of bytes, and stores what has none.
    """

    max_records = 500
    max_bytes = 1 << 30

    def __init__(self, name: str, *script: str, max_record_bytes: int = 400) -> None:
        self.name = name
        self.script = list(script) or ["stored"]
        self.max_record_bytes = max_record_bytes
        self.records: list = []
        self.calls = 0

    def size(self, record) -> int:
        return len(record.payload) if hasattr(record, "payload") else len(record.data)

    def put(self, records: Sequence) -> list[Outcome]:
        self.calls += 1
        line = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if line in {"down", "denied"}:
            raise SinkUnavailable("Down", "down", retryable=line == "down")
        if line == "picky" and any(self.size(one) % 2 for one in records):
            raise SinkUnavailable("InvalidArgumentException", "odd", retryable=False, divisible=True)
        answers = {
            "stored": [STORED],
            "picky": [STORED],
            "busy": [BUSY],
            "refused": [REFUSED],
            "odd": [STORED, BUSY],
            "mixed": [REFUSED, STORED, BUSY],
        }[line]
        outcomes = [answers[place % len(answers)] for place in range(len(records))]
        self.records += [one for one, outcome in zip(records, outcomes, strict=True) if outcome is STORED]
        return outcomes


class Stage:
    """A redrive function over three scripted sinks, its queues and its bucket."""

    def __init__(self, *, settings: RedriveSettings = SETTINGS, **sinks: Sink) -> None:
        self.clock = FakeClock(drawn=0.0)
        self.keeping = Keeping(self.clock.clock)
        self.sinks = {name: sinks.get(name) or Sink(name) for name in NAMES}
        self.queues = RetryMessages(self.keeping.sqs, URLS, SET_ASIDE_URLS)
        self.redrive = Redrive(
            settings,
            self.sinks,
            retry_queue=self.keeping.retry_queue,
            queues=self.queues,
            dead_letters=self.keeping.dead_letters,
            clock=self.clock.clock,
        )

    def body(self, *records, first: float = 0.0) -> str:
        """A message of the Kinesis queue, first spilled so many seconds ago."""
        now = self.clock.since_1970 + self.clock.now
        self.keeping.retry_queue.keep(PendingRecords("kinesis", records, 1, now - first, now - first), until=1e9)
        return self.keeping.sent.pop()[1]

    def take(self, body: str, *, receives: int = 1, url: str = URLS["kinesis"], remaining: float = REMAINING):
        """Whether the message stays in its queue, and the tally."""
        messages = self.queues.read(sqs_event(url, body, receives=receives))
        left, tally = self.redrive.take(messages, remaining)
        return bool(left), tally

    @property
    def pauses(self) -> list[int]:
        """For how long messages were postponed."""
        calls = self.keeping.sqs.calls
        return [given["VisibilityTimeout"] for name, given in calls if name == "change_message_visibility"]

    @property
    def letters(self) -> list[dict]:
        """The dead letters."""
        return [json.loads(line) for line in self.keeping.lines("dead-letters/")]


def records(count: int, size: int = 1) -> list[KinesisRecord]:
    """Records that can be told apart."""
    return [KinesisRecord(b"%d" % number * size, "k") for number in range(count)]


def test_what_is_delivered_leaves_the_queue() -> None:
    """The records reach their sink as they were, and the message may be deleted."""
    stage = Stage()
    stays, tally = stage.take(stage.body(*records(3)))

    assert stays is False
    assert stage.sinks["kinesis"].records == records(3)
    assert tally.redriven == {"kinesis": 3}
    assert (stage.letters, stage.keeping.sent, stage.pauses) == ([], [], [])


def test_a_message_of_which_nothing_was_delivered_waits_longer_each_time() -> None:
    """It is not sent again but made invisible: 1 s, doubling."""
    stage = Stage(kinesis=Sink("kinesis", "busy", "down", "busy"))
    body = stage.body(*records(2))
    stays = [stage.take(body, receives=receives)[0] for receives in (1, 2, 3)]

    assert stays == [True, True, True]
    assert stage.pauses == [1, 2, 4]
    assert stage.keeping.sent == []


def test_a_message_that_was_delivered_in_part_is_replaced_by_the_rest() -> None:
    """The rest goes into a new message with its attempts and its first time; the old one may be deleted."""
    stage = Stage(kinesis=Sink("kinesis", "odd"))
    stage.clock.now = 50.0
    stays, tally = stage.take(stage.body(*records(4), first=40.0), receives=6)
    [(_, body)] = stage.keeping.sent
    rest, now = read_message_body(body), stage.clock.since_1970 + 50.0

    assert stays is False
    assert stage.sinks["kinesis"].records == records(4)[::2]
    assert (rest.records, rest.attempts, rest.first, rest.last) == (records(4)[1::2], 7, now - 40.0, now)
    assert (tally.redriven["kinesis"], tally.waiting["kinesis"], tally.oldest["kinesis"]) == (2, 2, now - 40.0)


def test_a_message_stays_if_its_rest_cannot_be_sent() -> None:
    """Rather delivered twice than not at all."""
    stage = Stage(kinesis=Sink("kinesis", "odd"))
    body = stage.body(*records(4))
    stage.keeping.queues_are_down = True
    stays, tally = stage.take(body, receives=2)

    assert stays is True
    assert (tally.waiting, stage.pauses) == ({"kinesis": 4}, [2])


def test_the_rest_of_what_lies_in_the_bucket_does_not_point_there() -> None:
    """The object has the records that were delivered, too: they would be delivered again."""
    stage = Stage(kinesis=Sink("kinesis", "odd"))
    envelope = {"sink": "kinesis", "attempts": 1, "first": 1_700_000_000, "last": 1_700_000_000}
    stored = {**envelope, "records": [KINDS["kinesis"].to_json(one) for one in records(2)]}
    stage.keeping.objects["spill/kinesis/1.json.gz"] = gzip.compress(json.dumps(stored).encode())
    pointer = json.dumps({**envelope, "object": "spill/kinesis/1.json.gz"})

    assert stage.take(base64.b64encode(gzip.compress(pointer.encode())).decode())[0] is False
    [(_, rest)] = stage.keeping.sent
    assert (read_message_body(rest).object, read_message_body(rest).records) == ("", [records(2)[1]])


def test_each_message_that_cannot_be_read_counts() -> None:
    """Two of them are two dead letters."""
    stage = Stage()
    batch = [sqs_record(URLS["kinesis"], "what is this?", message_id=name, receives=1) for name in "ab"]
    left, tally = stage.redrive.take(stage.queues.read({"Records": batch}), REMAINING)

    assert (left, tally.dead, len(stage.letters)) == ([], {"kinesis": 2}, 2)


def test_the_tally_adds_up_the_messages_of_a_batch() -> None:
    """Two messages, each with one record that is delivered and one that is refused for good."""
    stage = Stage(kinesis=Sink("kinesis", "mixed"))
    batch = [sqs_record(URLS["kinesis"], stage.body(*records(2)), message_id=name, receives=1) for name in "ab"]
    _, tally = stage.redrive.take(stage.queues.read({"Records": batch}), REMAINING)

    assert (tally.redriven, tally.dead) == ({"kinesis": 2}, {"kinesis": 2})


def test_what_no_sink_could_take_says_nothing_of_the_sink() -> None:
    """A message of which nothing is tried ends no run of failures: its sink was not asked."""
    stage = Stage(kinesis=Sink("kinesis", "down", max_record_bytes=10))
    down, large = stage.body(*records(1)), stage.body(KinesisRecord(b"x" * 11, "k"))
    for _ in range(FAILURES + 3):
        stage.take(down)
        stage.take(large)

    assert stage.sinks["kinesis"].calls == FAILURES


def test_what_is_refused_for_good_is_a_dead_letter() -> None:
    """Its letter has the record, the reason, every attempt and both times; the others go on."""
    stage = Stage(kinesis=Sink("kinesis", "mixed"))
    stays, tally = stage.take(stage.body(*records(3), first=60.0), receives=2)
    [letter] = stage.letters

    assert stays is False
    assert letter == {
        "sink": "kinesis",
        "reason": "InvalidArgumentException",
        "detail": "no",
        "attempts": 3,
        "first": "2023-11-14T22:12:20.000Z",
        "last": "2023-11-14T22:13:20.000Z",
        "record": {"data": "0", "partitionKey": "k"},
    }
    assert [read_message_body(body).records for _, body in stage.keeping.sent] == [[records(3)[2]]]
    assert tally.dead == {"kinesis": 1}


def test_a_call_that_is_denied_makes_dead_letters() -> None:
    """An error that no later call can mend, such as access denied, is for good."""
    stage = Stage(kinesis=Sink("kinesis", "denied"))

    assert stage.take(stage.body(*records(2)))[0] is False
    assert [letter["reason"] for letter in stage.letters] == ["Down", "Down"]


def test_a_record_that_spoils_its_call_is_given_up_alone() -> None:
    """AWS refuses the whole call for one record: the others are delivered all the same."""
    stage = Stage(kinesis=Sink("kinesis", "picky"))
    even, odd = records(9, size=2), KinesisRecord(b"x" * 7, "k")
    stays, tally = stage.take(stage.body(*even[:5], odd, *even[5:]))

    assert stays is False
    assert stage.sinks["kinesis"].records == even
    assert [(letter["reason"], letter["record"]["data"]) for letter in stage.letters] == [
        ("InvalidArgumentException", "x" * 7)
    ]
    assert (tally.redriven, tally.dead) == ({"kinesis": 9}, {"kinesis": 1})


@pytest.mark.parametrize(("age", "given_up"), [(12.9, False), (13.0, False), (13.1, True)])
def test_what_is_too_old_is_given_up(age: float, given_up: bool) -> None:
    """Older than the setting by its first time, a record is a dead letter and its sink is not asked."""
    stage = Stage(kinesis=Sink("kinesis", "busy"))
    stays, _ = stage.take(stage.body(*records(2), first=age * DAY))

    assert stays is not given_up
    assert [(letter["reason"], letter["detail"]) for letter in stage.letters] == [("TooOld", "")] * 2 * given_up
    assert stage.sinks["kinesis"].calls == (not given_up)


def test_what_its_sink_cannot_take_is_given_up_alone() -> None:
    """A record over the sink's limit is a dead letter; its neighbours are delivered."""
    stage = Stage(kinesis=Sink("kinesis", max_record_bytes=10))
    small, large = records(2)[0], KinesisRecord(b"x" * 11, "k")

    assert stage.take(stage.body(large, small))[0] is False
    assert stage.sinks["kinesis"].records == [small]
    assert [(letter["reason"], letter["detail"]) for letter in stage.letters] == [
        ("TooLarge", "kinesis takes 10 bytes")
    ]


def test_a_record_as_large_as_its_sink_takes_is_delivered() -> None:
    """The limit itself is none too many."""
    stage = Stage(kinesis=Sink("kinesis", max_record_bytes=10))

    assert stage.take(stage.body(KinesisRecord(b"x" * 10, "k")))[0] is False
    assert stage.letters == []


def test_what_ended_the_function_a_thousand_times_is_given_up() -> None:
    """A message that SQS set aside becomes dead letters without another attempt."""
    stage = Stage()

    assert stage.take(stage.body(*records(2)), url=SET_ASIDE_URLS["kinesis"])[0] is False
    assert [letter["reason"] for letter in stage.letters] == ["ReceivedTooOften"] * 2
    assert stage.sinks["kinesis"].calls == 0


@pytest.mark.parametrize("url", [URLS["kinesis"], SET_ASIDE_URLS["kinesis"]])
def test_what_cannot_be_read_is_given_up_as_it_is(url: str) -> None:
    """A message that is not ours lies among the dead letters with its text."""
    stage = Stage()
    stays, tally = stage.take("what is this?", receives=3, url=url)

    assert stays is False
    assert tally.dead == {"kinesis": 1}
    assert stage.letters == [
        {
            "sink": "kinesis",
            "reason": "Unreadable",
            "detail": "Only base64 data is allowed",
            "attempts": 3,
            "first": "2023-11-14T22:13:20.000Z",  # when the message was sent
            "last": "2023-11-14T22:13:20.000Z",
            "record": {"body": "what is this?"},
        }
    ]


def test_an_object_that_cannot_be_read_is_given_up_by_its_name() -> None:
    """What lies in the bucket under the name is none of ours: the name is the dead letter, with what is wrong."""
    stage = Stage()
    body = stage.body(KinesisRecord(os.urandom(1_000_000), "k"))
    [key] = stage.keeping.objects
    stage.keeping.objects[key] = b"what is this?"
    stays, tally = stage.take(body)
    [letter] = stage.letters

    assert stays is False
    assert tally.dead == {"kinesis": 1}
    assert letter["record"] == {"body": key}
    assert (letter["reason"], letter["detail"]) == ("Unreadable", "BadGzipFile: Not a gzipped file (b'wh')")


def test_a_message_without_records_is_done() -> None:
    """There is nothing to deliver and nothing to lose."""
    stage = Stage()
    empty = base64.b64encode(gzip.compress(b'{"sink":"kinesis","records":[],"attempts":1,"first":0,"last":0}'))

    assert stage.take(empty.decode())[0] is False
    assert (stage.letters, stage.pauses) == ([], [])


@pytest.mark.parametrize("kind", ["refused", "unreadable", "old"])
def test_a_message_stays_while_its_dead_letters_cannot_be_written(kind: str) -> None:
    """With the bucket down nothing is given up."""
    stage = Stage(kinesis=Sink("kinesis", "refused"))
    body = "what?" if kind == "unreadable" else stage.body(*records(1), first=20.0 * DAY * (kind == "old"))
    stage.keeping.bucket_is_down = True

    assert stage.take(body)[0] is True
    assert stage.pauses == [1]


def test_what_lies_in_the_bucket_is_delivered_from_there() -> None:
    """A pointer is followed; while the bucket is down the message waits, and once it is too old it is given up."""
    large = KinesisRecord(os.urandom(1_000_000), "k")
    stage = Stage(kinesis=Sink("kinesis", max_record_bytes=1 << 20))
    body, old = stage.body(large), stage.body(large, first=13.5 * DAY)
    stage.keeping.bucket_is_down = True
    assert stage.take(body)[0] is True

    stage.keeping.bucket_is_down = False
    assert stage.take(body)[0] is False
    assert stage.sinks["kinesis"].records == [large]

    pointed = read_message_body(old).object
    stage.keeping.objects.clear()
    assert stage.take(old)[0] is False
    assert stage.letters[0]["record"] == {"body": pointed}
    assert stage.letters[0]["detail"] == "AccessDenied: as AWS says it"


def test_a_sink_that_is_down_is_not_hammered() -> None:
    """After a few failures in a row the rest of what waits is postponed without a call."""
    stage = Stage(kinesis=Sink("kinesis", "down"))
    body = stage.body(*records(1))
    batch = [sqs_record(URLS["kinesis"], body, message_id=str(number), receives=5) for number in range(10)]
    left, _ = stage.redrive.take(stage.queues.read({"Records": batch}), REMAINING)

    assert len(left) == 10
    assert stage.sinks["kinesis"].calls == FAILURES
    assert stage.pauses == [16] * 10
    stage.clock.now += OPEN_SECONDS
    stage.sinks["kinesis"].script = ["stored"]
    assert stage.take(body)[0] is False


def test_all_that_waits_on_is_counted_and_the_oldest_of_it_is_known() -> None:
    """Each record of what was not delivered, and one for what lies in the bucket and could not be fetched."""
    stage = Stage(kinesis=Sink("kinesis", "busy"))
    bodies = [
        stage.body(*records(2), first=30.0),
        stage.body(KinesisRecord(os.urandom(1_000_000), "k"), first=40.0),
        stage.body(*records(1), first=20.0),
    ]
    stage.keeping.bucket_is_down = True
    batch = [sqs_record(URLS["kinesis"], body, message_id="m", receives=1) for body in bodies]
    left, tally = stage.redrive.take(stage.queues.read({"Records": batch}), REMAINING)

    assert len(left) == 3
    assert (tally.waiting, tally.oldest) == ({"kinesis": 4}, {"kinesis": stage.clock.since_1970 - 40.0})


def test_the_messages_are_held_for_as_long_as_the_function_may_run() -> None:
    """No other copy of it takes them meanwhile; a margin covers what Lambda needs to end one."""
    stage = Stage()
    stage.take(stage.body(*records(1)))
    [held] = [given for name, given in stage.keeping.sqs.calls if name == "change_message_visibility_batch"]

    assert [entry["VisibilityTimeout"] > REMAINING for entry in held["Entries"]] == [True]


def test_what_has_just_enough_time_is_tried() -> None:
    """A put at its longest, what comes after it, and the answer: with that much left, the sink is asked."""
    stage = Stage()
    needed = timeouts.PUT + timeouts.KEEPING + timeouts.ANSWER

    assert stage.take(stage.body(*records(1)), remaining=needed)[0] is False
    assert stage.sinks["kinesis"].calls == 1


@pytest.mark.parametrize(("late", "stays"), [(0.1, True), (0.0, False)])
def test_what_is_left_of_a_message_is_sent_only_where_that_can_end_in_time(late: float, stays: bool) -> None:
    """A slow sink may use up the time for it: then the message stays as a whole, and waits as one that failed."""
    stage = Stage(kinesis=Sink("kinesis", "odd"))
    body, put = stage.body(*records(4)), stage.sinks["kinesis"].put

    def slow(records: Sequence) -> list[Outcome]:
        stage.clock.now += REMAINING - timeouts.ANSWER - timeouts.CALL + late
        return put(records)

    stage.sinks["kinesis"].put = slow

    assert stage.take(body, receives=3)[0] is stays
    assert stage.pauses == [4] * stays


def test_what_was_tried_does_not_come_back_soon() -> None:
    """A record that was refused waits as long as its message has, though there was no time for its neighbour."""
    stage = Stage(kinesis=Sink("kinesis", "busy"))
    stage.sinks["kinesis"].max_records = 1
    put = stage.sinks["kinesis"].put

    def slow(records: Sequence) -> list[Outcome]:
        stage.clock.now += timeouts.PUT
        return put(records)

    stage.sinks["kinesis"].put = slow
    needed = timeouts.PUT + timeouts.KEEPING + timeouts.ANSWER
    stage.take(stage.body(*records(2)), receives=6, remaining=needed)

    assert stage.sinks["kinesis"].calls == 1
    assert stage.pauses == [32]


@pytest.mark.parametrize(("receives", "pause"), [(9, 1), (MOST_UNTRIED_RECEIVES, 1), (MOST_UNTRIED_RECEIVES + 1, 1800)])
def test_without_time_a_message_comes_back_soon(receives: int, pause: int) -> None:
    """What was not even tried, because the function's time is nearly over, does not wait longer for it.

    A sink so slow that this happens again and again does not use up the receipts that SQS allows.
    """
    stage = Stage()
    needed = timeouts.PUT + timeouts.KEEPING + timeouts.ANSWER
    stays, _ = stage.take(stage.body(*records(1)), receives=receives, remaining=needed - 0.1)

    assert stays is True
    assert stage.pauses == [pause]
    assert stage.sinks["kinesis"].calls == 0


@given(st.integers(1, 1000), st.sampled_from([5, 60, 1800]), st.floats(0, 1, exclude_max=True))
def test_pauses_double_up_to_the_longest(receives: int, longest: int, drawn: float) -> None:
    """A pause is at least a second, at most the longest, and never less than three quarters of what doubling says."""
    wanted = min(longest, 2 ** min(receives - 1, 20))

    assert 1 <= pause_after(receives, longest, drawn) <= wanted
    assert pause_after(receives, longest, drawn) >= 0.75 * wanted


@pytest.mark.parametrize(("receives", "drawn", "pause"), [(5, 0.0, 16), (9, 0.999, 193), (500, 0.0, 1800), (1, 0.5, 1)])
def test_a_pause_is_whole_seconds_less_up_to_a_quarter(receives: int, drawn: float, pause: int) -> None:
    """16 s after the fifth receipt, at least 192 of 256 s after the ninth, and rounded up."""
    assert pause_after(receives, 1800, drawn) == pause


def test_thirteen_days_take_fewer_receipts_than_sqs_allows() -> None:
    """With the shortest pauses that chance may draw, and the hasty ones before, a message grows too old before its
    thousandth receipt.
    """
    waited, receives = 0.0, MOST_UNTRIED_RECEIVES
    while waited < 13 * DAY:
        receives += 1
        waited += pause_after(receives, 1800, 0.999)

    assert receives < 1000


# ── the promise ──────────────────────────────────────────────────────────────────────────────────────────────────────

SCRIPT = st.lists(st.sampled_from(["stored", "busy", "odd", "refused", "mixed", "down", "denied", "picky"]), max_size=5)
BROKEN = st.tuples(st.booleans(), st.booleans())
DATA = st.one_of(
    st.binary(max_size=20), st.builds(lambda size: json.dumps({"deviceId": "d" * size}), st.integers(0, 600))
)


@pytest.mark.parametrize("known", [None, 7])
def test_a_message_to_an_input_is_delivered_as_of_when_it_was_accepted(known) -> None:
    """When it was first spilled, however often since; a time that it brings already stands."""
    stage = Stage(iot_events=Sink("iot_events", "busy", "odd", "stored"))
    first = stage.clock.since_1970 + stage.clock.now - 60
    told = known or round(first * 1000)
    waiting = [Message(str(number), "in", b"{}", accepted_ms=known) for number in range(2)]
    stage.keeping.retry_queue.keep(PendingRecords("iot_events", waiting, 1, first, first), until=1e9)

    def take(event: dict) -> list[str]:
        stage.clock.now += 3
        return stage.redrive.take(stage.queues.read(event), REMAINING)[0]

    source = EventSource(stage.keeping, take)
    source.drain(rounds=9)

    assert source.waiting == []
    assert [(one.message_id, one.accepted_ms) for one in stage.sinks["iot_events"].records] == [
        ("0", told),
        ("1", told),
    ]


def an_event(index: int, data: str | bytes) -> Event:
    """An event whose id is found again in every form that it takes."""
    attributes = {"specversion": "1.0", "id": f"<{index}>", "source": "s", "type": "t", "time": "2026-01-02T03:04:05Z"}
    return Event(index, attributes, data, json.loads(data) if isinstance(data, str) else None)


def found(sink: str, event: Event, stored: Sequence, letters: Sequence[dict]) -> bool:
    """Whether the sink has the event, or the dead letters have its record."""
    dead = [letter["record"] for letter in letters if letter["sink"] == sink]
    if sink == "iot_events":
        identity = message_id(event)
        return any(one.message_id == identity for one in stored) or any(one["messageId"] == identity for one in dead)
    mark = f'"id":"{event.id}"'
    return any(mark.encode() in one.data for one in stored) or any(mark in one["data"] for one in dead)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(DATA, min_size=1, max_size=8),
    st.lists(SCRIPT, min_size=3, max_size=3),
    st.booleans(),
    BROKEN,
    BROKEN,
)
def test_nothing_that_was_accepted_is_ever_lost(
    data: list, scripts: list, join: bool, broken: tuple, later: tuple
) -> None:
    """Whatever is refused, fails or is too large, and whichever of queues and bucket are down while requests come and
    while they are redriven: each event that is not rejected ends in every chosen, not skipped sink or among its dead
    letters, or it was reported as retry.
    """
    stage = Stage(**{name: Sink(name, *script, "stored") for name, script in zip(NAMES, scripts, strict=True)})
    stage.sinks["firehose"].join = join
    rules = Rules.from_tables([{"sinks": list(NAMES), "input": "telemetry"}], {"telemetry": {"attributes": ["a"]}})
    keeping = stage.keeping
    send = FanOut(
        rules, stage.sinks, envelope="cloudevents", delivery=keeping.delivery, claim_check=keeping.claim_check
    )
    stage.keeping.queues_are_down, stage.keeping.bucket_is_down = broken
    fates = send([an_event(index, one) for index, one in enumerate(data)], 17.0)

    def take(event: dict) -> list[str]:
        stage.clock.now += OPEN_SECONDS
        return stage.redrive.take(stage.queues.read(event), REMAINING)[0]

    source = EventSource(stage.keeping, take)
    stage.keeping.queues_are_down, stage.keeping.bucket_is_down = later
    source.drain(rounds=3)
    stage.keeping.queues_are_down = stage.keeping.bucket_is_down = False
    source.drain(rounds=40)

    assert source.waiting == []
    for fate in fates:
        for name, receipt in fate.sinks.items():
            if fate.status == "accepted" and "skipped" not in receipt:
                assert found(name, fate.event, stage.sinks[name].records, stage.letters), (name, fate)
        assert fate.status != "rejected"
        assert fate.status == "retry" or all("error" not in receipt for receipt in fate.sinks.values())


def test_an_entry_of_before_callers_were_known_is_redriven_under_its_old_ids() -> None:
    """As an earlier version wrote it: a message that the queue took already is not taken again."""
    stored = json.loads((Path(__file__).parents[2] / "cases/stored/spilled_messages.json").read_text())
    ids: list[str] = []

    def answer(parameters):
        ids.extend(entry["MessageDeduplicationId"] for entry in parameters["Entries"])
        return {"Successful": [{"Id": entry["Id"]} for entry in parameters["Entries"]]}

    client, clock = FakeClient(send_message_batch=answer), FakeClock(drawn=0.0).clock
    readers = Readers(stored["readers"])
    stage = Stage(settings=replace(SETTINGS, days=13.0))
    queue = MessageQueue(client, "q", {}, readers, max_payload_bytes=1024, clock=clock)
    stage.sinks["iot_events"] = IotEventsSink(queue)
    stage.clock.since_1970 = 1_700_000_100.0
    stays, tally = stage.take(stored["body"], url=URLS["iot_events"])

    assert (stays, tally.redriven) == (False, {"iot_events": 2})
    assert sorted(ids) == sorted(stored["deduplicationIds"])
