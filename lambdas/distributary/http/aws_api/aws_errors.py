"""The errors of the AWS-compatible API: for each operation those of AWS's service model, and the ones that all share.

What AWS answers a function about the function's own call may be anything: `as_the_api_says` makes one of these of it.
Source: the service models in botocore; https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html
"""

from collections.abc import Mapping

from distributary.aws.call import THROTTLING
from distributary.errors import SinkUnavailable
from distributary.events import Failure

NO_ANSWER = "the service did not answer in time; send this again"
AWS_INTERNAL_FAILURE = "InternalFailure"
"""What both services call a record of a batch whose outcome they do not know."""

# Neither service has another status than 400 and 500: a client's own library may take each 5xx but 500 for success.
_FAULTS = {"firehose": "ServiceUnavailableException", "kinesis": "InternalFailureException"}
_FAULT_STATUS, _ERROR_STATUS = 500, 400
# A record's code where its call was throttled: the pages of PutRecordBatch and PutRecords.
_THROTTLED = {"firehose": "ServiceUnavailableException", "kinesis": "ProvisionedThroughputExceededException"}
# Of the errors that every operation shares, those that AWS may answer about what the client sent.
_PASSED_ON = frozenset(
    {"AccessDeniedException", "SerializationException", "ThrottlingException", "ValidationException"}
)

_FOUND = frozenset({"ResourceNotFoundException"})
_FIREHOSE_PUT = _FOUND | {
    "InvalidArgumentException",
    "InvalidKMSResourceException",
    "InvalidSourceException",
    "ServiceUnavailableException",
}
_KINESIS_READ = _FOUND | {"AccessDeniedException", "InvalidArgumentException", "LimitExceededException"}
_KINESIS_PUT = _FOUND | {
    "AccessDeniedException",
    "DryRunOperationException",
    "InternalFailureException",
    "InvalidArgumentException",
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSInvalidStateException",
    "KMSNotFoundException",
    "KMSOptInRequired",
    "KMSThrottlingException",
    "ProvisionedThroughputExceededException",
}
ERRORS: Mapping[str, frozenset[str]] = {
    "Firehose_20150804.PutRecord": _FIREHOSE_PUT,
    "Firehose_20150804.PutRecordBatch": _FIREHOSE_PUT,
    "Firehose_20150804.DescribeDeliveryStream": _FOUND,
    "Kinesis_20131202.PutRecord": _KINESIS_PUT,
    "Kinesis_20131202.PutRecords": _KINESIS_PUT,
    "Kinesis_20131202.DescribeStream": _KINESIS_READ,
    "Kinesis_20131202.DescribeStreamSummary": _KINESIS_READ,
    "Kinesis_20131202.ListShards": _KINESIS_READ | {"ExpiredNextTokenException", "ResourceInUseException"},
    "Kinesis_20131202.ListStreams": frozenset(
        {"ExpiredNextTokenException", "InvalidArgumentException", "LimitExceededException"}
    ),
}
"""The errors of an operation's own, by `x-amz-target`; a test compares them with botocore's models."""


def service_of(target: str) -> str:
    """The service that an `x-amz-target` names, in lower case: `firehose`, `kinesis`, or whatever it says."""
    return target.partition("_")[0].lower()


def fault(target: str) -> str:
    """The operation's error that says: it is not the client's fault, send this again."""
    own = _FAULTS.get(service_of(target), AWS_INTERNAL_FAILURE)
    return own if own in ERRORS.get(target, ()) else AWS_INTERNAL_FAILURE


def error_status(code: str) -> int:
    """The HTTP status of an error of this API."""
    return _FAULT_STATUS if code in {*_FAULTS.values(), AWS_INTERNAL_FAILURE} else _ERROR_STATUS


def as_the_api_says(error: SinkUnavailable | Failure, target: str) -> tuple[str, str]:
    """Code and message of an operation that AWS did not carry out for us.

    Where AWS gave no answer, or one about the function's own call (its credentials, say), it is the service's fault.
    """
    if error.code in _PASSED_ON or error.code in ERRORS.get(target, ()):
        return error.code, error.detail
    if error.code in THROTTLING:
        return "ThrottlingException", error.detail
    return fault(target), error.detail if _is_awss_fault(error.code) else NO_ANSWER


def entry(failure: Failure, target: str) -> tuple[str, str]:
    """Code and message of one record that a batch's operation could not store."""
    if failure.code in ERRORS[target] | {AWS_INTERNAL_FAILURE}:
        return failure.code, failure.detail
    if failure.code in THROTTLING:
        return _THROTTLED[service_of(target)], failure.detail
    code, detail = as_the_api_says(failure, target)
    return (AWS_INTERNAL_FAILURE if code == fault(target) else code), detail


def _is_awss_fault(code: str) -> bool:
    return code.startswith(("InternalFailure", "InternalServerError", "ServiceUnavailable"))
