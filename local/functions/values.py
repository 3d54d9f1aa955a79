"""What is deployed, what an invocation gives back, and what Lambda refuses."""

from collections.abc import Mapping
from dataclasses import dataclass

# Lambda quotas, "Invocation payload": 6 MB each for request and response of a synchronous invocation
# (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). The runtime may post 100 bytes more: so say the
# words of the error that Lambda gives.
REQUEST_BYTES = 6 * 1024 * 1024
RESPONSE_BYTES = REQUEST_BYTES + 100


@dataclass(frozen=True)
class FunctionSpec:
    """A deployed function; `code` is the deployment package (a zip), `revision` changes with code or configuration."""

    name: str
    arn: str
    handler: str
    code: bytes
    environment: Mapping[str, str]
    timeout_seconds: int
    memory_mb: int
    log_group: str
    revision: str
    version: str = "$LATEST"
    json_log_level: str = ""  # empty: its log format is plain text
    role: str = ""  # its execution role's ARN
    reserved_concurrency: int | None = None  # None: it shares the account's


@dataclass(frozen=True)
class Invocation:
    """What came of one request: the function's JSON, or Lambda's error payload with `function_error` "Unhandled"."""

    payload: bytes
    function_error: str | None
    request_id: str


class TooManyRequests(Exception):
    """As many requests as the function may have are under way: Lambda's TooManyRequestsException, 429."""


class RequestTooLarge(Exception):
    """The request is over Lambda's 6 MB: its RequestTooLargeException, 413."""
