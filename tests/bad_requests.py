"""The requests under tests/cases as bytes on the wire, and what every answer to a bad one must say."""

import gzip
import json
import sys
import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributary.http.request import Request

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CASES = Path(__file__).parent / "cases"
# What API Gateway hands to a function as text; all else, and whatever has a Content-Encoding, comes as base64.
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript")


@dataclass(frozen=True)
class Case:
    """One request as it goes over the wire, and what is expected of its answer."""

    name: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    expect: Mapping[str, Any]
    sniff: bool = True
    """Whether the stage takes a JSON object for JSON whatever its type."""

    @property
    def url(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def received(self, **more: Any) -> Request:
        """The request as API Gateway hands it over."""
        kind = self.headers.get("content-type", "")
        is_text = kind.startswith(TEXT_TYPES) and "content-encoding" not in self.headers
        body = self.body.decode(errors="replace") if is_text else self.body
        headers = {"content-length": str(len(self.body)), **self.headers}
        about: dict[str, Any] = {"id": "request-1", "time": 1_700_000_000.0, **more}
        return Request(self.method, self.path, headers, self.query, body, **about)


def load(name: str) -> list[Case]:
    """The cases of a file under tests/cases."""
    return [_case(case) for case in json.loads((CASES / name).read_text(encoding="utf-8"))]


def build(part: Any) -> bytes:
    """Bytes from their description: text, or an object whose first member names one of `_MAKERS`."""
    return part.encode() if isinstance(part, str) else _MAKERS[next(iter(part))](part)


def _flipped(body: bytes, place: int) -> bytes:
    flipped = bytearray(body)
    flipped[place] ^= 0xFF
    return bytes(flipped)


def with_window(body: bytes, log: int) -> bytes:
    """A frame that says so large a window, without the size of its content."""
    options = {zstd.CompressionParameter.window_log: log, zstd.CompressionParameter.content_size_flag: 0}
    writer = zstd.ZstdCompressor(options=options)
    return writer.compress(body) + writer.flush()


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], bytes]] = {
    "text": lambda part: part["text"].encode(part["charset"]),
    "hex": lambda part: bytes.fromhex(part["hex"]),
    "repeat": lambda part: build(part["repeat"]) * part["times"],
    "concat": lambda part: b"".join(build(inner) for inner in part["concat"]),
    "gzip": lambda part: gzip.compress(build(part["gzip"]), mtime=0),
    "zlib": lambda part: zlib.compress(build(part["zlib"])),
    "deflate": lambda part: zlib.compress(build(part["deflate"]), wbits=-zlib.MAX_WBITS),
    "zstd": lambda part: zstd.compress(build(part["zstd"])),
    "zstd_window": lambda part: with_window(build(part["of"]), part["zstd_window"]),
    "first": lambda part: build(part["of"])[: part["first"]],
    "flip": lambda part: _flipped(build(part["of"]), part["flip"]),
}


def faults_of(case: Case, status: int, headers: Mapping[str, str], body: str) -> list[str]:
    """What is wrong with the answer to a bad request: nothing, where it keeps to the contract and to the case."""
    expect = case.expect
    document = json.loads(body)
    rejected = [event for event in document.get("events", []) if event["status"] == "rejected"]
    errors = document.get("errors") or [event["error"] for event in rejected]
    found: dict[str, Any] = {
        "status": status,
        "code": document.get("code"),
        "pointer": errors[0]["pointer"] if errors else None,
        "event_codes": _event_codes(document),
        "lines": [event.get("line") for event in rejected],
        "content_type": headers["content-type"],
        **{name: headers.get(name) for name in expect.get("headers", {})},
    }
    content_type = "application/json" if status == 202 else "application/problem+json"
    wanted = {"code": None, "pointer": None, "content_type": content_type, **expect, **expect.get("headers", {})}
    wanted.pop("headers", None)
    wrong = [f"{name}: {found[name]!r}, expected {value!r}" for name, value in wanted.items() if found[name] != value]
    return wrong + _unfaithful(document, status)


def _unfaithful(document: Mapping[str, Any], status: int) -> list[str]:
    """What breaks the contract whatever the case expects."""
    wrong = []
    if "events" in document:
        counts = [document["accepted"], document["rejected"], document["retry"]]
        if sum(counts) != len(document["events"]):
            wrong.append(f"{counts} do not add up to {len(document['events'])} events")
    if status != 202 and {"type", "title", "status", "detail", "instance"} - set(document):
        wrong.append("no problem document")
    return wrong


def _event_codes(document: Mapping[str, Any]) -> list[str | None] | None:
    """For each event its error's code, None where it was taken."""
    if "events" not in document:
        return None
    return [event.get("error", {}).get("code") for event in document["events"]]


def _case(case: Mapping[str, Any]) -> Case:
    request = case["request"]
    path, _, query = request.get("path", "/v1/events").partition("?")
    body = build(request["body_builder"]) if "body_builder" in request else request.get("body", "").encode()
    if "body_base64" in request:
        body = b64decode(request["body_base64"])
    return Case(
        name=case["name"],
        method=request.get("method", "POST"),
        path=path,
        query=query,
        headers=request.get("headers", {}),
        body=body,
        expect=case["expect"],
        sniff=case.get("sniff", True),
    )
