"""Kept HTTP connections to one host: POST in, status and body out.

The standard library's `http.client` without what a general client adds: urllib3 costs 30 ms of a cold start and 8 MB.
"""

import select
from collections import deque
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ssl import SSLContext
from urllib.parse import urlsplit

from distributary.errors import SinkUnavailable


class Connections:
    """At most `kept` idle connections to the URL's host; more are opened where more threads ask at once.

    `connect` and `read` are timeouts in seconds; `trust` makes the TLS context when the first connection needs it.
    """

    def __init__(self, url: str, *, kept: int, connect: float, read: float, trust: Callable[[], SSLContext]) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._kept = kept
        self._connect = connect
        self._read = read
        self._trust = trust
        self._idle: deque[HTTPConnection] = deque()

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The answer's status and body; no redirect is followed. Raises SinkUnavailable where none came in time."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {path} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n".encode("latin-1")
        connection = self._idle_one() or self._new()
        try:
            if connection.sock is None:
                connection.connect()
                connection.sock.settimeout(self._read)  # type: ignore[attr-defined]  # it is connected now
            connection.sock.sendall(head + body)
            response = HTTPResponse(connection.sock, method="POST")
            response.begin()
            content = response.read()
        except (OSError, HTTPException) as error:
            connection.close()
            raise SinkUnavailable(type(error).__name__, str(error), retryable=True) from error
        if response.will_close or len(self._idle) >= self._kept:
            connection.close()
        else:
            self._idle.append(connection)
        return response.status, content

    def _idle_one(self) -> HTTPConnection | None:
        """The one that was used last, if the other side has not closed it meanwhile."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was quicker
                return None
            if not _has_news(connection):
                return connection
            connection.close()
        return None

    def _new(self) -> HTTPConnection:
        if self._secure:
            return HTTPSConnection(self._host, self._port, timeout=self._connect, context=self._trust())
        return HTTPConnection(self._host, self._port, timeout=self._connect)


def _has_news(connection: HTTPConnection) -> bool:
    """Whether an idle connection has something to read: its end, or what nobody asked for."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))
