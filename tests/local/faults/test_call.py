import io

import pytest

from local.faults.call import Call

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def call(service="", target="", body=b"", *, method="POST", path="/", content_type=""):
    """A call as WSGI hands it over."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    if service:
        environ["HTTP_AUTHORIZATION"] = AUTHORIZATION.format(service)
    if target:
        environ["HTTP_X_AMZ_TARGET"] = target
    return Call(environ)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (call("kinesis", "Kinesis_20131202.PutRecords"), ("kinesis", "PutRecords", "json")),
        (call("", "Firehose_20150804.PutRecordBatch"), ("firehose", "PutRecordBatch", "json")),
        (call("", "AmazonSQS.SendMessageBatch"), ("sqs", "SendMessageBatch", "json")),
        (
            call("sts", body=b"Action=GetCallerIdentity&Version=1", content_type="application/x-www-form-urlencoded"),
            ("sts", "GetCallerIdentity", "query"),
        ),
        (call("s3", method="PUT", path="/bucket/a/key"), ("s3", "PutObject", "xml")),
        (call("s3", method="GET", path="/bucket"), ("s3", "GET", "xml")),
        (call("lambda", method="GET", path="/2015-03-31/functions"), ("lambda", "GET", "rest")),
    ],
)
def test_service_operation_and_protocol_of_a_call(given, expected):
    """They come from the signature's scope, the target, the form or the path."""
    assert (given.service, given.operation, given.protocol) == expected


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (call(target="AmazonSQS.X", body=b'{"QueueUrl": "http://localhost:1/123/one.fifo"}'), "one.fifo"),
        (call(target="Kinesis_1.X", body=b'{"StreamName": "s"}'), "s"),
        (call(target="Kinesis_1.X", body=b'{"StreamARN": "arn:aws:kinesis:r:1:stream/s"}'), "s"),
        (call(target="Firehose_1.X", body=b'{"DeliveryStreamName": "d"}'), "d"),
        (call(target="AmazonSQS.X", body=b"no JSON"), ""),
        (call("s3", method="PUT", path="/bucket/spill/1"), "bucket/spill/1"),
    ],
)
def test_the_resource_is_named_as_in_its_url_or_arn(given, name):
    """A queue by its URL's end, a stream by its name or its ARN's end, an object by bucket and key."""
    assert given.resource == name


def test_the_body_can_be_read_again_by_the_service():
    """Looking into a call takes nothing from it."""
    looked_into = call(target="AmazonSQS.X", body=b'{"QueueUrl": "q"}')

    assert looked_into.resource == "q"
    assert looked_into.environ["wsgi.input"].read() == b'{"QueueUrl": "q"}'
