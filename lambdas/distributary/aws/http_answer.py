"""Reads one HTTP/1.1 answer from a stream: status line, headers, and the body to its end.

Our own, since `http.client` reads headers with its e-mail parser: a third of the CPU of a call to AWS, and several
milliseconds of a cold start. Source: https://www.rfc-editor.org/rfc/rfc9112
"""

import re
from typing import BinaryIO, NamedTuple

MAX_LINE = 65_536
"""Bytes of a status line, a header or a chunk's size."""
MAX_HEADERS = 200

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) (\d{3})(?: [^\r\n]*)?\r?\n")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_LENGTH = re.compile(rb"\d{1,18}")
_INTERIM, _SWITCHING = range(100, 200), 101
_BODILESS = (204, 304)


class BadAnswer(Exception):
    """What came is no HTTP/1.1 answer, or ends too early."""


class HttpAnswer(NamedTuple):
    """An answer; `keep` says whether its connection may be used again."""

    status: int
    body: bytes
    keep: bool


def read_answer(stream: BinaryIO) -> HttpAnswer:
    """The next answer, interim ones (1xx) left out. Raises BadAnswer; ConnectionResetError where nothing came."""
    minor, status = _status(stream)
    headers = _headers(stream)
    while status in _INTERIM and status != _SWITCHING:
        minor, status = _status(stream)
        headers = _headers(stream)
    connection = headers.get(b"connection", b"").lower()
    keep = b"close" not in connection and (minor == b"1" or b"keep-alive" in connection)
    if status in _BODILESS:
        return HttpAnswer(status, b"", keep)
    if coding := headers.get(b"transfer-encoding"):
        if coding.lower() != b"chunked":
            raise BadAnswer(f"transfer-encoding: {coding.decode('latin-1')[:100]}")
        return HttpAnswer(status, _chunked(stream), keep)
    if (length := headers.get(b"content-length")) is None:
        return HttpAnswer(status, stream.read(), keep=False)
    if not _LENGTH.fullmatch(length):
        raise BadAnswer(f"content-length: {length.decode('latin-1')[:100]}")
    return HttpAnswer(status, _exactly(stream, int(length)), keep)


def _status(stream: BinaryIO) -> tuple[bytes, int]:
    line = stream.readline(MAX_LINE)
    if not line:
        raise ConnectionResetError("the connection was closed without an answer")
    if not (found := _STATUS_LINE.fullmatch(line)):
        raise BadAnswer(f"a status line such as {line[:100]!r}")
    return found[1], int(found[2])


def _headers(stream: BinaryIO) -> dict[bytes, bytes]:
    """The headers by their names in lower case; values of a repeated one are joined, so that two lengths are none."""
    headers: dict[bytes, bytes] = {}
    for _ in range(MAX_HEADERS):
        line = stream.readline(MAX_LINE)
        if line in (b"\r\n", b"\n"):
            return headers
        name, colon, value = line.partition(b":")
        if not colon or not line.endswith(b"\n"):
            raise BadAnswer(f"a header such as {line[:100]!r}")
        name, value = name.lower(), value.strip()
        headers[name] = headers[name] + b", " + value if name in headers else value
    raise BadAnswer(f"more than {MAX_HEADERS} headers")


def _chunked(stream: BinaryIO) -> bytes:
    parts: list[bytes] = []
    while True:
        line = stream.readline(MAX_LINE)
        if not (found := _CHUNK.fullmatch(line)):
            raise BadAnswer(f"a chunk that begins with {line[:100]!r}")
        if not (size := int(found[1], 16)):
            _headers(stream)  # the trailer, which says nothing to us
            return b"".join(parts)
        parts.append(_exactly(stream, size))
        if stream.readline(MAX_LINE) not in (b"\r\n", b"\n"):
            raise BadAnswer("a chunk that is longer than it says")


def _exactly(stream: BinaryIO, length: int) -> bytes:
    body = stream.read(length)
    if len(body) < length:
        raise BadAnswer(f"{len(body)} of {length} bytes, then the end")
    return body
