"""CloudEvents 1.0 as they are posted: the JSON format and the headers of binary mode, checked attribute by attribute.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and …/formats/json-format.md,
…/bindings/http-protocol-binding.md beside it.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from distributary.errors import BadEvent
from distributary.json_text.place import member
from distributary.json_text.text import Element

MAX_ATTRIBUTES = 1_000
"""Members of a CloudEvent in JSON: each is checked by itself, and half a million of them took seconds."""

_NAME = re.compile("[a-z0-9]+")
_DATA = ("data", "data_base64")
_REQUIRED = ("id", "source", "type")
_NEVER_EMPTY = (*_REQUIRED, "subject", "datacontenttype", "dataschema")
DISALLOWED = re.compile(
    "[\0-\x1f\x7f-\x9f\ufdd0-\ufdef" + "".join(chr(n << 16 | x) for n in range(17) for x in (0xFFFE, 0xFFFF)) + "]"
)
"""What the type String disallows: control characters and noncharacters."""
_TIME = re.compile(
    r"\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|[12]\d))"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII | re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\(.)")
_INTEGERS = range(-(2**31), 2**31)


def structured(element: Element) -> tuple[dict[str, Any], str | bytes | None, Any]:
    """The attributes, the data as posted and its value, of a CloudEvent in JSON. Raises BadEvent."""
    members = element.value
    if not isinstance(members, dict):
        raise _invalid("a CloudEvent must be a JSON object")
    if len(members) > MAX_ATTRIBUTES:
        raise _invalid(f"a CloudEvent has at most {MAX_ATTRIBUTES:,} members, data included")
    attributes = {name: value for name, value in members.items() if name not in _DATA and value is not None}
    _check(attributes)
    encoded = members.get("data_base64")
    if encoded is not None:
        if members.get("data") is not None:
            raise _invalid("a CloudEvent has data or data_base64, not both", "/data_base64")
        return attributes, _decoded(encoded), None
    if "data" in members:
        last = next(reversed(members)) == "data"
        return attributes, member(element.text, "data", last=last), members["data"]
    return attributes, None, None


def in_headers(headers: Mapping[str, str]) -> bool:
    """Whether the request is a CloudEvent in binary mode: any `ce-` header says so, also without `ce-specversion`."""
    return any(name.startswith("ce-") for name in headers)


def from_headers(headers: Mapping[str, str]) -> dict[str, Any]:
    """The attributes that `ce-*` headers carry, percent-decoded. Raises BadEvent."""
    attributes = {name[3:]: _unescaped(name[3:], text) for name, text in headers.items() if name.startswith("ce-")}
    attributes.pop("datacontenttype", None)  # Content-Type says it in this mode
    if "specversion" not in attributes:
        raise _invalid("ce-specversion is missing: a request with ce- headers is a CloudEvent", "/specversion")
    _check(attributes)
    return attributes


def _check(attributes: Mapping[str, Any]) -> None:
    if attributes.get("specversion") != "1.0":
        raise _invalid('specversion must be "1.0"', "/specversion")
    for name in _REQUIRED:
        if name not in attributes:
            raise _invalid(f"{name} is missing", f"/{name}")
    for name, value in attributes.items():
        _check_attribute(name, value)
    if "time" in attributes and not _TIME.fullmatch(str(attributes["time"])):
        raise _invalid("time must be as RFC 3339 has it: 2026-01-31T23:59:59Z", "/time")


def _check_attribute(name: str, value: Any) -> None:
    if not _NAME.fullmatch(name) or name in _DATA:
        raise _invalid("an attribute's name must be of a-z and 0-9")
    if isinstance(value, str):
        if not value.isprintable() and DISALLOWED.search(value):
            raise _invalid(f"{name} has a control character or a noncharacter", f"/{name}")
        if not value and name in _NEVER_EMPTY:
            raise _invalid(f"{name} is empty", f"/{name}")
    elif name in _NEVER_EMPTY or name == "time":
        raise _invalid(f"{name} must be a string", f"/{name}")
    elif not isinstance(value, bool) and not (isinstance(value, int) and value in _INTEGERS):
        raise _invalid(f"{name} must be a string, a Boolean or an integer of 32 bits", f"/{name}")


def _decoded(encoded: Any) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise _invalid("data_base64 must be a string in base64", "/data_base64") from None


def _unescaped(name: str, text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = _ESCAPED.sub(r"\1", text[1:-1])
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _invalid("a ce- header must be percent-encoded UTF-8", f"/{name}") from None


def _invalid(detail: str, pointer: str = "") -> BadEvent:
    return BadEvent("InvalidEvent", detail, pointer)
