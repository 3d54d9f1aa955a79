"""An HTTP server in front of an endpoint that loses requests and answers, and refuses as API Gateway does, in turn."""

import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from commands.post import request

TURNS = ("lose request", "pass", "lose answer", 503, "pass", 429, "pass", "lose half of answer", "pass")
_RESET = struct.pack("ii", 1, 0)
_OF_A_CONNECTION = ("content-length", "transfer-encoding", "connection")


class Front(ThreadingHTTPServer):
    """What happened: `turns` counts each kind, `answers` the endpoint's own by status.

    `passed` is how often the endpoint got a request of each Idempotency-Key.
    """

    daemon_threads = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint = endpoint
        self.url = f"http://localhost:{self.server_port}"
        self.turns: Counter[str | int] = Counter()
        self.answers: Counter[int] = Counter()
        self.passed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def next_turn(self, key: str) -> str | int:
        """What happens to a request: a status answers it."""
        with self._lock:
            turn = TURNS[self.turns.total() % len(TURNS)]
            self.turns[turn] += 1
            self.passed[key] += isinstance(turn, str) and turn != "lose request"
        return turn

    def handle_error(self, *_: object) -> None:
        """A connection that was reset on purpose is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        turn = self.server.next_turn(self.headers["idempotency-key"])
        if isinstance(turn, int):
            self._answer(turn, {}, b'{"message":"as planned"}')
        elif turn == "lose request":
            self._reset()
        else:
            self._forward(body, turn)

    def do_OPTIONS(self) -> None:
        self._forward(None, "pass")

    def _forward(self, body: bytes | None, turn: str) -> None:
        headers = dict(self.headers.items())
        answer = request(self.server.endpoint, self.command, self.path, headers=headers, body=body)
        self.server.answers[answer.status] += 1
        if turn != "lose answer":
            self._answer(answer.status, answer.headers, answer.body, whole=turn == "pass")
        if turn != "pass":
            self._reset()

    def _answer(self, status: int, headers: dict[str, str], body: bytes, *, whole: bool = True) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name not in _OF_A_CONNECTION:
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if whole else body[: len(body) // 2])

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def flaky_front(endpoint: str) -> Iterator[Front]:
    """The front, until the block ends."""
    front = Front(endpoint)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    try:
        yield front
    finally:
        front.shutdown()
        front.server_close()
