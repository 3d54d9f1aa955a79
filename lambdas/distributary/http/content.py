"""A request's body as bytes or text: Content-Encoding undone, limits kept, UTF-8 checked."""

import zlib

from distributary.errors import BadRequest, TooLarge, UnknownEncoding
from distributary.http.request import Request
from distributary.media_type import MediaType

MAX_RECEIVED = 4_500_000
"""Bytes as received: escaped or in base64 they must fit Lambda's 6 MB.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""
MAX_DECODED = 10 * 1024 * 1024
"""Bytes after decoding: a small body may unfold to what API Gateway takes of a large one, and no more."""

CODINGS = ("gzip", "deflate", "zstd", "identity")
_CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")
# Small pieces: what follows the end of a gzip member is copied, once a member.
_PIECE = 16 * 1024


def require_utf8(media: MediaType) -> None:
    """Raises UnknownEncoding where text is of another charset. JSON is UTF-8, whatever its type says (RFC 8259, 11)."""
    if media.charset and media.charset not in _CHARSETS and not media.is_json:
        raise UnknownEncoding("UnknownCharset", "text must be UTF-8; send it so, or as application/octet-stream")


def content(request: Request) -> bytes | str:
    """The body, decoded: text where API Gateway gave text. Raises BadRequest where it is too large or damaged.

    API Gateway replaces bytes that are no UTF-8 by U+FFFD, three bytes long, in text. As many bytes as Content-Length
    says mean that the client sent each U+FFFD itself. Three bytes of a truncated character look the same: documented.
    """
    body = request.body
    if isinstance(body, str):
        received = _utf8_length(body)
        if "\ufffd" in body and request.headers.get("content-length") != str(received):
            raise invalid_utf8()
    else:
        received = len(body)
    if received > MAX_RECEIVED:
        raise TooLarge(
            "BodyTooLarge", f"a body may have {MAX_RECEIVED:,} bytes as sent; split it into several requests"
        )
    coding = _coding(request.headers.get("content-encoding", ""))
    if coding == "identity" or isinstance(body, str) or not body:
        return body  # API Gateway gives text only where it has undone the encoding itself
    return _unpacked(body, coding)


def text_of(body: bytes | str) -> str:
    """The body as text, without a byte order mark. Raises BadRequest where it is no UTF-8."""
    try:
        text = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError:
        raise invalid_utf8() from None
    return text.removeprefix("\ufeff")


def bytes_of(body: bytes | str) -> bytes:
    """The body as bytes."""
    return body.encode() if isinstance(body, str) else body


def invalid_utf8() -> BadRequest:
    """The error for text that is no UTF-8."""
    return BadRequest("InvalidUtf8", "the body is not UTF-8; send other bytes as application/octet-stream")


def _utf8_length(text: str) -> int:
    try:
        return len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise invalid_utf8() from None


def _coding(header: str) -> str:
    names = [name.strip().lower().removeprefix("x-") for name in header.split(",") if name.strip()]
    if len(names) > 1 or not set(names) <= set(CODINGS):
        raise UnknownEncoding("UnknownContentEncoding", f"understood is one of {', '.join(CODINGS)}")
    return names[0] if names else "identity"


def _unpacked(body: bytes, coding: str) -> bytes:
    if coding == "zstd":
        return _zstd(body)
    try:
        return _inflated(body, _window(body, coding), many=coding == "gzip")
    except (zlib.error, EOFError) as error:
        raise _undecodable(coding, error) from None


def _zstd(body: bytes) -> bytes:
    from distributary.http import zstd  # noqa: PLC0415 - seldom sent, and every start would pay for it

    try:
        return zstd.decoded(body, MAX_DECODED, _too_large)
    except (zstd.DamagedZstd, EOFError) as error:
        raise _undecodable("zstd", error) from None


def _undecodable(coding: str, error: Exception) -> BadRequest:
    what = "ends too early" if isinstance(error, EOFError) else "is damaged"
    return BadRequest("InvalidContentEncoding", f"the body {what}: it cannot be decoded as {coding}")


def _too_large() -> TooLarge:
    return TooLarge("DecodedBodyTooLarge", f"a body may have {MAX_DECODED:,} bytes once it is decoded")


def _window(body: bytes, coding: str) -> int:
    """The `wbits` for zlib: `deflate` is zlib's format, yet some clients send the bare stream (RFC 9110, 8.4.1.2)."""
    if coding == "gzip":
        return 16 + zlib.MAX_WBITS
    has_header = body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS


def _inflated(body: bytes, window: int, *, many: bool) -> bytes:
    """All members of the body, one after the other. Raises EOFError, zlib.error, or TooLarge at MAX_DECODED."""
    decoded = bytearray()
    reader = zlib.decompressobj(window)
    for start in range(0, len(body), _PIECE):
        piece = body[start : start + _PIECE]
        while piece:
            if reader.eof:
                if not many:
                    raise zlib.error("more after the end")
                reader = zlib.decompressobj(window)
            decoded += reader.decompress(piece, MAX_DECODED + 1 - len(decoded))
            if len(decoded) > MAX_DECODED:
                raise _too_large()
            piece = reader.unused_data
    if not reader.eof:
        raise EOFError
    return bytes(decoded)
