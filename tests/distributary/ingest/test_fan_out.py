import json
import threading
from collections.abc import Sequence

import pytest
from as_real_sink import AsRealSink
from fake_clock import FakeClock
from fake_keeping import Keeping

from distributary.access.key import Key
from distributary.events import Event, Failure, Outcome, Receipt
from distributary.ingest.envelope import encode
from distributary.ingest.fan_out import FanOut
from distributary.ingest.rules import Rules
from distributary.sinks.iot_events import message_id

FAR = 1e9


class FakeSink(AsRealSink):
    """Keeps what it is given; answers each record with its place, or as told."""

    max_records = 500
    max_bytes = 1 << 30

    def __init__(self, name: str, max_record_bytes: int = 1 << 20, answer: Outcome | None = None) -> None:
        self.name = name
        self.max_record_bytes = max_record_bytes
        self.answer = answer
        self.records: list = []
        self.calls = 0

    def size(self, record) -> int:
        return len(record.payload) if hasattr(record, "payload") else len(record.data)

    def put(self, records: Sequence) -> list[Outcome]:
        self.records += records
        self.calls += 1
        return [self.answer or Receipt({"place": place}) for place in range(len(records))]


class Stage:
    """A fan-out over three fake sinks with one rule for all events."""

    def __init__(self, *, envelope: str = "cloudevents", join: bool = True, **sinks: FakeSink) -> None:
        self.sinks = {name: sinks.get(name) or FakeSink(name) for name in ("firehose", "kinesis", "iot_events")}
        self.sinks["firehose"].join = join
        rule = {"sinks": [*self.sinks], "partition_key": "data.deviceId", "input": "telemetry"}
        rules = Rules.from_tables([rule], {"telemetry": {"attributes": ["deviceId"]}})
        self.keeping = Keeping(FakeClock().clock)
        delivery, claim_check = self.keeping.delivery, self.keeping.claim_check
        self.send = FanOut(rules, self.sinks, envelope=envelope, delivery=delivery, claim_check=claim_check)


def event(index: int = 0, data: str | bytes | None = '{"deviceId":"d-1"}', **attributes: object) -> Event:
    """An event with all that it needs."""
    needed = {
        "specversion": "1.0",
        "id": f"id-{index}",
        "source": "here",
        "type": "t",
        "time": "2026-01-02T03:04:05.678Z",
    }
    return Event(index, needed | attributes, data, json.loads(data) if isinstance(data, str) else None)


def test_an_accepted_event_has_a_receipt_of_every_sink() -> None:
    """Each sink gets the event in its own form, and the fate holds the receipts in the rule's order."""
    stage = Stage()
    [fate] = stage.send([event()], FAR)

    assert fate.status == "accepted"
    assert list(fate.sinks) == ["firehose", "kinesis", "iot_events"]
    assert stage.sinks["firehose"].records[0].data == encode(event()) + b"\n"
    assert stage.sinks["kinesis"].records[0].data == encode(event())
    assert stage.sinks["kinesis"].records[0].partition_key == "d-1"
    message = stage.sinks["iot_events"].records[0]
    assert (message.payload, message.input_name) == (b'{"deviceId":"d-1"}', "telemetry")
    assert message.timestamp_ms == 1_767_323_045_678
    assert message.message_id == message_id(event())


def test_the_events_of_a_request_share_firehose_records() -> None:
    """Joined, a request of many events is one Firehose record whose receipt is everyone's."""
    stage = Stage()
    fates = stage.send([event(0), event(1), event(2)], FAR)

    assert len(stage.sinks["firehose"].records) == 1
    assert stage.sinks["firehose"].records[0].data.count(b"\n") == 3
    assert [fate.sinks["firehose"] for fate in fates] == [{"place": 0}] * 3


def test_join_off_sends_a_record_for_each_event() -> None:
    """With join = false each event is a Firehose record of its own."""
    stage = Stage(join=False)
    stage.send([event(0), event(1)], FAR)

    assert [record.data.count(b"\n") for record in stage.sinks["firehose"].records] == [1, 1]


def test_opaque_bytes_without_envelope_are_never_joined() -> None:
    """Without envelope, bytes may hold newlines of their own, so they stay records of their own."""
    stage = Stage(envelope="none")
    stage.send([event(0), event(1, data=b"a\nb"), event(2)], FAR)

    assert sorted(record.data for record in stage.sinks["firehose"].records) == [
        b"a\nb\n",
        b'{"deviceId":"d-1"}\n{"deviceId":"d-1"}\n',
    ]


def test_nothing_but_the_sinks_is_called_while_nothing_fails() -> None:
    """The happy path costs one call a sink, and none to the queues or the bucket."""
    stage = Stage()
    stage.send([event(index) for index in range(20)], FAR)

    assert [sink.calls for sink in stage.sinks.values()] == [1, 1, 1]
    assert (stage.keeping.s3.calls, stage.keeping.sqs.calls) == ([], [])


def test_what_a_sink_does_not_take_is_spilled() -> None:
    """The event is accepted, its receipt says spilled; the other sinks' receipts are their own."""
    stage = Stage(kinesis=FakeSink("kinesis", answer=Failure("Busy", "later", retryable=False)))
    [fate] = stage.send([event()], FAR)

    assert fate.status == "accepted"
    assert fate.sinks["kinesis"] == {"spilled": True}
    assert fate.sinks["firehose"] == {"place": 0}
    assert [url.rsplit("/", 1)[-1] for url, _ in stage.keeping.sent] == ["kinesis-spill"]


def test_what_no_queue_takes_either_is_a_retry() -> None:
    """What is neither in its sink nor in its queue is retry, with the sink's own words."""
    stage = Stage(kinesis=FakeSink("kinesis", answer=Failure("Busy", "later", retryable=False)))
    stage.keeping.queues_are_down = True
    [fate] = stage.send([event()], FAR)

    assert fate.status == "retry"
    assert fate.sinks["kinesis"] == {"error": {"code": "Busy", "detail": "later"}}
    assert fate.sinks["firehose"] == {"place": 0}


def test_data_that_is_no_object_skips_iot_events() -> None:
    """IoT Events takes JSON objects only: others are skipped there, with the reason, and accepted elsewhere."""
    stage = Stage()
    fates = stage.send([event(0, data=b"\xff"), event(1, data="[1]")], FAR)

    assert [fate.status for fate in fates] == ["accepted", "accepted"]
    assert [fate.sinks["iot_events"]["skipped"] for fate in fates] == [True, True]
    assert stage.sinks["iot_events"].records == []


def test_data_that_is_nested_too_deeply_skips_iot_events() -> None:
    """Detectors read 64 levels; one more is skipped with that reason, and accepted elsewhere."""
    stage = Stage()
    fates = stage.send(
        [event(0, data='{"a":' + "[" * 63 + "]" * 63 + "}"), event(1, data='{"a":' * 65 + "1" + "}" * 65)], FAR
    )

    assert [fate.status for fate in fates] == ["accepted", "accepted"]
    assert fates[0].sinks["iot_events"] == {"place": 0}
    assert fates[1].sinks["iot_events"] == {"skipped": True, "reason": "its data is nested more than 64 deep"}
    assert len(stage.sinks["iot_events"].records) == 1


def test_what_is_too_large_for_a_sink_is_not_looked_at_for_it(monkeypatch) -> None:
    """Size first: a message over its sink's limit is a dead letter, whatever is in it."""
    monkeypatch.setattr("distributary.sinks.iot_events.why_unreadable", lambda *_: pytest.fail("it was read"))
    stage = Stage(iot_events=FakeSink("iot_events", max_record_bytes=100))
    [fate] = stage.send([event(data=json.dumps({"deviceId": "d", "x": [[]] * 100}))], FAR)

    assert fate.sinks["iot_events"] == {"deadLettered": True}


def test_an_event_that_every_sink_skips_is_rejected() -> None:
    """Accepted never means stored nowhere."""
    sinks = {"iot_events": FakeSink("iot_events")}
    rules = Rules.from_tables([{"sinks": ["iot_events"], "input": "i"}], {"i": {"attributes": ["a"]}})
    keeping = Keeping(FakeClock().clock)
    send = FanOut(rules, sinks, envelope="cloudevents", delivery=keeping.delivery, claim_check=keeping.claim_check)
    [fate] = send([event(data=b"x")], FAR)

    assert (fate.status, fate.error.code) == ("rejected", "NothingToDo")


@pytest.mark.parametrize("name", ["firehose", "kinesis"])
def test_an_event_over_a_streams_limit_travels_with_a_claim_check(name: str) -> None:
    """The stream gets the envelope with a dataref to the data in the bucket; the other sinks get the event whole."""
    large = event(0, data=json.dumps({"deviceId": "x" * 500}))
    stage = Stage(**{name: FakeSink(name, max_record_bytes=400)})
    fates = stage.send([large, event(1)], FAR)
    [(key, data)] = stage.keeping.objects.items()
    lines = [line for record in stage.sinks[name].records for line in record.data.splitlines()]
    other = {"firehose": "kinesis", "kinesis": "firehose"}[name]

    assert [fate.status for fate in fates] == ["accepted", "accepted"]
    assert data.decode() == large.data
    assert json.loads(lines[0]) == {**large.attributes, "dataref": f"s3://lake/{key}"}
    assert lines[1] == encode(event(1))
    assert encode(large) in [line for record in stage.sinks[other].records for line in record.data.splitlines()]


@pytest.mark.parametrize(
    ("envelope", "name", "attributes"),
    [
        ("cloudevents", "iot_events", {}),
        ("none", "firehose", {}),
        ("none", "kinesis", {}),
        ("cloudevents", "kinesis", {"dataref": "https://elsewhere.example/data"}),
        ("cloudevents", "kinesis", {"extra": "y" * 500}),
    ],
    ids=["iot events", "no envelope, firehose", "no envelope, kinesis", "a dataref of its own", "a large envelope"],
)
def test_an_event_over_the_limit_without_claim_check_is_a_dead_letter(
    envelope: str, name: str, attributes: dict
) -> None:
    """The event is accepted, that sink's receipt says deadLettered, and the record lies in the bucket, whole."""
    large = event(0, data=json.dumps({"deviceId": "x" * 500}), **attributes)
    stage = Stage(envelope=envelope, **{name: FakeSink(name, max_record_bytes=400)})
    fates = stage.send([large, event(1)], FAR)
    [letter] = [json.loads(line) for line in stage.keeping.lines("dead-letters/")]

    assert [fate.status for fate in fates] == ["accepted", "accepted"]
    assert fates[0].sinks[name] == {"deadLettered": True}
    assert fates[1].sinks[name] == {"place": 0}
    assert (letter["sink"], letter["reason"], letter["attempts"]) == (name, "TooLarge", 1)
    assert "x" * 500 in str(letter["record"])


@pytest.mark.parametrize("name", ["firehose", "kinesis", "iot_events"])
def test_an_event_over_the_limit_is_a_retry_while_the_bucket_is_down(name: str) -> None:
    """What cannot be stored is not accepted; the other events go on."""
    stage = Stage(**{name: FakeSink(name, max_record_bytes=400)})
    stage.keeping.bucket_is_down = True
    fates = stage.send([event(0, data=json.dumps({"deviceId": "x" * 500})), event(1)], FAR)

    assert [fate.status for fate in fates] == ["retry", "accepted"]
    assert fates[0].sinks[name]["error"]["code"] == "SlowDown"


def test_the_sinks_are_written_to_at_the_same_time() -> None:
    """Each sink waits until all three have been called: in sequence this would never end."""
    together = threading.Barrier(3, timeout=60)

    class Meeting(FakeSink):
        def put(self, records: Sequence) -> list[Outcome]:
            together.wait()
            return super().put(records)

    stage = Stage(**{name: Meeting(name) for name in ("firehose", "kinesis", "iot_events")})

    assert stage.send([event()], FAR)[0].status == "accepted"


@pytest.mark.parametrize(
    ("time", "milliseconds"),
    [
        ("2026-01-02T03:04:05Z", 1_767_323_045_000),
        ("2026-01-02t03:04:05.5z", 1_767_323_045_500),
        ("2026-01-02T03:04:05.123456+01:00", 1_767_319_445_123),
        ("2016-12-31T23:59:60Z", None),
        ("1969-12-31T23:59:59Z", None),
    ],
)
def test_the_events_time_is_the_messages_timestamp(time: str, milliseconds: int | None) -> None:
    """A time that a message cannot carry is left out; the event still goes."""
    stage = Stage()
    stage.send([event(time=time)], FAR)

    assert stage.sinks["iot_events"].records[0].timestamp_ms == milliseconds


@pytest.mark.parametrize(
    ("key", "detail"),
    [
        (Key(id="k", name="another"), "this source"),
        (Key(id="k", name="here", sinks=frozenset({"firehose", "kinesis"})), "iot_events"),
    ],
    ids=["source", "sink"],
)
def test_what_the_key_may_not_send_is_rejected_and_reaches_no_sink(key: Key, detail: str) -> None:
    """A source of somebody else's, and a sink that the rules choose and the key may not use."""
    stage = Stage()
    fates = stage.send([event(0), event(1)], FAR, key)

    assert [(fate.status, fate.error.code) for fate in fates if fate.error] == [("rejected", "Forbidden")] * 2
    assert all(detail in fate.error.detail for fate in fates if fate.error)
    assert [sink.records for sink in stage.sinks.values()] == [[], [], []]


def test_what_the_key_may_send_is_accepted() -> None:
    """Its own source, to all sinks that the rules choose."""
    [fate] = Stage().send([event()], FAR, Key(id="k", name="here"))

    assert fate.status == "accepted"


def test_a_message_says_whose_it_is_and_its_id_does_not() -> None:
    """The messageId is the documented hash for whoever sends the event."""
    stage = Stage()
    stage.send([event()], FAR, Key(id="k", name="here"))
    stage.send([event()], FAR)
    message, anonymous = stage.sinks["iot_events"].records

    assert (message.caller, anonymous.caller) == ("key:here", "")
    assert message.message_id == anonymous.message_id == message_id(event())


@pytest.mark.parametrize(
    "form",
    [
        "s3://{0}/claims/2026/11/26/abc",
        "S3://{1}/dead-letters/x",
        "https://{0}.s3.eu-west-1.amazonaws.com/events/x",
        "https://s3.amazonaws.com/{0}/x",
        "arn:aws:s3:::{0}/x",
        "s3://{2}/x",
    ],
)
def test_a_dataref_into_the_stages_own_bucket_is_refused(form: str) -> None:
    """Whoever follows it may read there what the sender may not."""
    stage = Stage()
    name = stage.keeping.bucket.name
    escaped = "".join(f"%{ord(one):02x}" for one in name)
    [fate, other] = stage.send(
        [event(dataref=form.format(name, name.upper(), escaped)), event(1, dataref="s3://another/claims/x")], FAR
    )

    assert (fate.status, fate.error and fate.error.code, fate.error and fate.error.pointer) == (
        "rejected",
        "Forbidden",
        "/dataref",
    )
    assert other.status == "accepted"
    assert [len(sink.records) for sink in stage.sinks.values()] == [1, 1, 1]
