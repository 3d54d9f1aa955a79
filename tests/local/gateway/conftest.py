"""A gateway in front of functions that do as told, and clients of it."""

import contextlib
import http.client
import json
from types import SimpleNamespace

import pytest

from local.functions import Invocation
from local.gateway import Gateway, HttpApi, Route


class FakeFunctions:
    """Answers with what `act` makes of the event, and remembers the events."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict]] = []
        self.act = lambda event: {"statusCode": 202, "body": event.get("body", "")}

    def invoke(self, name: str, payload: bytes) -> Invocation:
        event = json.loads(payload)
        self.calls.append((name, event))
        done = self.act(event)
        return done if isinstance(done, Invocation) else Invocation(json.dumps(done).encode(), None, "id")


class Client:
    """One connection to a gateway."""

    def __init__(self, port: int) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.close = self.http.close

    def ask(self, method: str, path: str, body=None, **headers: str) -> http.client.HTTPResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.http.request(method, path, body, names, encode_chunked=names.get("transfer-encoding") == "chunked")
        response = self.http.getresponse()
        response.text = response.read().decode()
        return response


@pytest.fixture
def api() -> HttpApi:
    """Two routes, no `$default`."""
    return HttpApi("abc123", (Route("POST /v1/events", "ingest"), Route("GET /v1/health", "health")))


@pytest.fixture
def served(api):
    """What is served: `.functions`, `.api` (may be changed), `.log`, `.kept` (group, stream, line), `.gateway`."""
    served = SimpleNamespace(functions=FakeFunctions(), api=api, log=[], kept=[])
    served.gateway = Gateway(
        lambda: served.api,
        served.functions,
        port=0,
        log=served.log.append,
        keep=lambda *line: served.kept.append(line),
    )
    served.gateway.start()
    yield served
    served.gateway.close()


@pytest.fixture
def connect():
    """Opens a connection to a port; it is closed with the test."""
    with contextlib.ExitStack() as open_ones:
        yield lambda port: open_ones.enter_context(contextlib.closing(Client(port)))


@pytest.fixture
def client(served, connect):
    """A connection to the gateway."""
    return connect(served.gateway.port)


@pytest.fixture
def once(served, connect):
    """Asks on a connection of its own."""
    return lambda *asked, **headers: connect(served.gateway.port).ask(*asked, **headers)
