"""A request to S3, taken as S3 takes it: the body as it was sent, and no header that S3 refuses.

moto 5.2.5 parses a body whose Content-Type is a form's, whatever the method, and stores what is left of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from moto.core.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MOST_HEADER_BYTES = 8 * 1024
"""Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"""

TOO_LARGE = "RequestHeaderSectionTooLarge"
"""Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""


@contextmanager
def bodies_as_sent() -> Iterator[None]:
    """Inside it, only a POST may hold a form: no API of AWS takes one by another method."""
    own = Request.want_form_data_parsed
    Request.want_form_data_parsed = property(is_post)  # type: ignore[method-assign,assignment]  # werkzeug's own hook
    try:
        yield
    finally:
        Request.want_form_data_parsed = own  # type: ignore[method-assign]  # likewise


def is_post(request: Request) -> bool:
    """Whether the request may hold a form."""
    return request.method == "POST" and bool(request.environ.get("CONTENT_TYPE"))


def headers_checked(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The WSGI application behind S3's own checks of headers; every other service's request passes as it is."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        fault = header_fault(environ) if is_s3(environ) else None
        if fault is None:
            return application(environ, start_response)
        status, code, message = fault
        body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>".encode()
        start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def is_s3(environ: Mapping[str, Any]) -> bool:
    """Whether the request is signed for S3."""
    return "/s3/aws4_request" in environ.get("HTTP_AUTHORIZATION", "")


def header_fault(environ: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The status, code and message with which S3 refuses the headers; None where it takes them."""
    headers = {name.removeprefix("HTTP_"): str(value) for name, value in environ.items() if is_header(name)}
    if sum(len(name) + len(value) + len(": \r\n") for name, value in headers.items()) > MOST_HEADER_BYTES:
        message = "The request header and query parameters used to make the request exceed the maximum allowed size."
        return "400 Bad Request", TOO_LARGE, message
    if odd := [name for name, value in headers.items() if not value.isascii()]:
        # S3 reads other bytes than the SDK has signed, as everyone finds out who puts an umlaut into a header.
        message = f"The request signature we calculated does not match the signature you provided: {', '.join(odd)}"
        return "403 Forbidden", "SignatureDoesNotMatch", message
    return None


def is_header(name: str) -> bool:
    """Whether a name in the WSGI environment is a header's."""
    return name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
