import json
import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.access import Key
from distributary.clock import Clock
from distributary.envelope import encode
from distributary.errors import SinkUnavailable
from distributary.events import Event, Failure, Outcome, Receipt
from distributary.fan_out import FanOut, message_id
from distributary.rules import Rules
from distributary.settings import Settings

SETTINGS = Settings(stage="test", delivery_stream_name="d", stream_name="s", message_queue_url="q")
FAR = 1e9


class FakeSink:
    """Keeps what it is given; answers each record with its place, or as told."""

    max_records = 500
    max_bytes = 1 << 30

    def __init__(self, name: str, max_record_bytes: int = 1 << 20, answer: Outcome | None = None) -> None:
        self.name = name
        self.max_record_bytes = max_record_bytes
        self.answer = answer
        self.records: list = []

    def size(self, record) -> int:
        return len(record.payload) if hasattr(record, "payload") else len(record.data)

    def put(self, records: Sequence) -> list[Outcome]:
        self.records += records
        return [self.answer or Receipt({"place": place}) for place in range(len(records))]


class Stage:
    """A fan-out over three fake sinks with one rule for all events."""

    def __init__(self, *, settings: Settings = SETTINGS, **sinks: FakeSink) -> None:
        self.sinks = {name: sinks.get(name) or FakeSink(name) for name in ("firehose", "kinesis", "iot_events")}
        rule = {"sinks": [*self.sinks], "partition_key": "data.deviceId", "input": "telemetry"}
        rules = Rules.from_tables([rule], {"telemetry": {"attributes": ["deviceId"]}})
        self.send = FanOut(settings, rules, self.sinks, Clock(sleep=lambda _: None))


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
    stage = Stage(settings=replace(SETTINGS, join=False))
    stage.send([event(0), event(1)], FAR)

    assert [record.data.count(b"\n") for record in stage.sinks["firehose"].records] == [1, 1]


def test_opaque_bytes_without_envelope_are_never_joined() -> None:
    """Without envelope, bytes may hold newlines of their own, so they stay records of their own."""
    stage = Stage(settings=replace(SETTINGS, envelope="none"))
    stage.send([event(0), event(1, data=b"a\nb"), event(2)], FAR)

    assert sorted(record.data for record in stage.sinks["firehose"].records) == [
        b"a\nb\n",
        b'{"deviceId":"d-1"}\n{"deviceId":"d-1"}\n',
    ]


def test_one_failure_makes_the_event_a_retry() -> None:
    """What one sink has not stored is retry, and the sinks that have it say so."""
    stage = Stage(kinesis=FakeSink("kinesis", answer=Failure("AccessDenied", "no", retryable=False)))
    [fate] = stage.send([event()], FAR)

    assert fate.status == "retry"
    assert fate.sinks["kinesis"] == {"error": {"code": "AccessDenied", "detail": "no"}}
    assert fate.sinks["firehose"] == {"place": 0}


def test_data_that_is_no_object_skips_iot_events() -> None:
    """IoT Events takes JSON objects only: others are skipped there, with the reason, and accepted elsewhere."""
    stage = Stage()
    fates = stage.send([event(0, data=b"\xff"), event(1, data="[1]")], FAR)

    assert [fate.status for fate in fates] == ["accepted", "accepted"]
    assert [fate.sinks["iot_events"]["skipped"] for fate in fates] == [True, True]
    assert stage.sinks["iot_events"].records == []


def test_an_event_that_every_sink_skips_is_rejected() -> None:
    """Accepted never means stored nowhere."""
    sinks = {"iot_events": FakeSink("iot_events")}
    rules = Rules.from_tables([{"sinks": ["iot_events"], "input": "i"}], {"i": {"attributes": ["a"]}})
    [fate] = FanOut(SETTINGS, rules, sinks, Clock())([event(data=b"x")], FAR)

    assert (fate.status, fate.error.code) == ("rejected", "NothingToDo")


@pytest.mark.parametrize("name", ["firehose", "kinesis", "iot_events"])
def test_an_event_over_a_chosen_sinks_limit_is_rejected_and_sent_nowhere(name: str) -> None:
    """Too large for one sink is too large: nothing of the event is stored, the others go on."""
    large = event(0, data=json.dumps({"deviceId": "x" * 500}))
    stage = Stage(**{name: FakeSink(name, max_record_bytes=400)})
    fates = stage.send([large, event(1)], FAR)

    assert [fate.status for fate in fates] == ["rejected", "accepted"]
    assert fates[0].error.code == "EventTooLarge"
    assert all(len(sink.records) == 1 for sink in stage.sinks.values())


def test_the_sinks_are_written_to_at_the_same_time() -> None:
    """Each sink waits until all three have been called: in sequence this would never end."""
    together = threading.Barrier(3, timeout=5)

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


class ScriptedSink(FakeSink):
    """Answers each put by the next line of a script: a failed call, or an outcome for each record."""

    def __init__(self, name: str, script: list) -> None:
        super().__init__(name, max_record_bytes=300)
        self.script = script

    def put(self, records: Sequence) -> list[Outcome]:
        line = self.script.pop(0) if self.script else "stored"
        if line == "down":
            raise SinkUnavailable("Down", "down", retryable=True)
        outcomes: list[Outcome] = [
            Failure("Busy", "busy", retryable=True) if line == "odd" and place % 2 else Receipt({})
            for place in range(len(records))
        ]
        self.records += [
            record for record, outcome in zip(records, outcomes, strict=True) if isinstance(outcome, Receipt)
        ]
        return outcomes


SCRIPT = st.lists(st.sampled_from(["stored", "odd", "down"]), max_size=6)
DATA = st.one_of(
    st.binary(max_size=20), st.builds(lambda size: json.dumps({"deviceId": "d" * size}), st.integers(0, 400))
)


@given(st.lists(DATA, max_size=12), SCRIPT, SCRIPT, SCRIPT)
def test_every_event_has_exactly_one_fate(data: list, first: list, second: list, third: list) -> None:
    """Whatever the sinks do, each event is accepted, rejected or retry; accepted means stored in every sink."""
    names = ("firehose", "kinesis", "iot_events")
    stage = Stage(
        **{name: ScriptedSink(name, script) for name, script in zip(names, (first, second, third), strict=True)}
    )
    events = [event(index, data=one) for index, one in enumerate(data)]
    fates = stage.send(events, FAR)
    lines = b"".join(record.data for record in stage.sinks["firehose"].records)
    stored = {name: list(stage.sinks[name].records) for name in names[1:]}

    assert [fate.event for fate in fates] == events
    for fate in fates:
        if fate.status == "accepted":
            assert encode(fate.event) + b"\n" in lines
            assert [record.data for record in stored["kinesis"]].count(encode(fate.event)) == 1
            wanted = 0 if fate.sinks["iot_events"].get("skipped") else 1
            assert [message.message_id for message in stored["iot_events"]].count(message_id(fate.event)) == wanted
        elif fate.status == "rejected":
            assert encode(fate.event) not in lines
        else:
            assert any("error" in receipt for receipt in fate.sinks.values())


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
