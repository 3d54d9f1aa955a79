import gzip
import zlib

import pytest

from distributary.errors import BadRequest, TooLarge, UnknownEncoding
from distributary.http.content import MAX_DECODED, MAX_RECEIVED, bytes_of, content, require_utf8, text_of
from distributary.http.request import Request
from distributary.media_type import MediaType

PLAIN = b'{"a":"\xc3\xa9"}'


def request(body: bytes | str, **headers: str) -> Request:
    """A request with that body; underscores in header names stand for hyphens."""
    return Request("POST", "/v1/events", {name.replace("_", "-"): text for name, text in headers.items()}, body=body)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (PLAIN, ""),
        (PLAIN.decode(), ""),
        (gzip.compress(PLAIN, mtime=0), "gzip"),
        (PLAIN.decode(), "gzip"),
        (zlib.compress(PLAIN), "deflate"),
        (PLAIN.decode(), "deflate"),
        (zlib.compress(PLAIN, wbits=-15), "deflate"),
    ],
)
def test_a_body_arrives_in_three_ways(body: bytes | str, encoding: str) -> None:
    """The base64 of its bytes, text, and text that is unpacked already although the header still says gzip."""
    found = content(request(body, content_encoding=encoding))

    assert text_of(found) == PLAIN.decode()
    assert bytes_of(found) == PLAIN


def test_the_limit_on_received_bytes_is_exact() -> None:
    """4,500,000 bytes are taken, one more is not; text counts in UTF-8."""
    assert len(content(request(b"x" * MAX_RECEIVED))) == MAX_RECEIVED
    assert len(content(request("é" * (MAX_RECEIVED // 2)))) == MAX_RECEIVED // 2
    for body in (b"x" * (MAX_RECEIVED + 1), "é" * (MAX_RECEIVED // 2) + "x", "x" * (MAX_RECEIVED + 1)):
        with pytest.raises(TooLarge, match="BodyTooLarge"):
            content(request(body))


@pytest.mark.parametrize(("encoding", "window"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_the_limit_on_decoded_bytes_is_exact(encoding: str, window: int) -> None:
    """10 MiB are unpacked, one byte more is not."""
    assert (
        len(content(request(zlib.compress(bytes(MAX_DECODED), wbits=window), content_encoding=encoding))) == MAX_DECODED
    )
    with pytest.raises(TooLarge, match="DecodedBodyTooLarge"):
        content(request(zlib.compress(bytes(MAX_DECODED + 1), wbits=window), content_encoding=encoding))


def test_unpacking_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies behind the limit is never unpacked: a broken end there is not even seen."""
    monkeypatch.setattr("distributary.http.content.MAX_DECODED", 1000)
    with pytest.raises(TooLarge):
        content(request(gzip.compress(bytes(5000))[:-8] + b"garbage", content_encoding="gzip"))


@pytest.mark.parametrize("cut", range(1, len(gzip.compress(PLAIN, mtime=0))))
def test_gzip_is_whole_or_refused(cut: int) -> None:
    """Wherever a gzip body is cut, it is refused."""
    with pytest.raises(BadRequest, match="InvalidContentEncoding"):
        content(request(gzip.compress(PLAIN, mtime=0)[:cut], content_encoding="gzip"))


def test_members_that_end_between_two_pieces_are_read() -> None:
    """Many gzip members of many sizes, whatever boundaries they fall on, are one body."""
    parts = [bytes([size % 251]) * size for size in range(0, 3000, 7)]

    packed = b"".join(zlib.compress(part, 0, wbits=31) for part in parts)

    assert content(request(packed, content_encoding="gzip")) == b"".join(parts)


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ("efbfbd", True),
        ("efbfbd41c3a9efbfbd", True),
        ("ff", False),
        ("e282", False),
        ("eda080", False),
        ("ffefbfbd", False),
        ("efbfbdff", False),
        ("f09f", False),
        ("f09f98", True),  # nobody can tell: one U+FFFD stands for three bytes, and is three bytes long
    ],
)
def test_text_with_the_replacement_character_is_as_long_as_it_was_sent(sent: str, taken: bool) -> None:
    """API Gateway puts U+FFFD where bytes were no UTF-8, which the length of the body shows."""
    body = b'{"a":"' + bytes.fromhex(sent) + b'"}'
    text = body.decode(errors="replace")  # as API Gateway does

    received = request(text, content_length=str(len(body)))

    if taken:
        assert content(received) == text
    else:
        with pytest.raises(BadRequest, match=r"InvalidUtf8.*application/octet-stream"):
            content(received)


@pytest.mark.parametrize(
    "headers", [{}, {"content_length": "10"}, {"content_length": "12", "content_encoding": "gzip"}]
)
def test_a_replacement_character_without_its_length_is_refused(headers: dict[str, str]) -> None:
    """No Content-Length, or one of something else: of the packed body, say."""
    with pytest.raises(BadRequest, match="InvalidUtf8"):
        content(request('{"a":"\ufffd"}', **headers))


def test_a_replacement_character_in_bytes_is_a_character() -> None:
    """API Gateway replaces nothing in a body that it hands over as base64."""
    assert content(request('{"a":"\ufffd"}'.encode())) == '{"a":"\ufffd"}'.encode()


def test_text_that_no_utf8_can_say_is_refused() -> None:
    """Half a surrogate pair in text is an answer, not a crash."""
    with pytest.raises(BadRequest, match="InvalidUtf8"):
        content(request('{"a":"\ud800"}'))


@pytest.mark.parametrize(
    ("kind", "understood"),
    [
        ("text/plain", True),
        ("text/plain; charset=utf-8", True),
        ("text/plain; charset=UTF8", True),
        ("text/plain; charset=us-ascii", True),
        ('text/plain; charset="ascii"', True),
        ("text/plain; charset=latin1", False),
        ("application/json; charset=latin1", True),
        ("application/vnd.api+json; charset=utf8mb4", True),
    ],
)
def test_text_must_be_utf8_and_json_is(kind: str, understood: bool) -> None:
    """Text in another charset is a request that we do not speak; JSON has no other, whatever its type says."""
    media = MediaType.read(kind)

    if understood:
        require_utf8(media)
    else:
        with pytest.raises(UnknownEncoding, match="UnknownCharset"):
            require_utf8(media)
