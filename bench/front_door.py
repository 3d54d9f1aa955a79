"""What the local gateway adds to a request: before a function that answers at once, beside the same server bare.

Each stands in a process of its own (`python -m bench.front_door gateway`), so that its clock is its own; the first line
it prints is its port.
"""

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any, NamedTuple, Self, cast

import uvicorn

from bench.payload import request
from bench.report import markdown
from bench.runtime import process_clock
from local.functions import Functions, Invocation
from local.gateway import Gateway, HttpApi, Route

PATH = "/v1/events"
SIZES = (1, 500)
REQUESTS, WARM_UPS = 150, 20
_ANSWER = json.dumps({"statusCode": 202, "headers": {"content-type": "application/json"}, "body": "{}"}).encode()


class Cost(NamedTuple):
    """Medians of one server: seconds of a request, seconds of its CPU."""

    wall: float
    cpu: float


class Immediate:
    """Functions that answer at once."""

    def invoke(self, _name: str, _payload: bytes) -> Invocation:
        """202, whatever the event is."""
        return Invocation(_ANSWER, None, "bench")


def front_door() -> str:
    """The table: for each number of events what the gateway takes, the bare server, and the difference."""
    rows = [["events", "", "bare server, ms", "gateway, ms", "added, ms", "CPU added, ms"]]
    with ExitStack() as running:
        bare, gateway = (running.enter_context(_Server(name)) for name in SERVERS)
        for events in SIZES:
            body = json.loads(request(events))["body"].encode()
            least, found = _measured([bare, gateway], body)
            walls = (least.wall, found.wall, found.wall - least.wall, found.cpu - least.cpu)
            rows.append([str(events), "", *(f"{seconds * 1e3:.2f}" for seconds in walls)])
    return markdown(rows)


class _Server:
    """One of SERVERS in a process of its own, with a kept connection to it; ended with the block."""

    def __init__(self, name: str) -> None:
        command = [sys.executable, "-m", "bench.front_door", name]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self._connection = http.client.HTTPConnection("127.0.0.1", int(self._process.stdout.readline()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()

    def ask(self, body: bytes) -> tuple[float, float]:
        """Seconds and seconds of the server's CPU that one request takes."""
        cpu, began = process_clock(self._process.pid), time.perf_counter()
        self._connection.request("POST", PATH, body, {"content-type": "application/json"})
        answer = self._connection.getresponse()
        assert (answer.status, answer.read()) == (202, b"{}")
        return time.perf_counter() - began, process_clock(self._process.pid) - cpu


def _measured(servers: Sequence[_Server], body: bytes) -> list[Cost]:
    """Each server's cost, asked in turn, so that whatever else the machine does meets both alike."""
    samples: list[list[tuple[float, float]]] = [[] for _ in servers]
    for number in range(WARM_UPS + REQUESTS):
        for server, found in zip(servers, samples, strict=True):
            asked = server.ask(body)
            if number >= WARM_UPS:
                found.append(asked)
    return [Cost(*(median(column) for column in zip(*found, strict=True))) for found in samples]


def _serve_gateway() -> None:
    api = HttpApi("bench", (Route(f"POST {PATH}", "ingest"),))
    gateway = Gateway(lambda: api, cast("Functions", Immediate()), port=0)
    gateway.start()
    print(gateway.port, flush=True)
    time.sleep(3600)


def _serve_bare() -> None:
    """The gateway's server, uvicorn on h11, with an application that reads the body and answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(cast("Any", _bare), http="h11", lifespan="off", log_config=None, access_log=False)
    uvicorn.Server(config).run([listener])


async def _bare(scope: Any, receive: Any, send: Any) -> None:
    while scope["type"] == "http" and (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


SERVERS: dict[str, Callable[[], None]] = {"bare": _serve_bare, "gateway": _serve_gateway}

if __name__ == "__main__":
    SERVERS[sys.argv[1]]()
