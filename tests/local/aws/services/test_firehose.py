import gzip
import re
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from fake_clock import FakeClock
from moto.core.exceptions import ServiceException

from local.aws.services.firehose import Firehose

MIB = 1024 * 1024
DESTINATION = {
    "RoleARN": "arn:aws:iam::123456789012:role/any",
    "BucketARN": "arn:aws:s3:::lake",
    "Prefix": "events/!{timestamp:yyyy/MM/dd/HH}/",
    "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
    "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
}
OTHERS = ("redshift", "elasticsearch", "splunk", "http_endpoint", "snowflake", "iceberg", "s3")


class Bucket:
    """What was written, and whether the next write is refused."""

    def __init__(self):
        self.objects: list[tuple[str, str, bytes]] = []
        self.refuses = False

    def store(self, bucket, key, content):
        if self.refuses:
            raise OSError("no such bucket")
        self.objects.append((bucket, key, content))

    def contents(self):
        return [content for _, _, content in self.objects]


def create(service, name="hose", **destination):
    """A delivery stream of the service."""
    unused = {f"{other}_destination_configuration": None for other in OTHERS}
    return service.create_delivery_stream(
        "us-east-1",
        name,
        "DirectPut",
        kinesis_stream_source_configuration=None,
        delivery_stream_encryption_configuration_input=None,
        extended_s3_destination_configuration=DESTINATION | destination,
        tags=[],
        **unused,
    )


@pytest.fixture
def clock():
    """The service's clock."""
    return FakeClock()


@pytest.fixture
def bucket():
    """Where the service writes."""
    return Bucket()


@pytest.fixture
def firehose(bucket, clock):
    """The service with one stream."""
    service = Firehose("us-east-1", "123456789012", store=bucket.store, clock=clock.clock.time)
    create(service)
    return service


def put(service, *records, name="hose"):
    """PutRecordBatch."""
    return service.put_record_batch(name, [{"Data": one} for one in records])


def test_records_wait_for_the_interval(firehose, bucket, clock):
    """Nothing is written before the buffering interval has passed; then everything, as it came."""
    put(firehose, b"a\n")
    clock.sleep(59)
    firehose.put_record("hose", {"Data": b"b"})
    firehose.flush_due()
    before = bucket.contents()
    clock.sleep(1)
    firehose.flush_due()
    firehose.flush_due()

    assert (before, bucket.contents()) == ([], [b"a\nb"])


def test_a_full_buffer_does_not_wait(firehose, bucket):
    """What reaches SizeInMBs is written at once."""
    put(firehose, b"x" * 1000 * 1024)
    before = bucket.contents()
    put(firehose, b"y" * 24 * 1024)

    assert before == []
    assert [len(content) for content in bucket.contents()] == [MIB]


def test_an_interval_of_zero_buffers_nothing(firehose, bucket):
    """Each call is an object."""
    create(firehose, "quick", BufferingHints={"IntervalInSeconds": 0, "SizeInMBs": 1})
    put(firehose, b"a", b"b", name="quick")

    assert bucket.contents() == [b"ab"]


def test_at_the_end_everything_is_written(firehose, bucket):
    """Due or not."""
    put(firehose, b"a")
    firehose.flush_due(everything=True)

    assert bucket.contents() == [b"a"]


def test_what_the_bucket_refuses_is_written_later(firehose, bucket, clock, capsys):
    """The records stay, and come before those that arrive in the meantime."""
    put(firehose, b"a")
    bucket.refuses = True
    clock.sleep(60)
    firehose.flush_due()
    bucket.refuses = False
    put(firehose, b"b")
    clock.sleep(60)
    firehose.flush_due()

    assert bucket.contents() == [b"ab"]
    assert "no such bucket" in capsys.readouterr().out


def test_gzip_is_one_member_under_a_name_that_says_so(firehose, bucket):
    """CompressionFormat GZIP compresses the object and ends its name; the file extension of a stream goes before it."""
    create(firehose, "zipped", CompressionFormat="GZIP")
    create(firehose, "named", CompressionFormat="GZIP", FileExtension=".ndjson.gz")
    for name in ("zipped", "named"):
        put(firehose, b"a\n", b"b\n", name=name)
    firehose.flush_due(everything=True)

    assert [gzip.decompress(content) for content in bucket.contents()] == [b"a\nb\n"] * 2
    assert [key.partition(".")[2] for _, key, _ in bucket.objects] == ["gz", "ndjson.gz"]


def test_an_object_is_named_after_the_arrival_of_its_oldest_record(firehose, bucket, clock):
    """The prefix is evaluated for that time, not for the time of writing; a day later it would be another folder."""
    put(firehose, b"a")
    clock.sleep(86_400)
    put(firehose, b"b")
    firehose.flush_due()
    [(where, key, _)] = bucket.objects

    assert where == "lake"
    assert re.fullmatch(r"events/2023/11/14/22/hose-1-2023-11-14-22-13-20-[0-9a-f-]{36}", key)


REFUSED = {
    "501 records": ([b""] * 501, "ValidationException", "equal to 500"),
    "no record": ([], "ValidationException", "greater than or equal to 1"),
    "a record over 1,000 KiB": ([b"x" * 1_024_001], "ValidationException", "records.1.member.data"),
    "over 4 MiB in all": ([b"x" * 1_024_000] * 4 + [b"x" * 98_305], "InvalidArgumentException", "4 MB"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_batch_over_a_limit_is_refused_with_aws_error(firehose, case):
    """Nothing of it is taken."""
    records, code, words = REFUSED[case]

    with pytest.raises(ServiceException) as refusal:
        put(firehose, *records)

    assert refusal.value.code == code
    assert words in refusal.value.message
    assert not firehose.buffers


@pytest.mark.parametrize(
    "records",
    [[b""] * 500, [b"x" * 1_024_000], [b"x" * 1_024_000] * 4 + [b"x" * 98_304]],
    ids=["500", "record", "batch"],
)
def test_a_batch_at_a_limit_is_taken(firehose, records):
    """Each record gets an id of its own."""
    answer = put(firehose, *records)

    assert answer["FailedPutCount"] == 0
    assert len({one["RecordId"] for one in answer["RequestResponses"]}) == len(records)


def test_put_record_has_the_limit_too(firehose):
    """1,000 KiB, not one byte more."""
    firehose.put_record("hose", {"Data": b"x" * 1_024_000})

    with pytest.raises(ServiceException, match="1024000"):
        firehose.put_record("hose", {"Data": b"x" * 1_024_001})


@pytest.mark.parametrize(
    "destination",
    [
        {"CompressionFormat": "Snappy"},
        {"Prefix": "!{partitionKeyFromQuery:id}/"},
        {"ErrorOutputPrefix": None},
        {"ProcessingConfiguration": {"Enabled": True}},
        {"DynamicPartitioningConfiguration": {"Enabled": True}},
    ],
    ids=str,
)
def test_what_would_be_delivered_otherwise_than_by_aws_is_refused(firehose, destination):
    """A stream that could not be served as AWS serves it is not created."""
    with pytest.raises(ServiceException) as refusal:
        create(firehose, "odd", **destination)

    assert refusal.value.code == "InvalidArgumentException"
    assert "odd" not in firehose.delivery_streams


def test_over_the_wire_it_answers_as_aws(aws, unique):
    """boto3 reads ids and errors."""
    firehose, name = aws.client("firehose"), unique("hose")
    firehose.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration=DESTINATION)

    answer = firehose.put_record_batch(DeliveryStreamName=name, Records=[{"Data": b"\x00\xff"}, {"Data": b""}])
    errors = SimpleNamespace()
    for call, parameters in (
        ("limit", {"DeliveryStreamName": name, "Records": [{"Data": b"x" * 1_024_001}]}),
        ("unknown", {"DeliveryStreamName": "nobody", "Records": [{"Data": b""}]}),
    ):
        with pytest.raises(ClientError) as refusal:
            firehose.put_record_batch(**parameters)
        setattr(errors, call, refusal.value.response)

    assert [set(one) for one in answer["RequestResponses"]] == [{"RecordId"}] * 2
    assert errors.limit["Error"]["Code"] == "ValidationException"
    assert errors.limit["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert errors.unknown["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "Firehose nobody under account 123456789012 not found.",
    }


def test_what_the_role_may_not_write_stays(clock, denying) -> None:
    """Until it may: the object's own ARN is asked for, in the name of the delivery stream's role."""
    bucket, rights = Bucket(), denying("s3:PutObject")
    service = Firehose("us-east-1", "123456789012", store=bucket.store, clock=lambda: clock.now, access=rights)
    create(service)
    service.put_record("hose", {"Data": b"kept"})
    service.flush_due(everything=True)
    before = bucket.contents()
    rights.denied = ("nothing",)
    service.flush_due(everything=True)

    role, session, action, resource = rights.asked[-1]
    assert (before, bucket.contents()) == ([], [b"kept"])
    assert (role, session, action) == ("arn:aws:iam::123456789012:role/any", "AWSFirehoseToS3", "s3:PutObject")
    assert resource == f"arn:aws:s3:::lake/{bucket.objects[0][1]}"


def test_a_role_that_does_not_trust_firehose_is_refused(denying) -> None:
    """When the delivery stream is made, which does not exist then."""
    service = Firehose("us-east-1", "123456789012", store=Bucket().store, access=denying("sts:"))

    with pytest.raises(ServiceException, match="Firehose is unable to assume role"):
        create(service)
    assert service.delivery_streams == {}
