import pytest
from botocore.session import Session
from botocore.stub import Stubber
from fake_client import FakeClient

from distributary.errors import SinkUnavailable
from distributary.events import Failure, Receipt
from distributary.sinks.kinesis import KinesisRecord, KinesisSink

RECEIPT = Receipt({"sequenceNumber": "1", "shardId": "shardId-0"})


@pytest.fixture
def stubbed():
    """A real client, so that names and shapes are AWS's own, and its stub."""
    session = Session()
    client = session.create_client("kinesis", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y")
    with Stubber(client) as stub:
        yield KinesisSink(client, "real"), stub
        stub.assert_no_pending_responses()


def test_records_go_by_put_records(stubbed) -> None:
    """PutRecords takes one record as it takes many; each has its own receipt or failure, in order."""
    sink, stub = stubbed
    stub.add_response(
        "put_records",
        {
            "FailedRecordCount": 2,
            "EncryptionType": "KMS",
            "Records": [
                {"SequenceNumber": "1", "ShardId": "shardId-0"},
                {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded."},
                {"ErrorCode": "SomethingNew"},
            ],
        },
        {
            "StreamName": "real",
            "Records": [
                {"Data": b"a", "PartitionKey": "p"},
                {"Data": b"b", "PartitionKey": "q", "ExplicitHashKey": "0"},
                {"Data": b"c", "PartitionKey": "r"},
            ],
        },
    )

    assert sink.put([KinesisRecord(b"a", "p"), KinesisRecord(b"b", "q", "0"), KinesisRecord(b"c", "r")]) == [
        RECEIPT,
        Failure("ProvisionedThroughputExceededException", "Rate exceeded.", retryable=True),
        Failure("SomethingNew", "", retryable=False),
    ]
    assert sink.encryption_type == "KMS"


@pytest.mark.parametrize("ordering", [None, "49545115243490985018280067714973144582180062593244200961"])
def test_one_record_may_go_by_put_record_to_keep_its_order(stubbed, ordering) -> None:
    """PutRecord takes SequenceNumberForOrdering along."""
    sink, stub = stubbed
    expected = {"StreamName": "real", "Data": b"a", "PartitionKey": "p"}
    if ordering:
        expected["SequenceNumberForOrdering"] = ordering
    stub.add_response("put_record", {"SequenceNumber": "1", "ShardId": "shardId-0"}, expected)

    assert sink.put_one(KinesisRecord(b"a", "p"), ordering) == RECEIPT


def test_a_failed_call_is_sink_unavailable(stubbed) -> None:
    """Each call fails as an exception with AWS's code."""
    sink, stub = stubbed
    stub.add_client_error("put_records", "KMSDisabledException", "The key is disabled.", 400)
    stub.add_client_error("put_record", "ProvisionedThroughputExceededException", "Rate exceeded.", 400)

    with pytest.raises(SinkUnavailable, match="disabled") as caught:
        sink.put([KinesisRecord(b"a", "p")])
    assert not caught.value.retryable
    with pytest.raises(SinkUnavailable, match="Rate") as caught:
        sink.put_one(KinesisRecord(b"a", "p"))
    assert caught.value.retryable


def test_an_answer_that_lost_an_entry_is_a_failed_call() -> None:
    """Fewer entries than records: nobody knows which were stored."""
    sink = KinesisSink(FakeClient(put_records={"Records": []}), "s")

    with pytest.raises(SinkUnavailable, match="0 entries for 1"):
        sink.put([KinesisRecord(b"a", "p")])


def test_the_size_counts_the_partition_key() -> None:
    """Data before base64, and the key's bytes in UTF-8."""
    assert KinesisSink(None, "s").size(KinesisRecord(b"abc", "ä")) == 5


def test_the_stream_describes_itself(stubbed) -> None:
    """DescribeStream and DescribeStreamSummary are asked of this stream and no other."""
    sink, stub = stubbed
    stub.add_client_error(
        "describe_stream", "LimitExceededException", expected_params={"StreamName": "real", "Limit": 1}
    )
    stub.add_client_error("describe_stream_summary", "LimitExceededException", expected_params={"StreamName": "real"})

    with pytest.raises(SinkUnavailable, match="LimitExceeded"):
        sink.describe(Limit=1)
    with pytest.raises(SinkUnavailable, match="LimitExceeded"):
        sink.summarise()
