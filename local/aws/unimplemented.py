"""The answer to an operation that this machine does not have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

XML = "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
CODE = "NotImplemented"


def answered(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The WSGI application with status 501 for what it does not implement: SDKs would repeat moto's 500 for long."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return application(environ, start_response)
        except NotImplementedError as error:
            kind, body = error_body(environ, str(error))
            headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("x-amzn-errortype", CODE)]
            start_response("501 Not Implemented", headers)
            return [body]

    return answer


def error_body(environ: dict[str, Any], message: str) -> tuple[str, bytes]:
    """The error in the request's own protocol: content type and body."""
    if "form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        return "text/xml", XML.format(code=CODE, message=escape(message)).encode()
    return "application/json", json.dumps({"__type": CODE, "message": message}).encode()
