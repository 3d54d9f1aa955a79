"""Every error that the AWS APIs can answer is one that AWS's service models know, with its status."""

import json
from pathlib import Path

import pytest
from aws_models import COMMON, allowed, allowed_by_iot_events, every_error, modelled
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from fake_client import FakeClient, aws_error
from fake_clock import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from distributary.aws.call import CONTENT, THROTTLING
from distributary.errors import Forbidden, KeysUnavailable, TooManyRequests, Unauthorized
from distributary.events import Failure
from distributary.http.auth import refusal
from distributary.http.aws_api import aws_errors
from distributary.http.aws_api.endpoint import AwsApiSettings, AwsEndpoint
from distributary.http.iot_events_api.messages import MessagesEndpoint
from distributary.http.request import Request, Response
from distributary.sinks.firehose import FirehoseSettings, FirehoseSink
from distributary.sinks.iot_events import DataEndpoint, IotEventsSink
from distributary.sinks.kinesis import KinesisSettings, KinesisSink

SIGNATURES = json.loads((Path(__file__).parents[3] / "cases/signatures.json").read_text())
TARGETS = sorted(aws_errors.ERRORS)
RECORD = {"Data": "YQ==", "PartitionKey": "p"}
BODY = {"DeliveryStreamName": "events", "StreamName": "events", "Record": RECORD, "Records": [RECORD] * 2, **RECORD}
OPERATIONS = ["put_record", "put_record_batch", "put_records"]
READS = ["describe_delivery_stream", "describe_stream", "describe_stream_summary", "list_shards"]

# What AWS may answer a function: each modelled error, each that we look for, those of its own credentials, and more.
UPSTREAM = sorted(
    {*every_error(), *THROTTLING, *CONTENT, *COMMON, "ExpiredTokenException", "InternalServerError", "Unknown", "413"}
    | {"ServiceUnavailable", "AccessDenied", "RequestTimeout", "IncompleteSignature", ""}
)
NO_ANSWERS = [
    ReadTimeoutError(endpoint_url="http://aws"),
    ConnectTimeoutError(endpoint_url="http://aws"),
    EndpointConnectionError(endpoint_url="http://aws"),
    NoCredentialsError(),
]


# What AWS says of a request's content, a call that was put again record by record may say of a single one.
PASSED_ON = {"AccessDeniedException", "SerializationException", "ValidationException"}


def endpoint(client: FakeClient) -> AwsEndpoint:
    """The AWS-compatible API, with this client behind both streams."""
    firehose = FirehoseSink(client, "real"), FirehoseSettings(delivery_stream_name="real")
    kinesis = KinesisSink(client, "real"), KinesisSettings(stream_name="real")
    return AwsEndpoint(AwsApiSettings(), FakeClock().clock, retry_seconds=0, firehose=firehose, kinesis=kinesis)


def answered(target: str, error: Exception) -> Response:
    """What the API answers where AWS answers it so."""
    client = FakeClient(**dict.fromkeys([*OPERATIONS, *READS], error))
    api = endpoint(client)
    response = api.answer(Request("POST", "/", {"x-amz-target": target}, body=json.dumps(BODY), id="r"))
    assert client.calls
    return response


def must_be_modelled(response: Response, errors: dict[str, int]) -> None:
    """An error of that list, with its status, named alike in body and header."""
    name = response.headers["x-amzn-errortype"]
    assert json.loads(response.body).get("__type", name) == name
    assert response.status == errors[name]


@pytest.mark.parametrize("target", TARGETS)
def test_an_operations_errors_are_its_models(target) -> None:
    """None more and none fewer."""
    assert aws_errors.ERRORS[target] == modelled(target).keys()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_whatever_aws_answers_us_is_answered_in_the_operations_own_words(target, status) -> None:
    """Name and status, for each error of both services and of every other kind that a call may meet."""
    for code in UPSTREAM:
        must_be_modelled(answered(target, aws_error(code, status)), allowed(target))
    for error in NO_ANSWERS:
        must_be_modelled(answered(target, error), allowed(target))


@given(code=st.text(max_size=30), target=st.sampled_from(TARGETS))
def test_no_code_of_aws_is_passed_on_unknown(code, target) -> None:
    """Whatever a future service may say."""
    must_be_modelled(answered(target, aws_error(code, 500)), allowed(target))


@pytest.mark.parametrize("target", [target for target in TARGETS if target.endswith(("Batch", "Records"))])
def test_a_records_code_is_one_that_its_batch_documents(target) -> None:
    """The operation's errors and `InternalFailure`, whatever AWS said of the record or of its call."""
    for code in [*UPSTREAM, "OutOfTime"]:
        told, _ = aws_errors.entry(Failure(code, "as AWS says it", retryable=False), target)
        assert told in {*modelled(target), "InternalFailure", *PASSED_ON}, code
    throttled, _ = aws_errors.entry(Failure("LimitExceededException", "slower", retryable=False), target)
    assert throttled in modelled(target)


REFUSALS = [
    *[Unauthorized(code, "…") for code in sorted({case["code"] for case in SIGNATURES["bad"]})],
    Forbidden("Forbidden", "…"),
    TooManyRequests(3),
    KeysUnavailable("ThrottlingException", 5),
]


@pytest.mark.parametrize("refused", REFUSALS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("target", [*TARGETS, "Kinesis_20131202.GetRecords", "", "Other.Thing"])
def test_a_caller_is_refused_in_the_services_words(target, refused) -> None:
    """Also where the target names no operation of ours."""
    response = refusal.refused(refused, "aws", Request("POST", "/", {"x-amz-target": target}, id="r"))

    must_be_modelled(response, allowed(target))


@pytest.mark.parametrize("refused", REFUSALS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(
    "operation", ["BatchPutMessage", "DescribeDetector", "ListDetectors", "BatchUpdateDetector", "BatchDeleteDetector"]
)
def test_a_caller_of_the_iot_events_api_is_refused_in_its_words(operation, refused) -> None:
    """rest-json: 403 for who may not, 429 and 503 for who may come again."""
    response = refusal.refused(refused, "iot_events", Request("POST", "/inputs/messages", id="r"))

    must_be_modelled(response, allowed_by_iot_events(operation))


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_whatever_a_queue_answers_is_an_error_of_batch_put_message(status) -> None:
    """Throttling under any of its names is `ThrottlingException`, 429."""
    message = {"messageId": "m", "inputName": "i", "payload": "e30="}
    for code in [*UPSTREAM, "RequestThrottled", "AWS.SimpleQueueService.NonExistentQueue"]:
        client = FakeClient(batch_put_message=aws_error(code, status))
        sink = IotEventsSink(DataEndpoint(client, max_messages=10, max_payload_bytes=1024))
        request = Request("POST", "/inputs/messages", body=json.dumps({"messages": [message]}), id="r")
        response = MessagesEndpoint(sink, FakeClock().clock, strict=False, retry_seconds=0).answer(request)

        if response.status == 200:  # what was said of a message's content is its entry's code
            (entry,) = json.loads(response.body)["BatchPutMessageErrorEntries"]
            assert entry["errorCode"] == code
            assert code in {"InvalidRequestException", "ResourceNotFoundException"}
            continue
        must_be_modelled(response, allowed_by_iot_events("BatchPutMessage"))
        if code in THROTTLING:
            assert (response.headers["x-amzn-errortype"], response.status) == ("ThrottlingException", 429), code
