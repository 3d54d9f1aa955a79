"""A Lambda Runtime API on loopback for one function process, and that process with its clocks.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import contextlib
import json
import queue
import socketserver
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

PATIENCE_SECONDS = 30.0


class FunctionFailedError(Exception):
    """The function answered with an error, another status than 202, records to come again, or not at all."""


class _Connection(socketserver.StreamRequestHandler):
    """One connection of the runtime client: parsed by hand, since its time counts as the function's."""

    server: "_Server"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the process was ended
            self._serve()

    def _serve(self) -> None:
        while request_line := self.rfile.readline():
            path = request_line.split()[1].decode()
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            body = self.rfile.read(length)
            if path.endswith("/invocation/next"):
                self.server.asked.put(time.perf_counter())
                self._hand_out(self.server.invocations.get())
            else:
                self.server.answers.put((time.perf_counter(), path, body))
                self.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    def _hand_out(self, payload: bytes | None) -> None:
        if payload is None:  # the process is being ended
            return
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
            f"Lambda-Runtime-Deadline-Ms: {int((time.time() + PATIENCE_SECONDS) * 1000)}\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n"
            f"Content-Length: {len(payload)}\r\n\r\n"
        )
        self.server.handed_out = time.perf_counter()
        self.wfile.write(head.encode() + payload)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.invocations: queue.Queue[bytes | None] = queue.Queue()
        self.answers: queue.Queue[tuple[float, str, bytes]] = queue.Queue()
        self.asked: queue.Queue[float] = queue.Queue()
        self.handed_out = 0.0


class Function:
    """A function in a process of its own, started by `start`, ended by `close`."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: IO[bytes]) -> None:
        self._command, self._environment, self._folder, self._log = command, environment, folder, log
        self._server = _Server()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, payload: bytes) -> float:
        """Seconds from the process's start to its first answer."""
        self._server.invocations.put(payload)
        started = self._started()
        return self._wait_for_answer() - started

    def ready(self) -> float:
        """Seconds from the process's start until it asks for its first event, which it is not given."""
        started = self._started()
        try:
            return self._server.asked.get(timeout=PATIENCE_SECONDS) - started
        except queue.Empty:
            raise FunctionFailedError(f"not ready, exit code {self._running().poll()}") from None

    def _started(self) -> float:
        """When the process was started."""
        host, port = self._server.server_address[:2]
        environment = {**self._environment, "AWS_LAMBDA_RUNTIME_API": f"{host!s}:{port}"}
        started = time.perf_counter()
        self._process = subprocess.Popen(
            self._command,
            env=environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        return started

    def invoke(self, payload: bytes) -> float:
        """Seconds from handing the event out to the last byte of its answer."""
        self._server.invocations.put(payload)
        return self._wait_for_answer() - self._server.handed_out

    def cpu_seconds(self) -> float:
        """User and system time of the process so far, its threads included, ended ones too."""
        return process_clock(self._running().pid)

    def peak_bytes(self) -> int:
        """The most physical memory that the process has held."""
        status = Path(f"/proc/{self._running().pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))

    def close(self) -> None:
        """End the process and its Runtime API."""
        if self._process:
            self._process.kill()
            self._process.wait()
        self._server.invocations.put(None)
        self._server.shutdown()
        self._server.server_close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise FunctionFailedError("not started")
        return self._process

    def _wait_for_answer(self) -> float:
        """When the answer came. Raises FunctionFailedError unless all is well."""
        give_up = time.perf_counter() + PATIENCE_SECONDS
        while True:
            try:
                came, path, body = self._server.answers.get(timeout=0.5)
            except queue.Empty:
                if self._running().poll() is not None or time.perf_counter() > give_up:
                    raise FunctionFailedError(f"no answer, exit code {self._running().poll()}") from None
                continue
            _check(path, body)
            return came


def process_clock(pid: int) -> float:
    """Seconds of CPU that a process has used, all its threads, ended ones too."""
    # Linux's clock of another process (clock_getcpuclockid(3)): nanoseconds, where /proc counts in 10 ms.
    return time.clock_gettime((~pid << 3) | 2)


def _check(path: str, body: bytes) -> None:
    answer: dict[str, Any] = json.loads(body) if path.endswith("/response") else {}
    if answer.get("statusCode") != 202 and answer.get("batchItemFailures") != []:
        raise FunctionFailedError(f"{path}: {body[:2000]!r}")
