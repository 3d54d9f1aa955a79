"""One call to AWS: its answer, or SinkUnavailable."""

import sys
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from distributary.errors import SinkUnavailable
from distributary.events import Failure

THROTTLING = frozenset(
    {
        "BandwidthLimitExceeded",
        "KMSThrottlingException",
        "KmsThrottled",
        "LimitExceededException",
        "OverLimit",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes that say: later. Source: botocore's mode `standard`, and the three services' API references for KMS and SQS."""

CONTENT = frozenset(
    {
        "BatchRequestTooLong",
        "InvalidArgumentException",
        "InvalidMessageContents",
        "InvalidParameterValue",
        "InvalidRequestException",
        "SerializationException",
        "ValidationException",
    }
)
"""Codes that say: something in this request is wrong, and be it one record of many. Source: the API references."""

_TOO_LARGE = 413
_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = 500


def call(operation: Callable[..., Mapping[str, Any]], **parameters: Any) -> Mapping[str, Any]:
    """AWS's answer. Raises SinkUnavailable with AWS's code, or the name of botocore's error where no answer came."""
    try:
        return operation(**parameters)
    except SinkUnavailable:
        raise
    except Exception as error:
        if (unavailable := _of_botocore(error)) is None:
            raise
        raise unavailable from error


def _of_botocore(error: Exception) -> SinkUnavailable | None:
    """What an error of botocore's means; None for one of another's. Nothing is loaded that has not raised it."""
    if "botocore.exceptions" not in sys.modules:
        return None
    from botocore.exceptions import (  # noqa: PLC0415 - it is loaded already
        BotoCoreError,
        ClientError,
        ConnectionError,  # noqa: A004 - botocore's name
        HTTPClientError,
    )
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - likewise

    if isinstance(error, ClientError):
        about = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return failure(str(about.get("Code", "Unknown")), str(about.get("Message", "")), status)
    if isinstance(error, BotoCoreError | ResponseParserError):
        later = isinstance(error, ConnectionError | HTTPClientError | ResponseParserError)
        return SinkUnavailable(type(error).__name__, str(error), retryable=later)
    return None


def failure(code: str, detail: str, status: int) -> SinkUnavailable:
    """The error for an answer that is one: throttling and what goes wrong at AWS may pass, the rest will not."""
    later = status >= _SERVER_ERRORS or status == _TOO_MANY_REQUESTS or code in THROTTLING
    about_content = not later and (code in CONTENT or status == _TOO_LARGE)
    return SinkUnavailable(code, detail, retryable=later, divisible=about_content)


def matched(entries: Sequence[Mapping[str, Any]], records: Sequence[object]) -> Sequence[Mapping[str, Any]]:
    """The entries of an answer that must have one for each record. Raises SinkUnavailable where it has not."""
    if len(entries) != len(records):
        detail = f"an answer with {len(entries)} entries for {len(records)} records"
        raise SinkUnavailable("IncompleteAnswer", detail, retryable=True)
    return entries


def refusal(entry: Mapping[str, Any], retryable: AbstractSet[str]) -> Failure:
    """The failure that an entry with an `ErrorCode` reports; `retryable` are the codes to send again at once."""
    code = str(entry["ErrorCode"])
    return Failure(code, str(entry.get("ErrorMessage", "")), retryable=code in retryable)
