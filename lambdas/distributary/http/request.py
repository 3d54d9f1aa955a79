"""API Gateway's payload format 2.0, read into a Request and written from a Response.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl

from distributary.access.key import Key


class Context(Protocol):
    """What Lambda tells a function about one invocation."""

    aws_request_id: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends this invocation."""


class Request(NamedTuple):
    """One HTTP request: header names in lower case; `body` is bytes, or text where API Gateway decoded it."""

    method: str
    path: str
    headers: Mapping[str, str] = {}
    query: str = ""
    body: bytes | str = b""
    id: str = ""
    time: float = 0.0
    """When API Gateway received it, in seconds since 1970."""
    remaining: float = 30.0
    """Seconds that the function has left at its start."""
    key: Key | None = None
    """Whose request it is, once the guard has let it in; None where the stage is open to all."""
    ip: str = ""
    """The caller's address, as API Gateway saw it."""
    claims: Mapping[str, Any] | None = None
    """Of the JWT that API Gateway's authorizer has checked; None where the route has none."""

    @classmethod
    def from_event(cls, event: Mapping[str, Any], context: Context) -> "Request":
        """The request that API Gateway hands over."""
        about = event["requestContext"]
        body = event.get("body") or ""
        return cls(
            method=about["http"]["method"],
            path=event["rawPath"],
            headers=event.get("headers") or {},
            query=event.get("rawQueryString") or "",
            body=base64.b64decode(body) if event.get("isBase64Encoded") else body,
            id=about["requestId"],
            time=about["timeEpoch"] / 1000,
            remaining=context.get_remaining_time_in_millis() / 1000,
            ip=about["http"].get("sourceIp", ""),
            claims=about.get("authorizer", {}).get("jwt", {}).get("claims"),
        )

    @property
    def size(self) -> int:
        """The body's bytes as they were received."""
        body = self.body
        return len(body) if isinstance(body, bytes) or body.isascii() else len(body.encode("utf-8", "surrogatepass"))

    def parameter(self, name: str, errors: str = "replace") -> str | None:
        """The first value of a query parameter; `errors` says, as for `bytes.decode`, what becomes of invalid UTF-8."""
        pairs = parse_qsl(self.query, keep_blank_values=True, errors=errors)
        return next((value for key, value in pairs if key == name), None)


class Response(NamedTuple):
    """One HTTP answer."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = {}
    log: Mapping[str, Any] = {}
    """What the request's one log line says besides: counts and ids, never a payload."""
    events: int = 1
    """How many events the request turned out to carry: its key's quota is charged for these, or for its bytes."""
    base64: bool = False
    """Whether `body` is base64 of the bytes to answer."""
    size: int = 0
    """The bytes of these events' data once they were decoded; 0 where what was received says it."""

    def with_headers(self, headers: Mapping[str, str]) -> "Response":
        """The same answer with more headers."""
        return self._replace(headers={**self.headers, **headers})

    def to_payload(self) -> dict[str, Any]:
        """The answer as API Gateway takes it."""
        return {
            "statusCode": self.status,
            "headers": dict(self.headers),
            "body": self.body,
            "isBase64Encoded": self.base64,
        }
