import io
from http.client import HTTPException, HTTPResponse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.aws.http_answer import MAX_HEADERS, MAX_LINE, BadAnswer, HttpAnswer, read_answer


def answered(raw: bytes) -> HttpAnswer:
    """The answer that the bytes are."""
    return read_answer(io.BytesIO(raw))


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", (200, b"{}", True)),
        (b"HTTP/1.1 200\r\ncontent-length:2\r\n\r\n{}", (200, b"{}", True)),
        (b"HTTP/1.1 200 OK\ncontent-length: 2\n\n{}", (200, b"{}", True)),
        (b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx: a:b\r\n\r\n", (400, b"", True)),
        (b"HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 1\r\n\r\na", (200, b"a", False)),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na", (200, b"a", False)),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\ncontent-length: 1\r\n\r\na", (200, b"a", True)),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", (200, b"until the end", False)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"", True)),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na", (200, b"a", True)),
        (b"HTTP/1.1 103 Early\r\nx: y\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na", (200, b"a", True)),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n5;x=y\r\n01234\r\n0\r\nt: 1\r\n\r\n",
            (200, b"abc01234", True),
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", (200, b"", True)),
    ],
)
def test_an_answer_is_read_to_its_end(raw: bytes, answer: tuple[int, bytes, bool]) -> None:
    """However that is told, and nothing behind it."""
    stream = io.BytesIO(raw + (b"" if answer[1].startswith(b"until") else b"more"))

    assert read_answer(stream) == answer
    assert stream.read() in (b"more", b"")


@pytest.mark.parametrize(
    "raw",
    [
        b"no HTTP\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1_0\r\n\r\n0123456789",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 " + b"x" * MAX_LINE + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"x" * MAX_LINE + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * (MAX_HEADERS + 1) + b"\r\n",
    ],
)
def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    """And never taken for one that is shorter."""
    with pytest.raises(BadAnswer):
        answered(raw)


def test_a_connection_that_ends_at_once_was_closed() -> None:
    """As the operating system would call it."""
    with pytest.raises(ConnectionResetError):
        answered(b"")


class _Socket:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._raw)


LINES = [b"HTTP/1.1 200 OK", b"HTTP/1.1 400 Bad Request", b"HTTP/1.0 500 Oh"]
NAMES = st.sampled_from([b"content-type", b"Date", b"x-amzn-RequestId", b"Connection", b"x"])
VALUES = st.sampled_from([b"a", b"close", b"keep-alive", b" b ", b"", b"c, d", b"e:f"])
HEADERS = st.dictionaries(NAMES, VALUES, max_size=4)


def framed(body: bytes, how: str) -> tuple[bytes, bytes]:
    """The header that tells where a body ends, and the body as it is sent then."""
    if how == "length":
        return b"Content-Length: %d\r\n" % len(body), body
    if how == "chunked":
        chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
        return b"Transfer-Encoding: chunked\r\n", chunk + b"0\r\n\r\n"
    return b"", body


@given(
    st.sampled_from(LINES),
    HEADERS,
    st.binary(max_size=50),
    st.sampled_from(["length", "chunked", "end"]),
    st.integers(0, 5),
)
def test_it_reads_what_http_client_reads(
    line: bytes, headers: dict[bytes, bytes], body: bytes, how: str, cut: int
) -> None:
    """Status, body and whether the connection may be kept; where the answer is cut short, both refuse it."""
    header, sent = framed(body, how)
    fields = b"".join(b"%s: %s\r\n" % pair for pair in headers.items())
    raw = b"%s\r\n%s%s\r\n%s" % (line, fields, header, sent)
    if how == "length":
        raw = raw[: len(raw) - min(cut, len(body))]
    theirs = HTTPResponse(_Socket(raw), method="POST")  # type: ignore[arg-type]  # all that it asks of a socket
    theirs.begin()
    try:
        expected = HttpAnswer(theirs.status, theirs.read(), not theirs.will_close)
    except HTTPException:
        with pytest.raises(BadAnswer):
            answered(raw)
    else:
        assert answered(raw) == expected
