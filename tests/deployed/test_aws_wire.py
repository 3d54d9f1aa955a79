import uuid

import pytest
from arrived import delivered_lines, stream_records
from botocore.exceptions import ClientError

from commands.read_back import wait_for


@pytest.mark.parametrize("name", ["alias", "real"])
def test_boto3_puts_to_firehose(firehose, stage, name: str) -> None:
    """PutRecord and PutRecordBatch with boto3 and an endpoint reach the bucket as they are."""
    stream = {"alias": "events", "real": stage.outputs["DeliveryStreamName"]}[name]
    lines = [uuid.uuid4().hex.encode() for _ in range(4)]
    one = firehose.put_record(DeliveryStreamName=stream, Record={"Data": lines[0] + b"\n"})
    many = firehose.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": line + b"\n"} for line in lines[1:]])

    assert one["RecordId"]
    assert many["FailedPutCount"] == 0
    assert len({response["RecordId"] for response in many["RequestResponses"]}) == 3
    assert set(lines) <= wait_for(lines, lambda: delivered_lines(stage), seconds=60).keys()


def test_a_record_without_a_newline_swallows_no_other(firehose, stage) -> None:
    """Records of two callers, none of which ends its own, are two lines of the bucket's object."""
    lines = [uuid.uuid4().hex.encode() for _ in range(4)]
    for line in lines[:2]:
        firehose.put_record(DeliveryStreamName="events", Record={"Data": line})
    firehose.put_record_batch(DeliveryStreamName="events", Records=[{"Data": line} for line in lines[2:]])

    assert set(lines) <= wait_for(lines, lambda: delivered_lines(stage), seconds=60).keys()


def test_boto3_puts_to_kinesis(kinesis, stage) -> None:
    """PutRecord and PutRecords reach the stream with their partition keys, without an envelope."""
    data = [uuid.uuid4().hex.encode() for _ in range(3)]
    one = kinesis.put_record(StreamName="events", Data=data[0], PartitionKey="p-0")
    again = kinesis.put_record(
        StreamName="events", Data=data[1], PartitionKey="p-0", SequenceNumberForOrdering=one["SequenceNumber"]
    )
    many = kinesis.put_records(
        StreamARN=stage.outputs["StreamArn"], Records=[{"Data": data[2], "PartitionKey": "p-1", "ExplicitHashKey": "7"}]
    )

    assert one["ShardId"] == again["ShardId"] == many["Records"][0]["ShardId"]
    assert many["FailedRecordCount"] == 0
    found = wait_for(data, lambda: stream_records(stage), seconds=60)
    assert [found[one]["PartitionKey"] for one in data] == ["p-0", "p-0", "p-1"]


def test_five_hundred_records_are_one_request(kinesis, stage) -> None:
    """AWS's largest batch passes, in order."""
    data = [f"{uuid.uuid4().hex}-{number}".encode() for number in range(500)]
    answer = kinesis.put_records(
        StreamName="events", Records=[{"Data": one, "PartitionKey": str(number)} for number, one in enumerate(data)]
    )

    assert (answer["FailedRecordCount"], len(answer["Records"])) == (0, 500)
    assert set(data) <= stream_records(stage).keys()


def test_clients_may_look_before_they_write(firehose, kinesis, stage) -> None:
    """Describe calls answer for our streams; the name is echoed as it was asked for."""
    delivery = firehose.describe_delivery_stream(DeliveryStreamName="events")["DeliveryStreamDescription"]
    stream = kinesis.describe_stream(StreamName="events")["StreamDescription"]
    summary = kinesis.describe_stream_summary(StreamName=stage.outputs["StreamName"])["StreamDescriptionSummary"]

    assert (delivery["DeliveryStreamName"], delivery["DeliveryStreamStatus"]) == ("events", "ACTIVE")
    assert (stream["StreamName"], stream["StreamStatus"]) == ("events", "ACTIVE")
    assert summary["OpenShardCount"] == 1


def test_producers_find_their_stream_and_its_shards(kinesis, stage) -> None:
    """ListShards as the KPL asks, which waits until it knows each shard's range; ListStreams has every name."""
    listed = kinesis.list_shards(StreamName="events", MaxResults=1000, ShardFilter={"Type": "AT_LATEST"})
    streams = kinesis.list_streams()

    assert [shard["HashKeyRange"] for shard in listed["Shards"]] == [
        {"StartingHashKey": "0", "EndingHashKey": str(2**128 - 1)}
    ]
    assert "NextToken" not in listed
    assert streams["StreamNames"] == sorted(["events", stage.outputs["StreamName"]])
    assert {one["StreamARN"] for one in streams["StreamSummaries"]} == {stage.outputs["StreamArn"]}
    assert not streams["HasMoreStreams"]


@pytest.mark.parametrize(
    ("client", "operation", "parameters", "code"),
    [
        (
            "firehose",
            "put_record",
            {"DeliveryStreamName": "other", "Record": {"Data": b"x"}},
            "ResourceNotFoundException",
        ),
        (
            "kinesis",
            "put_record",
            {"StreamName": "other", "Data": b"x", "PartitionKey": "p"},
            "ResourceNotFoundException",
        ),
        ("firehose", "list_delivery_streams", {}, "UnknownOperationException"),
        ("kinesis", "describe_limits", {}, "UnknownOperationException"),
        ("kinesis", "list_shards", {"StreamName": "other"}, "ResourceNotFoundException"),
        ("firehose", "put_record", {"DeliveryStreamName": "events", "Record": {"Data": b"x" * 1_024_001}}, None),
        (
            "kinesis",
            "put_records",
            {"StreamName": "events", "Records": [{"Data": b"x" * 1_048_576, "PartitionKey": "p"}]},
            None,
        ),
    ],
)
def test_errors_are_awss_own(request, client: str, operation: str, parameters: dict, code: str | None) -> None:
    """boto3 raises what it raises against AWS; limits are checked before anything is stored."""
    with pytest.raises(ClientError) as error:
        getattr(request.getfixturevalue(client), operation)(**parameters)

    about = error.value.response
    assert about["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert about["Error"]["Code"] == (code or about["Error"]["Code"])
    assert about["Error"]["Code"] in {
        "ResourceNotFoundException",
        "UnknownOperationException",
        "InvalidArgumentException",
        "ValidationException",
    }


def test_the_gateways_own_413_has_a_status_and_no_name(kinesis) -> None:
    """What Lambda cannot take is answered by API Gateway, and boto3 calls the error by its status."""
    records = [{"Data": bytes(1_000_000), "PartitionKey": "p"}] * 8
    with pytest.raises(ClientError) as error:
        kinesis.put_records(StreamName="events", Records=records)

    about = error.value.response
    assert about["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert about["Error"] == {"Code": "413", "Message": "Request Entity Too Large"}
