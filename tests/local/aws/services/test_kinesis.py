import base64
import threading

import pytest
from botocore.exceptions import ClientError
from moto.core.exceptions import JsonRESTError

from local.aws.services.kinesis import Kinesis

MIB = 1024 * 1024


def data(size):
    """Data of that many bytes, as it stands in a request."""
    return base64.b64encode(b"x" * size).decode()


@pytest.fixture
def kinesis():
    """The service with two streams, one of them for large records."""
    service = Kinesis("us-east-1", "123456789012")
    service.create_stream("small", 2)
    service.create_stream("large", 1).max_record_kib = 10240
    return service


TAKEN = {
    "a record of 1 MiB, its key included": ("small", [{"PartitionKey": "k", "Data": data(MIB - 1)}]),
    "10 MiB in one record, where the stream takes them": ("large", [{"PartitionKey": "k", "Data": data(10 * MIB - 1)}]),
    "10 MiB in one request": ("small", [{"PartitionKey": "k", "Data": data(MIB - 1)}] * 10),
    "500 records": ("small", [{"PartitionKey": "k", "Data": ""}] * 500),
    "a key of 256 characters": ("small", [{"PartitionKey": "é" * 256, "Data": data(1)}]),
    "the largest hash key": ("small", [{"PartitionKey": "k", "ExplicitHashKey": str(2**128 - 1), "Data": data(1)}]),
    "the smallest hash key": ("small", [{"PartitionKey": "k", "ExplicitHashKey": "0", "Data": data(1)}]),
}
REFUSED = {
    "a record over 1 MiB with its key": (
        "small", [{"PartitionKey": "k", "Data": data(MIB)}], "InvalidArgumentException", "record size of 1024 KiB"
    ),
    "a record over 10 MiB": (
        "large", [{"PartitionKey": "k", "Data": data(10 * MIB)}], "ValidationException", "records.1.member.data"
    ),
    "a request over 10 MiB, keys included": (
        "small", [{"PartitionKey": "k" * 256, "Data": data(MIB - 256)}] * 10 + [{"PartitionKey": "k", "Data": ""}],
        "InvalidArgumentException", "10 MB",
    ),
    "501 records": ("small", [{"PartitionKey": "k", "Data": ""}] * 501, "ValidationException", "equal to 500"),
    "no record": ("small", [], "ValidationException", "greater than or equal to 1"),
    "no key": ("small", [{"Data": data(1)}], "ValidationException", "records.1.member.partitionKey"),
    "an empty key": ("small", [{"PartitionKey": "", "Data": data(1)}], "ValidationException", "partitionKey"),
    "a key of 257 characters": ("small", [{"PartitionKey": "k" * 257, "Data": ""}], "ValidationException", "256"),
    "a hash key that is no number": (
        "small", [{"PartitionKey": "k", "ExplicitHashKey": "0x1", "Data": ""}], "ValidationException", "explicitHashKey"
    ),
    "a hash key over 2^128-1": (
        "small", [{"PartitionKey": "k", "ExplicitHashKey": str(2**128), "Data": ""}], "InvalidArgumentException", "2^12"
    ),
    "data that is not base64": ("small", [{"PartitionKey": "k", "Data": "!"}], "SerializationException", "base64"),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_at_the_limit_is_taken(kinesis, case):
    """PutRecords takes it, and PutRecord where it is one record."""
    stream, records = TAKEN[case]

    answer = kinesis.put_records("", stream, records)

    assert answer["FailedRecordCount"] == 0
    assert len(answer["Records"]) == len(records)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_over_the_limit_is_refused_with_aws_error(kinesis, case):
    """PutRecords refuses the whole request, and nothing of it is stored."""
    stream, records, code, words = REFUSED[case]

    with pytest.raises(JsonRESTError) as refusal:
        kinesis.put_records("", stream, records)

    assert (refusal.value.error_type, refusal.value.code) == (code, 400)
    assert words in refusal.value.message
    assert not [shard for shard in kinesis.streams[stream].shards.values() if shard.records]


@pytest.mark.parametrize("case", [name for name, one in REFUSED.items() if len(one[1]) == 1])
def test_put_record_has_the_same_limits(kinesis, case):
    """Plain moto checks nothing there."""
    stream, [record], code, _ = REFUSED[case]

    with pytest.raises(JsonRESTError) as refusal:
        kinesis.put_record("", stream, record.get("PartitionKey"), record.get("ExplicitHashKey"), record["Data"])

    assert refusal.value.error_type == code


def test_a_stream_says_its_largest_record(aws, unique):
    """UpdateMaxRecordSize counts for the next record, DescribeStreamSummary shows it, over the wire."""
    kinesis, name = aws.client("kinesis"), unique("stream")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    record = {"Data": b"x" * (2 * MIB), "PartitionKey": "k"}
    with pytest.raises(ClientError) as refusal:
        kinesis.put_record(StreamName=name, **record)
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=4096)

    placed = kinesis.put_records(StreamARN=arn, Records=[record])["Records"][0]

    assert refusal.value.response["Error"]["Code"] == "InvalidArgumentException"
    assert placed == {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}
    assert kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["MaxRecordSizeInKiB"] == 4096
    iterator = kinesis.get_shard_iterator(StreamName=name, ShardId=placed["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    assert kinesis.get_records(ShardIterator=iterator)["Records"][0]["Data"] == record["Data"]


@pytest.mark.usefixtures("impatient")
def test_concurrent_producers_lose_nothing(kinesis):
    """Each record has a sequence number of its own in its shard."""
    numbers: list[tuple[str, str]] = []

    def produce():
        for _ in range(20):
            answer = kinesis.put_records("", "small", [{"PartitionKey": str(i), "Data": ""} for i in range(10)])
            numbers.extend((one["ShardId"], one["SequenceNumber"]) for one in answer["Records"])

    producers = [threading.Thread(target=produce) for _ in range(4)]
    for one in producers:
        one.start()
    for one in producers:
        one.join(timeout=60)

    assert len(set(numbers)) == 800
    assert sum(len(shard.records) for shard in kinesis.streams["small"].shards.values()) == 800


def iterator(kinesis, kind="TRIM_HORIZON", number=0):
    """Where a reader of the first shard of the stream for large records begins."""
    return kinesis.get_shard_iterator(None, "large", "shardId-000000000000", kind, number, None)


def test_a_consumer_reads_while_producers_put(kinesis):
    """In whatever moment: moto looks through a shard's records while they change, and answers 500."""
    stopping = threading.Event()

    def produce():
        while not stopping.is_set():
            kinesis.put_records(None, "large", [{"PartitionKey": "k", "Data": "YQ=="}] * 50)

    producers = [threading.Thread(target=produce) for _ in range(2)]
    for producer in producers:
        producer.start()
    try:
        for _ in range(60):
            _, records, _ = kinesis.get_records(None, iterator(kinesis), None)
            assert [one.sequence_number for one in records] == [*range(1, len(records) + 1)]
    finally:
        stopping.set()
        for producer in producers:
            producer.join()


def test_a_read_takes_no_longer_at_the_end_of_a_long_shard(kinesis):
    """Each record is looked at once, however many stand before it."""
    [shard] = kinesis.find(None, "large").shards.values()
    kinesis.put_records(None, "large", [{"PartitionKey": "k", "Data": "YQ=="}] * 500)
    shard.records = Counted(shard.records)

    _, records, behind = kinesis.get_records(None, iterator(kinesis, "AFTER_SEQUENCE_NUMBER", 490), 5)

    assert [one.sequence_number for one in records] == [491, 492, 493, 494, 495]
    assert behind >= 0
    assert shard.records.looked_at < 20


class Counted(dict):
    """A shard's records, which counts how many are looked at."""

    looked_at = 0

    def __getitem__(self, number):
        self.looked_at += 1
        return super().__getitem__(number)

    def items(self):
        for one in super().items():
            self.looked_at += 1
            yield one


def test_records_go_to_the_shard_of_their_hash_key(kinesis):
    """The whole range belongs to a shard, its two ends included, and closed shards take nothing."""

    def shard(hash_key):
        return kinesis.put_record("", "small", "k", hash_key, "")[1]

    assert shard("0") == "shardId-000000000000"
    assert shard(str(2**128 - 1)) == "shardId-000000000001"
    assert shard(str(2**127 - 1)) == "shardId-000000000000"
    kinesis.streams["small"].split_shard("shardId-000000000000", str(2**126))
    assert shard("0") == "shardId-000000000002"


def test_an_unknown_stream_is_not_found(aws):
    """The error is AWS's."""
    with pytest.raises(ClientError) as refusal:
        aws.client("kinesis").put_record(StreamName="nobody", Data=b"", PartitionKey="k")

    assert refusal.value.response["Error"]["Code"] == "ResourceNotFoundException"


def records(kinesis, name, shard="shardId-000000000000", kind="TRIM_HORIZON"):
    """The data of what a reader of one shard sees, from its beginning."""
    iterator = kinesis.get_shard_iterator(None, name, shard, kind, None, None)
    return [record.data for record in kinesis.get_records(None, iterator, None)[1]]


def test_a_stream_holds_so_many_bytes() -> None:
    """Past them its oldest records end, one line reports it, and a reader goes on with those that are left."""
    said = []
    service = Kinesis("us-east-1", "123456789012", held_bytes=3 * MIB, say=said.append)
    service.create_stream("bounded", 1)
    before = service.get_shard_iterator(None, "bounded", "shardId-000000000000", "TRIM_HORIZON", None, None)
    for number in range(20):
        text = base64.b64encode(bytes([number]) * (MIB // 2)).decode()
        service.put_records(None, "bounded", [{"PartitionKey": "k", "Data": text}])
    kept = records(service, "bounded")

    assert [base64.b64decode(one)[0] for one in kept] == [16, 17, 18, 19]
    assert service.get_records(None, before, None)[1][0].data == kept[0]
    assert said == [
        "stream bounded holds 3 MiB: from now on its oldest records end (make up STREAM_MIB=<number> changes it)"
    ]


def test_a_record_larger_than_a_stream_holds_stays() -> None:
    """The newest record is never the one that ends, and a shard whose records have all ended counts on."""
    service = Kinesis("us-east-1", "123456789012", held_bytes=10, say=lambda line: None)
    service.create_stream("bounded", 2)
    places = [
        service.put_record(None, "bounded", "k", hash_key, data(100)) for hash_key in ("0", str(2**128 - 1), "0", "0")
    ]

    assert [number for number, shard in places if shard == places[0][1]] == ["1", "2", "3"]
    assert records(service, "bounded", places[1][1]) == []
    assert records(service, "bounded", places[0][1]) == [data(100)]
