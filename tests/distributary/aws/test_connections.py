import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from distributary.aws.connections import Connections
from distributary.errors import SinkUnavailable

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
LAST = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\n\r\nabc"
MOVED = b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"


class Service:
    """Answers each request of a connection with the next bytes of its script, then closes; counts connections."""

    def __init__(self, *scripts: list[bytes], before: Callable[[], object] = lambda: None) -> None:
        self._before = before
        self._scripts = list(scripts)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.connections = 0
        self.closed = threading.Event()
        self.heads: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for script in self._scripts:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection, script), daemon=True).start()

    def _answer(self, connection: socket.socket, script: list[bytes]) -> None:
        with connection:
            for line in script:
                self.heads.append(_request(connection))
                self._before()
                connection.sendall(line)
        self.closed.set()

    def close(self) -> None:
        self._listening.close()
        self._thread.join(5)


def _request(connection: socket.socket) -> bytes:
    """All of one request: head and body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(1_000_000)
    return head


@contextmanager
def connections(
    *scripts: list[bytes], kept: int = 2, before: Callable[[], object] = lambda: None
) -> Iterator[tuple[Service, Connections]]:
    """The service, which does something `before` each answer, and connections to it."""
    service = Service(*scripts, before=before)
    yield service, Connections(service.url, kept=kept, connect=1, read=1, trust=ssl.create_default_context)
    service.close()


@pytest.mark.parametrize(
    ("line", "answer"),
    [(OK, (200, b"{}")), (CHUNKED, (500, b"abcde")), (UNTIL_CLOSED, (200, b"abc")), (MOVED, (302, b""))],
    ids=["length", "chunked", "until closed", "no redirect is followed"],
)
def test_an_answer_is_status_and_body(line, answer) -> None:
    """However its end is told."""
    with connections([line]) as (service, ours):
        assert ours.post("/path", {"host": "h", "x-a": "b"}, b"body") == answer
        assert service.heads == [b"POST /path HTTP/1.1\r\nhost: h\r\nx-a: b\r\ncontent-length: 4"]


def test_a_connection_is_used_again() -> None:
    """Ten calls, one connection."""
    with connections([OK] * 10) as (service, ours):
        assert [ours.post("/", {}, b"")[0] for _ in range(10)] == [200] * 10
        assert service.connections == 1


def test_one_that_the_other_side_closed_is_not() -> None:
    """The next call opens another, and is not lost."""
    with connections([OK], [OK]) as (service, ours):
        ours.post("/", {}, b"")
        assert service.closed.wait(5)
        assert ours.post("/", {}, b"") == (200, b"{}")
        assert service.connections == 2


def test_one_that_the_answer_ends_is_not() -> None:
    """`connection: close`."""
    with connections([LAST], [OK]) as (service, ours):
        assert ours.post("/", {}, b"") == (200, b"{}")
        assert not ours._idle
        assert ours.post("/", {}, b"") == (200, b"{}")
        assert service.connections == 2


def test_no_more_are_kept_than_allowed() -> None:
    """Here none."""
    with connections([OK], [OK], kept=0) as (service, ours):
        assert [ours.post("/", {}, b"")[0] for _ in range(2)] == [200, 200]
        assert service.connections == 2
        assert not ours._idle


def test_a_large_body_arrives_whole() -> None:
    """More than the sockets' buffers hold."""
    with connections([OK]) as (_, ours):
        assert ours.post("/", {}, b"x" * 5_000_000) == (200, b"{}")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "ConnectionResetError"),
        (b"no HTTP\r\n\r\n", "BadAnswer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", "BadAnswer"),
    ],
)
def test_what_is_no_answer_may_be_sent_again(line, code) -> None:
    """And its connection is not kept."""
    with connections([line]) as (_, ours):
        with pytest.raises(SinkUnavailable) as raised:
            ours.post("/", {}, b"")

        assert (raised.value.code, raised.value.retryable) == (code, True)
        assert not ours._idle


def test_many_threads_have_a_connection_each() -> None:
    """None waits for another's answer: here each must have asked before the first is answered."""
    asked, together = threading.Barrier(5), [OK]
    with connections(*[together] * 4, kept=4, before=asked.wait) as (service, ours):
        answers: list[int] = []
        threads = [threading.Thread(target=lambda: answers.append(ours.post("/", {}, b"")[0])) for _ in range(4)]
        for thread in threads:
            thread.start()
        asked.wait(5)
        for thread in threads:
            thread.join(5)

        assert answers == [200] * 4
        assert service.connections == 4
