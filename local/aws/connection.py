"""One connection of a client to the embedded AWS: kept for as many requests as the client makes, as AWS keeps it."""

from __future__ import annotations

import contextlib
import io
import socket
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.exceptions import InternalServerError

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

WITHOUT_BODY = (204, 304)


class Connection(MotoRequestHandler):
    """moto's request handler, without a line in the log for each request and without a connection for each.

    werkzeug's closes after each answer, because it cannot know what is left of the request: here that is read first.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # status, headers and body in one packet

    def setup(self) -> None:
        """Begins."""
        super().setup()
        open_connections(self.server).add(self.connection)

    def finish(self) -> None:
        """Ends."""
        open_connections(self.server).discard(self.connection)
        with contextlib.suppress(OSError):  # the client is gone
            super().finish()

    def run_wsgi(self) -> None:
        """Answers one request."""
        self.environ = environ = self.make_environ()
        if environ.get("wsgi.input_terminated"):
            self.close_connection = True  # the application may leave some of its chunks unread
        else:
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0)))
        try:
            status, headers, body = answer(self.server.app, environ)
        except ConnectionError as error:
            self.close_connection = True
            self.connection_dropped(error, environ)
            return
        except Exception as error:  # noqa: BLE001 - a fault of one request is no reason to stop
            self.server.log("error", "%s %s: %r", environ["REQUEST_METHOD"], environ["PATH_INFO"], error)
            self.close_connection = True
            status, headers, body = answer(InternalServerError(), environ)
        self._send(status, headers, body)

    def log_request(self, *_: Any) -> None:
        """Says nothing."""

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, words = status.partition(" ")
        self.send_response(int(code), words)
        for name, value in headers:
            self.send_header(name, value)
        if int(code) not in WITHOUT_BODY and not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def answer(application: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of what an application answers, whole."""
    started: list[Any] = []
    chunks = application(environ, lambda *given: started.__setitem__(slice(None), given))
    try:
        body = b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return str(started[0]), list(started[1]), body


def open_connections(server: BaseWSGIServer) -> set[socket.socket]:
    """The connections that a server has now."""
    found: set[socket.socket] = vars(server).setdefault("open_connections", set())
    return found


def close_connections(server: BaseWSGIServer) -> None:
    """Ends every connection: else who kept one would still be answered by a server that has stopped."""
    for connection in list(open_connections(server)):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
