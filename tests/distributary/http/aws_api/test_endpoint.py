import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from api_server import served
from aws_models import allowed
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from fake_client import FakeClient, aws_error
from fake_clock import FakeClock
from hypothesis import example, given
from hypothesis import strategies as st
from jackson_cbor import encoded
from written_out import body_of, written_out

from distributary.http.aws_api import cbor
from distributary.http.aws_api.endpoint import AwsApiSettings, AwsEndpoint
from distributary.http.request import Request
from distributary.sinks.firehose import FirehoseSettings, FirehoseSink
from distributary.sinks.kinesis import KinesisSettings, KinesisSink

CASES = json.loads((Path(__file__).parents[3] / "cases/aws_wire.json").read_text())
FIREHOSE = FirehoseSettings(delivery_stream_name="real-delivery")
KINESIS = KinesisSettings(stream_name="real-stream")
CREATED = datetime.fromtimestamp(1_700_000_000.5, UTC)


class Aws:
    """Firehose and Kinesis whose puts follow a script; what it does not mention is accepted."""

    def __init__(self, script: list[dict[str, Any]]) -> None:
        self.script = list(script)
        self.firehose = FakeClient(
            put_record=self._firehose_one,
            put_record_batch=self._firehose_batch,
            describe_delivery_stream=self._described(
                "DeliveryStreamDescription", "DeliveryStreamName", "CreateTimestamp"
            ),
        )
        self.kinesis = FakeClient(
            put_record=self._kinesis_one,
            put_records=self._kinesis_batch,
            describe_stream=self._described("StreamDescription", "StreamName", "StreamCreationTimestamp"),
            describe_stream_summary=self._described("StreamDescriptionSummary", "StreamName"),
            list_shards=self._shards,
        )

    def _line(self) -> dict[str, Any]:
        line = self.script[0] if self.script else {}
        self.script = self.script[1:] or self.script
        if "error" in line:
            raise aws_error(*line["error"])
        if "timeout" in line:
            raise ReadTimeoutError(endpoint_url="http://aws")
        return line

    def _described(self, member, name, created=None):
        def answer(parameters):
            self._line()
            described = {name: parameters[name], **({created: CREATED} if created else {})}
            return {member: described, "ResponseMetadata": {"HTTPStatusCode": 200}}

        return answer

    def _shards(self, parameters):
        self._line()
        more = {} if "NextToken" in parameters else {"NextToken": "page-2"}
        return {"Shards": [{"ShardId": "shardId-0"}], "ResponseMetadata": {}, **more}

    def _firehose_one(self, _):
        return {"RecordId": "r0", "Encrypted": self._line().get("encrypted", False)}

    def _firehose_batch(self, parameters):
        entries = self._entries(parameters["Records"], lambda number: {"RecordId": f"r{number}"})
        return {"FailedPutCount": 0, "RequestResponses": entries}

    def _kinesis_one(self, _):
        line = self._line()
        encryption = {"EncryptionType": line["encryption"]} if "encryption" in line else {}
        return {"SequenceNumber": "s0", "ShardId": "shardId-0", **encryption}

    def _kinesis_batch(self, parameters):
        receipts = lambda number: {"SequenceNumber": f"s{number}", "ShardId": "shardId-0"}  # noqa: E731 one word for it
        return {"FailedRecordCount": 0, "Records": self._entries(parameters["Records"], receipts)}

    def _entries(self, records, receipt):
        refused = self._line().get("refuse", {})
        return [
            {"ErrorCode": refused[str(number)], "ErrorMessage": "refused"}
            if str(number) in refused
            else receipt(number)
            for number in range(len(records))
        ]

    @property
    def calls(self):
        return self.firehose.calls + self.kinesis.calls


def endpoint(aws: Aws, **settings: Any) -> AwsEndpoint:
    """The endpoint before these services; `settings` are those of a case, by `sink_setting`."""
    changed: dict[str, dict[str, Any]] = {"firehose": {}, "kinesis": {}}
    for name, value in settings.items():
        sink, _, setting = name.partition("_")
        changed[sink][setting] = tuple(value) if isinstance(value, list) else value
    firehose = FirehoseSink(aws.firehose, FIREHOSE.delivery_stream_name)
    kinesis = KinesisSink(aws.kinesis, KINESIS.stream_name)
    return AwsEndpoint(
        AwsApiSettings(),
        FakeClock().clock,
        retry_seconds=2,
        firehose=(firehose, replace(FIREHOSE, **changed["firehose"])),
        kinesis=(kinesis, replace(KINESIS, **changed["kinesis"])),
    )


def request(case) -> Request:
    """The request that a case describes."""
    target = {"x-amz-target": case["target"]} if case["target"] else {}
    headers = {"content-type": "application/x-amz-json-1.1", **target, **case.get("headers", {})}
    return Request("POST", "/", headers, body=body_of(case), id="request-1", remaining=case.get("remaining", 29.0))


def as_text(value):
    """Parameters with their bytes as text, so that JSON can say what they should be."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {name: as_text(member) for name, member in value.items()}
    return [as_text(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize("as_bytes", [True, False], ids=["bytes", "text"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case, as_bytes) -> None:
    """Each case has its status, its error or answer, and sends what it says: nothing where the request is bad."""
    aws = Aws(case.get("aws", []))
    asked = request(case)
    if isinstance(asked.body, str) and as_bytes:
        asked = Request(asked.method, asked.path, asked.headers, "", asked.body.encode(), asked.id, 0, asked.remaining)

    response = endpoint(aws, **case.get("settings", {})).answer(asked)

    body = json.loads(response.body)
    assert response.status == case["status"], body
    assert response.headers["content-type"] == "application/x-amz-json-1.1"
    assert response.headers["x-amzn-requestid"] == "request-1"
    if case["sent"] is not None:
        assert [operation for operation, _ in aws.calls] == case["sent"]
    if "type" in case:
        assert (body["__type"], response.headers["x-amzn-errortype"]) == (case["type"], case["type"])
        assert response.status == allowed(case["target"] or "")[case["type"]], "AWS's models have it otherwise"
        assert case.get("message", "") in body["message"]
    elif case["answer"] is not None:
        assert body == case["answer"]
    if "parameters" in case:
        assert as_text(aws.calls[0][1]) == case["parameters"]
    if "resent" in case:
        assert as_text(aws.calls[1][1]) == case["resent"]


def in_cbor(case) -> Request:
    """The request of a case as the Java SDK sends it: its blobs are bytes, where they were base64."""

    def binary(value, name=""):
        if isinstance(value, dict):
            return {key: binary(member, key) for key, member in value.items()}
        if isinstance(value, list):
            return [binary(one) for one in value]
        return b64decode(value) if name == "Data" and isinstance(value, str) else value

    headers = {"content-type": "application/x-amz-cbor-1.1", "x-amz-target": case["target"]}
    body = encoded(binary(written_out(case["body"])))
    return Request("POST", "/", headers, body=body, id="request-1", remaining=case.get("remaining", 29.0))


def is_kinesis(case) -> bool:
    """Whether a case can be sent in CBOR: a body of JSON for an operation of Kinesis, with blobs that are base64."""
    return (case["target"] or "").startswith("Kinesis") and "body" in case and "base64" not in case.get("message", "")


@pytest.mark.parametrize("case", [case for case in CASES if is_kinesis(case)], ids=lambda case: case["name"])
def test_a_case_of_kinesis_is_the_same_in_cbor(case) -> None:
    """Status, error, answer and what is sent to AWS; errors too are answered in CBOR."""
    aws = Aws(case.get("aws", []))

    response = endpoint(aws, **case.get("settings", {})).answer(in_cbor(case))

    body = cbor.read_cbor(b64decode(response.body))
    assert response.base64
    assert response.headers["content-type"] == "application/x-amz-cbor-1.1"
    assert response.status == case["status"], body
    if case["sent"] is not None:
        assert [operation for operation, _ in aws.calls] == case["sent"]
    if "type" in case:
        assert (body["__type"], response.headers["x-amzn-errortype"]) == (case["type"], case["type"])
    elif case["answer"] is not None:
        assert body == case["answer"]
    if "parameters" in case:
        assert as_text(aws.calls[0][1]) == case["parameters"]


@pytest.mark.parametrize(
    ("target", "content_type", "body", "message"),
    [
        ("Kinesis_20131202.PutRecord", "application/x-amz-cbor-1.1", b"\x9f\xff", "Expected a structure"),
        ("Kinesis_20131202.PutRecord", "application/x-amz-cbor-1.1", b"{}", "CBOR that this API takes"),
        ("Kinesis_20131202.PutRecord", "application/x-amz-cbor-1.1", "\ud800", "CBOR that this API takes"),
        ("Kinesis_20131202.PutRecord", "application/cbor", b"\xa0", "spoken as application/x-amz-cbor-1.1"),
        ("Firehose_20150804.PutRecord", "application/x-amz-cbor-1.1", b"\xa0", "to Kinesis alone"),
    ],
)
def test_what_is_no_cbor_of_kinesis_is_a_serialization_error(target, content_type, body, message) -> None:
    """With the reason; the parameters of a Content-Type are of no weight."""
    headers = {"content-type": f"{content_type}; charset=utf-8", "x-amz-target": target}

    response = endpoint(Aws([])).answer(Request("POST", "/", headers, body=body, id="r"))

    said = cbor.read_cbor(b64decode(response.body)) if response.base64 else json.loads(response.body)
    assert (response.status, said["__type"]) == (400, "SerializationException")
    assert message in said["message"]


def test_text_is_no_blob_in_cbor() -> None:
    """Where bytes have a form of their own, text is not guessed to be base64."""
    headers = {"content-type": "application/x-amz-cbor-1.1", "x-amz-target": "Kinesis_20131202.PutRecord"}
    body = encoded({"StreamName": "events", "Data": "YQ==", "PartitionKey": "p"})
    aws = Aws([])

    response = endpoint(aws).answer(Request("POST", "/", headers, body=body, id="r"))

    assert "STRING_VALUE can not be converted to a Blob" in cbor.read_cbor(b64decode(response.body))["message"]
    assert aws.calls == []


def test_bytes_are_no_text_in_cbor() -> None:
    """A name in bytes is an error of AWS's kind."""
    headers = {"content-type": "application/x-amz-cbor-1.1", "x-amz-target": "Kinesis_20131202.PutRecord"}

    response = endpoint(Aws([])).answer(Request("POST", "/", headers, body=encoded({"StreamName": b"events"}), id="r"))

    assert "BINARY_VALUE can not be converted to a String" in cbor.read_cbor(b64decode(response.body))["message"]


def test_times_are_milliseconds_in_cbor() -> None:
    """A description's, and those of a request."""
    headers = {"content-type": "application/x-amz-cbor-1.1", "x-amz-target": "Kinesis_20131202.DescribeStream"}

    response = endpoint(Aws([])).answer(Request("POST", "/", headers, body=encoded({"StreamName": "events"}), id="r"))

    assert bytes.fromhex("c11b0000018bcfe569f4") in b64decode(response.body)  # tag 1, 1,700,000,000,500


def test_the_log_counts_and_never_shows_data() -> None:
    """Operation, records received and refused; the error's code where the request failed."""
    batch = {"StreamName": "events", "Records": [{"Data": "c2VjcmV0", "PartitionKey": "hidden"}] * 2}
    target = "Kinesis_20131202.PutRecords"

    good = endpoint(Aws([{"refuse": {"1": "InternalFailure"}}, {"refuse": {"0": "InternalFailure"}}])).answer(
        request({"target": target, "body": batch})
    )
    down = endpoint(Aws([{"timeout": True}])).answer(request({"target": target, "body": batch}))

    assert good.log == {"operation": target, "received": 2, "refused": 1}
    assert good.events == 2
    assert down.log == {"error": "ReadTimeoutError"}


@example(body=b'{"":""}', target="Kinesis_20131202.ListStreams")
@given(
    body=st.one_of(st.binary(max_size=200), st.text(max_size=200)), target=st.sampled_from([c["target"] for c in CASES])
)
def test_no_body_is_an_exception(body, target) -> None:
    """Whatever comes in, an answer of AWS's kind goes out."""
    headers = {"x-amz-target": target} if target else {}

    response = endpoint(Aws([])).answer(Request("POST", "/", headers, body=body, id="r"))

    if response.status == 200:  # only ListStreams has no required member: any object is right there
        assert target == "Kinesis_20131202.ListStreams"
        assert isinstance(json.loads(body), dict)
    else:
        assert response.status == 400
        assert "__type" in json.loads(response.body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.just("YQ=="),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Data", "PartitionKey", "x"]), inner),
    max_leaves=6,
)
MEMBERS = [
    "DeliveryStreamName",
    "StreamName",
    "StreamARN",
    "Record",
    "Records",
    "Data",
    "PartitionKey",
    "Limit",
    "DryRun",
]


@given(body=st.dictionaries(st.sampled_from(MEMBERS), JSON), target=st.sampled_from([c["target"] for c in CASES]))
def test_no_member_is_an_exception(body, target) -> None:
    """Any JSON type at any member is answered; what is not sent was refused."""
    aws = Aws([])
    headers = {"x-amz-target": target} if target else {}

    response = endpoint(aws).answer(
        Request("POST", "/", headers, body=json.dumps({"StreamName": "events", **body}), id="r")
    )

    assert response.status in {200, 400}
    assert bool(aws.calls) == (response.status == 200)


@pytest.fixture
def client():
    """Makes boto3 clients of a service that speak to the API before an Aws, and closes everything in the end."""
    stack = []

    def make(service: str, aws: Aws):
        context = served(endpoint(aws).answer)
        stack.append(context)
        return boto3.client(
            service,
            endpoint_url=context.__enter__(),
            region_name="eu-west-1",
            aws_access_key_id="x",
            aws_secret_access_key="y",
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        )

    yield make
    for context in stack:
        context.__exit__(None, None, None)


def test_boto3_reads_what_the_api_answers(client) -> None:
    """Both puts of both services, and the three descriptions, through the SDK's own parsers."""
    firehose, kinesis = client("firehose", Aws([])), client("kinesis", Aws([]))

    one = firehose.put_record(DeliveryStreamName="events", Record={"Data": b"a"})
    batch = firehose.put_record_batch(DeliveryStreamName="events", Records=[{"Data": b"a"}, {"Data": b"b"}])
    record = kinesis.put_record(StreamName="events", Data=b"a", PartitionKey="p")
    records = kinesis.put_records(StreamName="events", Records=[{"Data": b"a", "PartitionKey": "p"}])

    assert (one["RecordId"], one["Encrypted"]) == ("r0", False)
    assert batch["FailedPutCount"] == 0
    assert [entry["RecordId"] for entry in batch["RequestResponses"]] == ["r0", "r1"]
    assert (record["SequenceNumber"], record["ShardId"]) == ("s0", "shardId-0")
    assert (records["FailedRecordCount"], records["Records"][0]["SequenceNumber"]) == (0, "s0")
    assert one["ResponseMetadata"]["RequestId"] == "request-1"
    described = firehose.describe_delivery_stream(DeliveryStreamName="events")["DeliveryStreamDescription"]
    assert described["CreateTimestamp"] == CREATED
    assert kinesis.describe_stream(StreamName="events")["StreamDescription"]["StreamCreationTimestamp"] == CREATED
    summary = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"]
    assert summary["StreamName"] == "events"


@pytest.mark.parametrize(
    ("stream", "script", "code", "status"),
    [
        ("other", [], "ResourceNotFoundException", 400),
        ("events", [{"error": ["InternalFailureException", 500]}], "InternalFailureException", 500),
        ("events", [{"timeout": True}], "InternalFailureException", 500),
    ],
)
def test_boto3_raises_what_the_api_refuses(client, stream, script, code, status) -> None:
    """The error's class, code, status and request id are AWS's."""
    kinesis = client("kinesis", Aws(script))

    with pytest.raises(ClientError) as caught:
        kinesis.put_record(StreamName=stream, Data=b"a", PartitionKey="p")

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["ResponseMetadata"]["RequestId"] == "request-1"
    if code == "ResourceNotFoundException":
        assert isinstance(caught.value, kinesis.exceptions.ResourceNotFoundException)


def test_boto3_reads_what_stays_refused(client) -> None:
    """The SDK's caller sees which of its records to send again."""
    refusing = {"refuse": {"0": "ProvisionedThroughputExceededException"}}
    kinesis = client("kinesis", Aws([{"refuse": {"1": "ProvisionedThroughputExceededException"}}, refusing]))

    answer = kinesis.put_records(StreamName="events", Records=[{"Data": b"a", "PartitionKey": "p"}] * 2)

    assert answer["FailedRecordCount"] == 1
    assert answer["Records"][1]["ErrorCode"] == "ProvisionedThroughputExceededException"
