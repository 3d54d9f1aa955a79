"""What stands before a function answers and passes on by itself: an HTTP API's rules, and a function URL's.

Of an HTTP API: docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html, and what the other modules
cite. Of a function URL, AWS documents size and event: docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html.
The renamed header, the 403, the 502, the undecoded path and the split into text and base64 are what others have seen;
the words of 413 and 429 are those of Lambda's Invoke API, and `make smoke` checks what an account does.
"""

import json
import os
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType

from local.functions import REQUEST_BYTES, RequestTooLarge, TooManyRequests
from local.gateway import answer
from local.gateway.answer import Answer

_TEXT_TYPES = {"application/json", "application/xml", "application/javascript"}
_TEXT_WORDS = ("text", "json", "xml")
_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
# Lambda's own errors, as its Invoke API has them: the name, and the words.
_LAMBDA_ERRORS = {
    HTTPStatus.FORBIDDEN: ("AccessDeniedException", _FORBIDDEN),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "RequestTooLargeException",
        f"Request must be smaller than {REQUEST_BYTES} bytes for the InvokeFunction operation",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: ("TooManyRequestsException", "Rate Exceeded."),
}


@dataclass(frozen=True)
class Rules:
    """One kind of front; sizes in bytes.

    `own` makes its own answers, `refusals` says which status a call has that did not come to run, `failed` the one of a
    function that failed. `is_text` takes media type, content encoding and body. `renamed` are headers of answers.
    """

    body_bytes: int
    head_bytes: int
    own: Callable[..., Answer]
    refusals: Mapping[type[Exception], HTTPStatus]
    failed: HTTPStatus
    is_text: Callable[[str, str, bytes], bool]
    new_id: Callable[[], str]
    id_header: str
    default_type: str
    account: str
    preflight: HTTPStatus
    decodes_path: bool = True
    is_cut_off: bool = True
    """Whether it stops waiting for a function by itself."""
    renamed: Mapping[str, str] = field(default_factory=dict)


def _gateway_id() -> str:
    """API Gateway's look: 15 characters and "="."""
    return b64encode(os.urandom(11)).decode()


def _url_id() -> str:
    return str(uuid.uuid4())


def _is_text_to_gateway(media_type: str, encoding: str, body: bytes) -> bool:
    is_text = media_type.startswith("text/") or media_type in _TEXT_TYPES
    return not body or (is_text and not encoding)


def _is_text_to_url(media_type: str, encoding: str, body: bytes) -> bool:
    """As LocalStack does it, which compares itself with AWS: text in name, and ASCII in fact."""
    is_text = any(word in media_type for word in _TEXT_WORDS)
    return not body or (is_text and not encoding and body.isascii())


def _of_lambda(status: HTTPStatus, headers: Mapping[str, str] = MappingProxyType({})) -> Answer:
    """Lambda's own answer before a function: `{"Message":"…"}`, or bare words where the function failed."""
    kind = {"content-type": "application/json"}
    if status not in _LAMBDA_ERRORS:
        return Answer(status, {**kind, **headers}, body=b"Internal Server Error")
    name, words = _LAMBDA_ERRORS[status]
    body = json.dumps({"Message": words}, separators=(",", ":")).encode()
    return Answer(status, {**kind, "x-amzn-errortype": name, **headers}, body=body)


API_GATEWAY = Rules(
    body_bytes=10 * 1024 * 1024,
    head_bytes=10_240,  # the request line and the headers' values, in all
    own=answer.own,
    refusals={
        # Lambda ends at 6 MB, before API Gateway does; the client sees the same answer for both.
        RequestTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        # Lambda's 429 is the API's trouble, not the client's: a 429 would mean the API's own throttle.
        TooManyRequests: HTTPStatus.SERVICE_UNAVAILABLE,
        # An HTTP API says 503 where a REST API says 504.
        TimeoutError: HTTPStatus.SERVICE_UNAVAILABLE,
    },
    failed=HTTPStatus.INTERNAL_SERVER_ERROR,
    is_text=_is_text_to_gateway,
    new_id=_gateway_id,
    id_header="apigw-requestid",
    default_type=answer.TEXT,
    account="123456789012",
    preflight=HTTPStatus.NO_CONTENT,
)

FUNCTION_URL = Rules(
    body_bytes=REQUEST_BYTES,
    head_bytes=1024 * 1024,  # AWS documents none: what the server reads
    own=_of_lambda,
    refusals={
        RequestTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    },
    failed=HTTPStatus.BAD_GATEWAY,
    is_text=_is_text_to_url,
    new_id=_url_id,
    id_header="x-amzn-requestid",
    default_type="application/json",
    account="anonymous",
    preflight=HTTPStatus.OK,
    decodes_path=False,
    is_cut_off=False,
    renamed={"www-authenticate": "x-amzn-remapped-www-authenticate"},
)
