import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.iot_events.message import Message
from distributary.sinks.firehose import FirehoseRecord
from distributary.sinks.kinesis import KinesisRecord
from distributary.sinks.record import from_json, to_json, weight

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

    assert from_json(sink, json.loads(json.dumps(to_json(record)))) == record


def test_text_is_written_as_text_and_bytes_as_base64() -> None:
    """A person can read what is text."""
    assert to_json(KinesisRecord(b'{"a":1}', "k")) == {"data": '{"a":1}', "partitionKey": "k"}
    assert to_json(FirehoseRecord(b"\xff")) == {"data_base64": "/w=="}


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
        from_json(sink, members)


@pytest.mark.parametrize("record", [FirehoseRecord(b"x" * 900), KinesisRecord(b"x" * 800, "k" * 100)])
def test_the_weight_is_at_least_the_bytes_of_its_json(record) -> None:
    """Text of ordinary characters never takes more than its weight."""
    assert weight(record) >= len(json.dumps(to_json(record)))
