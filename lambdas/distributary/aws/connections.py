"""Kept HTTP connections to one host: POST in, status and body out.

Sockets and TLS of the standard library, without what a general client adds: urllib3 costs 30 ms of a cold start and
8 MB, `http.client` a third of the CPU of a call.
"""

import select
import socket
from collections import deque
from collections.abc import Callable, Mapping
from ssl import SSLContext
from urllib.parse import urlsplit

from distributary.aws.http_answer import BadAnswer, HttpAnswer, read_answer
from distributary.errors import SinkUnavailable

_PORTS = {"http": 80, "https": 443}


class Connections:
    """At most `kept` idle connections to the URL's host; more are opened where more threads ask at once.

    `connect` and `read` are timeouts in seconds; `trust` makes the TLS context when the first connection needs it.
    """

    def __init__(self, url: str, *, kept: int, connect: float, read: float, trust: Callable[[], SSLContext]) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        self._kept = kept
        self._connect = connect
        self._read = read
        self._trust = trust
        self._idle: deque[socket.socket] = deque()

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The answer's status and body; no redirect is followed. Raises SinkUnavailable where none came in time."""
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"POST {path} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n".encode("latin-1")
        try:
            connection = self._idle_one() or self._new()
        except OSError as error:
            raise _unavailable(error) from error
        try:
            connection.sendall(head + body)
            answer = _read(connection)
        except (OSError, BadAnswer) as error:
            connection.close()
            raise _unavailable(error) from error
        if not answer.keep or len(self._idle) >= self._kept:
            connection.close()
        else:
            self._idle.append(connection)
        return answer.status, answer.body

    def _idle_one(self) -> socket.socket | None:
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

    def _new(self) -> socket.socket:
        """A connection whose next answer may take `read` seconds. Raises OSError, of which TLS's errors are."""
        connection = socket.create_connection((self._host, self._port), timeout=self._connect)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._secure:
                connection = self._trust().wrap_socket(connection, server_hostname=self._host)
        except BaseException:
            connection.close()
            raise
        connection.settimeout(self._read)
        return connection


def _read(connection: socket.socket) -> HttpAnswer:
    with connection.makefile("rb") as stream:
        return read_answer(stream)


def _unavailable(error: Exception) -> SinkUnavailable:
    return SinkUnavailable(type(error).__name__, str(error), retryable=True)


def _has_news(connection: socket.socket) -> bool:
    """Whether an idle connection has something to read: its end, or what nobody asked for."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
