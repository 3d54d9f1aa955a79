"""An HTTP request as the event that a function gets: API Gateway's payload format 2.0.

docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

from local.gateway.routing import HttpApi, Match
from local.gateway.rules import Rules

# Said of one connection, not of the request; "cookie" has a field of its own.
_NOT_PASSED_ON = {"connection", "cookie", "expect", "keep-alive", "te", "transfer-encoding", "upgrade"}


@dataclass(frozen=True)
class HttpRequest:
    """A request as it was sent: `path` and `query` still percent-encoded, header names in lower case, in order."""

    method: str
    path: str
    query: str
    fields: tuple[tuple[str, str], ...]
    source_ip: str = "127.0.0.1"
    body: bytes = b""

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers, one value a name: several are joined by commas."""
        return _joined(self.fields)

    @cached_property
    def decoded_path(self) -> str:
        """The path as a function gets it: decoded, `rawPath` included, in spite of its name."""
        return unquote(self.path)

    @cached_property
    def head_bytes(self) -> int:
        """The size of the request line and the headers as sent."""
        line = len(f"{self.method} {self.path} HTTP/1.1\r\n") + (len(self.query) + 1 if self.query else 0)
        return line + sum(len(name) + len(value) + len(": \r\n") for name, value in self.fields)


def build(
    request: HttpRequest,
    matched: Match,
    api: HttpApi,
    *,
    request_id: str,
    now: datetime,
    jwt: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The event for the function of the matched route; `jwt` is what its authorizer says."""
    body, encoded = _body(request, api.rules)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": matched.route.key,
        "rawPath": _path(request, api.rules),
        "rawQueryString": request.query,
        "cookies": [one for name, value in request.fields if name == "cookie" for one in value.split("; ")],
        "headers": _headers(request, now),
        "queryStringParameters": _joined(parse_qsl(request.query, keep_blank_values=True)),
        "requestContext": _context(request, matched, api, request_id, now)
        | ({"authorizer": {"jwt": jwt}} if jwt else {}),
        "pathParameters": dict(matched.parameters),
        "body": body,
    }
    return {key: value for key, value in event.items() if value or key == "rawQueryString"} | {
        "isBase64Encoded": encoded
    }


def _body(request: HttpRequest, rules: Rules) -> tuple[str, bool]:
    """The body as text, and whether that is base64."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if rules.is_text(media_type, request.headers.get("content-encoding", ""), request.body):
        return request.body.decode(errors="replace"), False
    return base64.b64encode(request.body).decode(), True


def _headers(request: HttpRequest, now: datetime) -> dict[str, str]:
    passed_on = {name: value for name, value in request.headers.items() if name not in _NOT_PASSED_ON}
    port = request.headers.get("host", "").partition(":")[2] or "80"
    return passed_on | {
        "content-length": str(len(request.body)),
        "x-amzn-trace-id": f"Root=1-{int(now.timestamp()):08x}-{secrets.token_hex(12)}",
        "x-forwarded-for": ", ".join(filter(None, [request.headers.get("x-forwarded-for"), request.source_ip])),
        "x-forwarded-port": port,
        "x-forwarded-proto": "http",
    }


def _path(request: HttpRequest, rules: Rules) -> str:
    return request.decoded_path if rules.decodes_path else request.path


def _context(request: HttpRequest, matched: Match, api: HttpApi, request_id: str, now: datetime) -> dict[str, Any]:
    domain = request.headers.get("host", "localhost").partition(":")[0]
    return {
        "accountId": api.rules.account,
        "apiId": api.api_id,
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": _path(request, api.rules),
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": matched.route.key,
        "stage": "$default",
        "time": now.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S %z"),
        "timeEpoch": int(now.timestamp() * 1000),
    }


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
