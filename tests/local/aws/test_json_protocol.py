"""Each request is sent twice: a browser's, which Flask answers, and an SDK's, which Flask never sees."""

import json
import urllib.request
from urllib.error import HTTPError

import pytest
from moto.sqs.responses import SQSResponse

from local.aws.json_protocol import service_of

TARGETS = {
    "sqs": "AmazonSQS",
    "dynamodb": "DynamoDB_20120810",
    "kinesis": "Kinesis_20131202",
    "firehose": "Firehose_20150804",
}
REQUESTS = [
    ("sqs", "ListQueues", {"QueueNamePrefix": "none-of-these"}),
    ("sqs", "GetQueueUrl", {"QueueName": "not-there"}),
    ("sqs", "SendMessageBatch", {"QueueUrl": "http://localhost/123456789012/not-there", "Entries": []}),
    ("dynamodb", "DescribeLimits", {}),
    ("dynamodb", "GetItem", {"TableName": "not-there", "Key": {"pk": {"S": "1"}}}),
    ("dynamodb", "PutItem", {"TableName": "not-there", "Item": {"pk": {"N": "one"}}}),
    ("kinesis", "ListStreams", {}),
    ("kinesis", "PutRecords", {"StreamName": "not-there", "Records": []}),
    ("firehose", "PutRecord", {"DeliveryStreamName": "not-there", "Record": {"Data": "eA=="}}),
]


def answered(aws, service, operation, body, **more):
    """Status, type, error and body of the server's answer."""
    scope = f"AKIAEXAMPLEEXAMPLE00/20251127/us-east-1/{service}/aws4_request"
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": f"{TARGETS[service]}.{operation}",
    }
    asked = urllib.request.Request(aws.endpoint, json.dumps(body).encode(), {**headers, **more})
    try:
        answer = urllib.request.urlopen(asked)
    except HTTPError as error:
        answer = error
    kept = ("content-type", "x-amzn-errortype", "x-amz-crc32", "x-amzn-query-error")
    return answer.status, {name: answer.headers.get(name) for name in kept}, answer.read()


@pytest.mark.parametrize(("service", "operation", "body"), REQUESTS, ids=[" ".join(one[:2]) for one in REQUESTS])
def test_the_short_way_leads_to_the_same_answer(aws, service, operation, body):
    """Refusals too."""
    short, long = (answered(aws, service, operation, body, **more) for more in ({}, {"origin": "http://localhost"}))

    assert short == long


@pytest.mark.parametrize(
    ("environ", "short"),
    [
        ({}, True),
        ({"HTTP_ORIGIN": "http://localhost"}, False),
        ({"HTTP_X_AMZ_TARGET": ""}, False),
        ({"HTTP_X_AMZ_TARGET": "DynamoDBStreams_20120810.GetRecords"}, False),
        ({"REQUEST_METHOD": "GET"}, False),
        ({"HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=A/20251127/us-east-1/s3/aws4_request"}, False),
    ],
    ids=["json", "browser", "query", "streams", "get", "s3"],
)
def test_which_requests_take_it(environ, short):
    """The others have Flask's way."""
    of_queues = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "HTTP_X_AMZ_TARGET": "AmazonSQS.ListQueues",
        "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=A/20251127/us-east-1/sqs/aws4_request",
    }

    assert service_of({**of_queues, **environ}) is (SQSResponse if short else None)
