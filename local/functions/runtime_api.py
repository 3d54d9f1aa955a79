"""The Lambda Runtime API of one execution environment: hands its process requests, takes its answers.

docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. One port per environment, because awslambdaric names itself
in no request; one request after the other, because its one process does one thing at a time.
"""

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from local.functions.values import RESPONSE_BYTES

_VERSION = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Request:
    """One request for the function: its JSON, and the headers that make the function's `context`."""

    request_id: str
    payload: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ready:
    """The process has asked for its next request."""


@dataclass(frozen=True)
class Answered:
    """The function's answer, or the error that it raised."""

    payload: bytes
    failed: bool


@dataclass(frozen=True)
class TooLarge:
    """The function answered with `size` bytes, more than Lambda takes."""

    size: int


@dataclass(frozen=True)
class InitFailed:
    """The function's module could not be loaded."""

    payload: bytes


@dataclass(frozen=True)
class Exited:
    """The process has ended; `status` as `Popen.returncode`."""

    status: int


Report = Ready | Answered | TooLarge | InitFailed | Exited


class RuntimeApi:
    """Listens on `address` (loopback, a free port) from the start; what the process says comes out of `reports`."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
        self.reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._current: str | None = None
        threading.Thread(target=self._serve, name=f"runtime API {self.address}", daemon=True).start()

    def hand_over(self, request: Request) -> None:
        """Gives the process this request the next time it asks."""
        self._requests.put(request)

    def close(self) -> None:
        """Stops listening."""
        self._requests.put(None)
        with contextlib.suppress(OSError):  # not connected: shutdown still wakes the accept, close alone does not
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(
            OSError
        ):  # closed, or the process died in mid-sentence: its exit is reported elsewhere
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with connection, connection.makefile("rb") as stream:
                    while self._converse(connection, stream):
                        pass

    def _converse(self, connection: socket.socket, stream: BinaryIO) -> bool:
        """Whether the process may have more to say on this connection."""
        method, _, path = stream.readline().decode("latin-1").rpartition(" ")[0].partition(" ")
        if not path:
            return False
        length = _content_length(stream)
        reply = self._next() if method == "GET" else self._take(path.removeprefix(_VERSION), stream, length)
        if reply:
            connection.sendall(reply)
        return bool(reply)

    def _next(self) -> bytes:
        self.reports.put(Ready())
        request = self._requests.get()
        if request is None:
            return b""
        self._current = request.request_id
        return _reply("200 OK", request.payload, request.headers)

    def _take(self, path: str, stream: BinaryIO, length: int) -> bytes:
        if length > RESPONSE_BYTES and path == f"/invocation/{self._current}/response":
            _discard(stream, length)
            self.reports.put(TooLarge(length))
            words = f"Exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
            return _refusal("413 Payload Too Large", "RequestEntityTooLarge", words)
        body = stream.read(length)
        if path == "/init/error":
            self.reports.put(InitFailed(body))
        elif path in {f"/invocation/{self._current}/response", f"/invocation/{self._current}/error"}:
            self._current = None
            self.reports.put(Answered(body, failed=path.endswith("error")))
        else:
            return _refusal("400 Bad Request", "InvalidRequestID", "Invalid request ID")
        return _reply("202 Accepted", b'{"status":"OK"}', {})


def _content_length(stream: BinaryIO) -> int:
    length = 0
    while (line := stream.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return length


def _discard(stream: BinaryIO, length: int) -> None:
    while length > 0 and (chunk := stream.read(min(length, 1 << 20))):
        length -= len(chunk)


def _refusal(status: str, error_type: str, error_message: str) -> bytes:
    return _reply(status, json.dumps({"errorType": error_type, "errorMessage": error_message}).encode(), {})


def _reply(status: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
