import hashlib
import json
from base64 import urlsafe_b64encode
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.events import Event, Route, RoutedEvent
from distributary.iot_events.message import Message
from distributary.sinks.firehose import FirehoseRecord, FirehoseSink
from distributary.sinks.iot_events import IotEventsSink, message_id
from distributary.sinks.kinesis import KinesisRecord, KinesisSink
from distributary.sinks.registry import KINDS, SINK_NAMES, SINKS

DATA = st.one_of(st.binary(max_size=50), st.text(max_size=50).map(str.encode))
RECORDS = {
    "firehose": st.builds(FirehoseRecord, DATA),
    "kinesis": st.builds(KinesisRecord, DATA, st.text(min_size=1, max_size=20), st.none() | st.just("17")),
    "iot_events": st.builds(
        Message,
        st.just("id"),
        st.just("input"),
        DATA,
        st.none() | st.integers(1, 2**41),
        hops=st.integers(0, 9),
        accepted_ms=st.none() | st.integers(1, 2**41),
        caller=st.just("") | st.just("key:hall"),
    ),
}


@pytest.mark.parametrize("sink", RECORDS)
@given(data=st.data())
def test_a_record_comes_back_as_it_was(sink: str, data) -> None:
    """Whatever its bytes, keys and times are, a record survives JSON."""
    record = data.draw(RECORDS[sink])

    assert KINDS[sink].from_json(json.loads(json.dumps(KINDS[sink].to_json(record)))) == record


def test_text_is_written_as_text_and_bytes_as_base64() -> None:
    """A person can read what is text."""
    assert KINDS["kinesis"].to_json(KinesisRecord(b'{"a":1}', "k")) == {"data": '{"a":1}', "partitionKey": "k"}
    assert KINDS["firehose"].to_json(FirehoseRecord(b"\xff")) == {"data_base64": "/w=="}


@pytest.mark.parametrize(
    ("sink", "members"),
    [
        ("kinesis", {"data": "x"}),
        ("firehose", {}),
        ("iot_events", {"payload": "{}"}),
        ("firehose", {"data_base64": "!"}),
    ],
)
def test_what_is_no_record_is_refused(sink: str, members: dict) -> None:
    """A missing member or bad base64 is an error, never a record of something else."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        KINDS[sink].from_json(members)


@pytest.mark.parametrize(
    ("sink", "record"),
    [
        ("firehose", FirehoseRecord(b"x" * 900)),
        ("kinesis", KinesisRecord(b"x" * 800, "k" * 100)),
        ("iot_events", Message("i" * 64, "n" * 128, b"x" * 800, caller="key:hall")),
    ],
)
def test_the_weight_is_at_least_the_bytes_of_its_json(sink, record) -> None:
    """Text of ordinary characters never takes more than its weight."""
    assert KINDS[sink].weight(record) >= len(json.dumps(KINDS[sink].to_json(record)))


def test_records_are_made_of_events() -> None:
    """Firehose gets a line, Kinesis the envelope under its key, IoT Events the data under its messageId."""
    data = Event(0, {"id": "i", "source": "s", "time": "2026-01-02T03:04:05.678Z"}, '{"a":1}', {"a": 1})
    routed = RoutedEvent(data, Route(("firehose", "kinesis", "iot_events"), "key", input="in"), b"{}", caller="key:k")
    message = IotEventsSink(SimpleNamespace(max_messages=1, max_payload_bytes=9, max_bytes=9)).record(routed)

    assert FirehoseSink(None, "d").record(routed) == FirehoseRecord(b"{}\n")
    assert KinesisSink(None, "s").record(routed) == KinesisRecord(b"{}", "key")
    assert message == Message(message_id(data), "in", b'{"a":1}', 1_767_323_045_678, caller="key:k")


def test_a_message_id_depends_on_source_and_id_alone() -> None:
    """It is unpadded base64url of SHA-256(source, zero byte, id)."""
    digest = hashlib.sha256(b"s\0i").digest()

    assert message_id(Event(0, {"id": "i", "source": "s"}, None)) == urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_every_sink_is_registered_once_with_metrics_of_its_own() -> None:
    """Names and metrics are unique; the metrics' names are public, and stay."""
    assert SINK_NAMES == ("firehose", "kinesis", "iot_events")
    for kind in SINKS:
        assert kind.metrics == (
            f"delivered_{kind.name}",
            f"spilled_{kind.name}",
            f"redriven_{kind.name}",
            f"waiting_{kind.name}",
            f"dead_letters_{kind.name}",
            f"oldest_spilled_seconds_{kind.name}",
        )
