from itertools import pairwise

import pytest
from botocore.session import Session
from botocore.stub import Stubber
from fake_client import FakeClient, aws_error
from hypothesis import given
from hypothesis import strategies as st

from distributary.errors import SinkUnavailable
from distributary.events import Failure, Receipt
from distributary.sinks.firehose import MAX_RECORD_BYTES, FirehoseRecord, FirehoseSink, join


@pytest.fixture
def stubbed():
    """A real client, so that names and shapes are AWS's own, and its stub."""
    session = Session()
    client = session.create_client(
        "firehose", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    with Stubber(client) as stub:
        yield FirehoseSink(client, "real"), stub
        stub.assert_no_pending_responses()


def test_one_record_goes_by_put_record(stubbed) -> None:
    """PutRecord takes it; the receipt is its record id."""
    sink, stub = stubbed
    stub.add_response(
        "put_record",
        {"RecordId": "1", "Encrypted": True},
        {"DeliveryStreamName": "real", "Record": {"Data": b"a\n"}},
    )

    assert sink.put([FirehoseRecord(b"a\n")]) == [Receipt({"recordId": "1"})]
    assert sink.encrypted


def test_several_records_go_by_put_record_batch(stubbed) -> None:
    """PutRecordBatch takes them; each has its own receipt or failure, in order."""
    sink, stub = stubbed
    stub.add_response(
        "put_record_batch",
        {
            "FailedPutCount": 2,
            "RequestResponses": [
                {"RecordId": "1"},
                {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."},
                {"ErrorCode": "SomethingNew", "ErrorMessage": "?"},
            ],
        },
        {"DeliveryStreamName": "real", "Records": [{"Data": b"a"}, {"Data": b"b"}, {"Data": b"c"}]},
    )

    assert sink.put([FirehoseRecord(data) for data in (b"a", b"b", b"c")]) == [
        Receipt({"recordId": "1"}),
        Failure("ServiceUnavailableException", "Slow down.", retryable=True),
        Failure("SomethingNew", "?", retryable=False),
    ]


def test_a_failed_call_is_sink_unavailable(stubbed) -> None:
    """Both calls fail as an exception with AWS's code."""
    sink, stub = stubbed
    for operation, count in (("put_record", 1), ("put_record_batch", 2)):
        stub.add_client_error(operation, "ServiceUnavailableException", "Slow down.", 503)
        with pytest.raises(SinkUnavailable, match="Slow down") as caught:
            sink.put([FirehoseRecord(b"a")] * count)
        assert caught.value.retryable


def test_an_answer_that_lost_an_entry_is_a_failed_call() -> None:
    """Fewer entries than records: nobody knows which were stored."""
    sink = FirehoseSink(
        FakeClient(put_record_batch={"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}]}), "s"
    )

    with pytest.raises(SinkUnavailable, match="1 entries for 2"):
        sink.put([FirehoseRecord(b"a"), FirehoseRecord(b"b")])


def test_the_size_is_that_of_the_data() -> None:
    """Firehose counts before base64."""
    assert FirehoseSink(None, "s").size(FirehoseRecord(b"abc")) == 3


def test_the_stream_describes_itself(stubbed) -> None:
    """DescribeDeliveryStream is asked of this stream and no other."""
    sink, stub = stubbed
    stub.add_client_error(
        "describe_delivery_stream",
        "ResourceNotFoundException",
        expected_params={"DeliveryStreamName": "real", "Limit": 1},
    )

    with pytest.raises(SinkUnavailable, match="ResourceNotFoundException"):
        sink.describe(Limit=1)


@given(st.lists(st.integers(1, MAX_RECORD_BYTES), max_size=12))
def test_joined_lines_are_all_there_in_order(sizes) -> None:
    """Each line is in exactly one record, at its place; no record is over the limit, none could take the next line."""
    lines = [bytes([65 + place]) * size for place, size in enumerate(sizes)]

    joined = join(lines)

    assert [place for _, places in joined for place in places] == list(range(len(lines)))
    assert all(record.data == b"".join(lines[place] for place in places) for record, places in joined)
    assert all(len(record.data) <= MAX_RECORD_BYTES for record, _ in joined)
    for (record, _), (_, following) in pairwise(joined):
        assert len(record.data) + sizes[following[0]] > MAX_RECORD_BYTES


def test_a_line_over_the_limit_is_the_callers_fault() -> None:
    """1,000 KiB fit; a byte more is a ValueError."""
    assert len(join([b"x" * MAX_RECORD_BYTES])) == 1
    with pytest.raises(ValueError, match="1024001"):
        join([b"x" * (MAX_RECORD_BYTES + 1)])


def test_access_denied_is_not_retryable() -> None:
    """A role that lacks the permission will lack it in a second, too."""
    sink = FirehoseSink(FakeClient(put_record=aws_error("AccessDeniedException")), "s")

    with pytest.raises(SinkUnavailable) as caught:
        sink.put([FirehoseRecord(b"a")])
    assert not caught.value.retryable
