"""An HTTP server in front of an endpoint that loses requests and answers, and refuses as API Gateway does, in turn."""

import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from commands.post import request

TURNS = ("lose request", "pass", "lose answer", 503, "pass", 429, "pass", "lose half of answer", "pass")
_RESET = struct.pack("ii", 1, 0)


class Front:
    """What happened: `turns` counts each kind, `passed` how often the endpoint got a request of each key."""

    def __init__(self, endpoint: str, turns: Sequence[str | int] = TURNS) -> None:
        self.turns: Counter[str | int] = Counter()
        self.passed: Counter[str] = Counter()
        self._lock = threading.Lock()
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                key = self.headers["idempotency-key"]
                with front._lock:
                    turn = turns[front.turns.total() % len(turns)]
                    front.turns[turn] += 1
                    front.passed[key] += isinstance(turn, str) and turn != "lose request"
                if isinstance(turn, int):
                    self._answer(turn, {}, b'{"message":"as planned"}')
                elif turn == "lose request":
                    self._reset()
                else:
                    self._forward(body, turn)

            def do_OPTIONS(self) -> None:
                self._forward(None, "pass")

            def _forward(self, body: bytes | None, turn: str) -> None:
                answer = request(endpoint, self.command, self.path, headers=dict(self.headers.items()), body=body)
                if turn == "lose answer":
                    self._reset()
                elif turn == "lose half of answer":
                    self._answer(answer.status, answer.headers, answer.body, len(answer.body) // 2)
                    self._reset()
                else:
                    self._answer(answer.status, answer.headers, answer.body)

            def _answer(self, status: int, headers: dict[str, str], body: bytes, sent: int | None = None) -> None:
                self.send_response_only(status)
                for name, value in headers.items():
                    if name not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:sent])

            def _reset(self) -> None:
                self.close_connection = True
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self.connection.close()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A connection that was reset on purpose is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}"


@contextmanager
def flaky_front(endpoint: str) -> Iterator[Front]:
    """The front, until the block ends."""
    front = Front(endpoint)
    threading.Thread(target=front.server.serve_forever, daemon=True).start()
    try:
        yield front
    finally:
        front.server.shutdown()
        front.server.server_close()
