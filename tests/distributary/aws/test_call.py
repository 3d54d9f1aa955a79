import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError
from fake_client import FakeClient, aws_error

from distributary.aws.call import call, matched, refusal
from distributary.errors import SinkUnavailable

FAILURES = [
    (aws_error("ServiceUnavailableException", 503), "ServiceUnavailableException", True),
    (aws_error("InternalFailure", 500), "InternalFailure", True),
    (aws_error("502", 502), "502", True),
    (aws_error("Whatever", 429), "Whatever", True),
    (aws_error("ProvisionedThroughputExceededException"), "ProvisionedThroughputExceededException", True),
    (aws_error("LimitExceededException"), "LimitExceededException", True),
    (aws_error("KMSThrottlingException"), "KMSThrottlingException", True),
    (aws_error("AccessDeniedException"), "AccessDeniedException", False),
    (aws_error("KMSAccessDeniedException"), "KMSAccessDeniedException", False),
    (aws_error("ResourceNotFoundException"), "ResourceNotFoundException", False),
    (aws_error("ValidationException"), "ValidationException", False),
    (aws_error("InvalidArgumentException"), "InvalidArgumentException", False),
    (aws_error("ExpiredTokenException", 403), "ExpiredTokenException", False),
    (exceptions.ConnectTimeoutError(endpoint_url="http://x"), "ConnectTimeoutError", True),
    (exceptions.ReadTimeoutError(endpoint_url="http://x"), "ReadTimeoutError", True),
    (exceptions.EndpointConnectionError(endpoint_url="http://x"), "EndpointConnectionError", True),
    (exceptions.ConnectionClosedError(endpoint_url="http://x"), "ConnectionClosedError", True),
    (exceptions.HTTPClientError(error="x"), "HTTPClientError", True),
    (exceptions.NoCredentialsError(), "NoCredentialsError", False),
    (exceptions.ParamValidationError(report="x"), "ParamValidationError", False),
    (ResponseParserError("not JSON"), "ResponseParserError", True),
]


@pytest.mark.parametrize(("error", "code", "retryable"), FAILURES, ids=[code for _, code, _ in FAILURES])
def test_a_failed_call_says_whether_a_later_one_may_succeed(error, code, retryable) -> None:
    """AWS's code, or the name of botocore's error; throttling, 5xx and no answer may pass, the rest will not."""
    client = FakeClient(put_records=error)

    with pytest.raises(SinkUnavailable) as caught:
        call(client.put_records, StreamName="s")

    assert (caught.value.code, caught.value.retryable) == (code, retryable)


@pytest.mark.parametrize(
    ("error", "divisible"),
    [
        (aws_error("InvalidArgumentException"), True),
        (aws_error("ValidationException"), True),
        (aws_error("InvalidMessageContents"), True),
        (aws_error("RequestEntityTooLarge", 413), True),
        (aws_error("ValidationException", 500), False),
        (aws_error("KMSAccessDeniedException"), False),
        (aws_error("ResourceNotFoundException"), False),
        (aws_error("ProvisionedThroughputExceededException"), False),
    ],
)
def test_a_failed_call_says_whether_one_record_may_be_the_reason(error, divisible) -> None:
    """What is wrong with the request may be wrong with one record; who may not, or what is missing, concerns all."""
    with pytest.raises(SinkUnavailable) as caught:
        call(FakeClient(put_records=error).put_records, StreamName="s")

    assert caught.value.divisible is divisible


def test_what_is_no_failed_call_is_not_caught() -> None:
    """A mistake of ours stays a mistake of ours."""
    with pytest.raises(ZeroDivisionError):
        call(FakeClient(put_records=ZeroDivisionError()).put_records)


def test_an_answer_without_an_entry_for_each_record_is_no_answer() -> None:
    """Records whose fate nobody told are not called stored."""
    assert matched([{"a": 1}], ["x"]) == [{"a": 1}]
    with pytest.raises(SinkUnavailable, match="1 entries for 2 records") as caught:
        matched([{"a": 1}], ["x", "y"])
    assert caught.value.retryable


def test_a_refusal_keeps_awss_words() -> None:
    """Code and message are AWS's; retryable is what the sink lists."""
    failure = refusal({"ErrorCode": "InternalFailure", "ErrorMessage": "m"}, {"InternalFailure"})

    assert (failure.code, failure.detail, failure.retryable, failure.permanent) == ("InternalFailure", "m", True, False)
    assert not refusal({"ErrorCode": "Other"}, {"InternalFailure"}).retryable
