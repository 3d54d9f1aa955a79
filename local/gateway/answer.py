"""What a function returned as an HTTP answer, and the answers that API Gateway gives in its own words."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from local.functions import Invocation

# What belongs to the connection: the server's business, whatever the function says.
_NOT_TAKEN = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"}
TEXT = "text/plain; charset=utf-8"
_WORDS = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request Entity Too Large"}  # Python 3.13 has another phrase for it
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00\r\n]*")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: header names in lower case, each cookie a Set-Cookie."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    body: bytes = b""


class NotUnderstood(ValueError):
    """The function failed, or answered what payload format 2.0 does not allow: API Gateway makes it a 500."""


def own(status: HTTPStatus, headers: Mapping[str, str] = MappingProxyType({})) -> Answer:
    """API Gateway's own answer, with more headers if it has any: `{"message":"…"}` with the status in words."""
    body = json.dumps({"message": _WORDS.get(status, status.phrase)}, separators=(",", ":")).encode()
    return Answer(status, {"content-type": "application/json", **headers}, body=body)


def read(invocation: Invocation, default_type: str = TEXT) -> Answer:
    """The answer that an invocation means, of `default_type` if it says nothing else; raises `NotUnderstood`.

    With a `statusCode` it is the answer itself. Anything else is a 200 whose body is the payload as it is: AWS's page
    says so of valid JSON, AWS's own Lambda Test Tool found it of any
    (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
    """
    if invocation.function_error:
        raise NotUnderstood("the function failed")
    try:
        value = json.loads(invocation.payload)
    except ValueError:
        value = None
    if not isinstance(value, dict) or "statusCode" not in value:
        return Answer(HTTPStatus.OK, {"content-type": "application/json"}, body=invocation.payload)
    headers = {"content-type": default_type} | _headers(value.get("headers"))
    return Answer(_status(value["statusCode"]), headers, _cookies(value.get("cookies")), _body(value))


def _status(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or not HTTPStatus.OK <= value <= 599:  # noqa: PLR2004 - the last status there can be
        raise NotUnderstood(f"statusCode is {value!r}")
    return value


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict | None):
        raise NotUnderstood("headers is not an object")
    return {
        name.lower(): _header_value(name, one) for name, one in (value or {}).items() if name.lower() not in _NOT_TAKEN
    }


def _header_value(name: str, value: Any) -> str:
    text = json.dumps(value) if isinstance(value, bool | int | float) else value
    if not isinstance(text, str) or not _VALUE.fullmatch(text) or not _NAME.fullmatch(name):
        raise NotUnderstood(f"header {name!r} is no header")
    return text.strip()


def _cookies(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | None):
        raise NotUnderstood("cookies is not a list")
    return tuple(_header_value("set-cookie", one) for one in value or [])


def _body(value: dict[str, Any]) -> bytes:
    body = value.get("body")
    if not isinstance(body, str | None):
        raise NotUnderstood("body is not a string")
    if not value.get("isBase64Encoded"):
        return (body or "").encode(errors="replace")
    try:
        return base64.b64decode(body or "", validate=True)
    except binascii.Error:
        raise NotUnderstood("body is not base64") from None
