"""clients/ against the deployed stack: what is lost on the way, and what a sink and its retry queue refuse."""

import itertools
import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import Pages, page
from real_client import ROOT
from snippets import snippet

from commands.read_back import kinesis_records, wait_for

PYTHON = ROOT / "clients/python"
JAVASCRIPT = ROOT / "clients/javascript/distributary-client.js"
EVENTS = 60
FATES = ("request lost", "passes", "answer lost", "throttled", "answer lost")
"""What becomes of the first requests, on the way to the endpoint and back; the others pass."""


class Unreliable(ThreadingHTTPServer):
    """Stands in front of the endpoint and loses requests and answers; `seen` counts what became of them."""

    daemon_threads = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.endpoint = endpoint
        self.fates = itertools.chain(FATES, itertools.repeat("passes"))
        self.seen: Counter[str] = Counter()
        self.url = f"http://localhost:{self.server_port}"


class Passing(BaseHTTPRequestHandler):
    """Passes a request on, or not."""

    protocol_version = "HTTP/1.1"
    server: Unreliable

    def do_OPTIONS(self) -> None:
        """A page's preflight always passes."""
        self._pass(None)

    def do_POST(self) -> None:
        """One request and its fate."""
        body = self.rfile.read(int(self.headers["content-length"]))
        fate = next(self.server.fates)
        self.server.seen[fate] += 1
        if fate == "request lost":
            self.close_connection = True
        elif fate == "throttled":
            self._answer(429, [("access-control-allow-origin", "*")], b'{"message":"Too Many Requests"}')
        else:
            self._pass(body, answered=fate == "passes")

    def _pass(self, body: bytes | None, *, answered: bool = True) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        request = urllib.request.Request(self.server.endpoint + self.path, body, headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, sent, said = answer.status, answer.getheaders(), answer.read()
        except urllib.error.HTTPError as error:
            status, sent, said = error.code, list(error.headers.items()), error.read()
        self.server.seen[f"answered {status}"] += 1
        if answered:
            self._answer(status, sent, said)
        else:
            self.close_connection = True

    def _answer(self, status, headers, body) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Writes nothing."""


@pytest.fixture
def unreliable(stage) -> Iterator[Unreliable]:
    """What stands in front of the endpoint."""
    server = Unreliable(stage.endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def refusing(faults) -> None:
    """For six seconds Kinesis refuses every call, and its retry queue too: an answer is 503."""
    down = {"effect": "refuse_calls", "error": "ServiceUnavailable", "status": 503, "seconds": 6}
    faults(
        kinesis={"operation": "kinesis.PutRecords", **down},
        queue={"operation": "sqs.SendMessage", "resource": "*Spill*", **down},
    )


@pytest.fixture
def ids(stage, since) -> Callable[[str, int], dict[int, set[str]]]:
    """The ids under which each event of a mark is in the stream, once there are so many events."""

    def found(mark: str) -> dict[int, set[str]]:
        seen: dict[int, set[str]] = {}
        for record in kinesis_records(stage, since).values():
            if mark.encode() in record:
                envelope = json.loads(record)
                seen.setdefault(envelope["data"]["n"], set()).add(envelope["id"])
        return seen

    return lambda mark, count: wait_for(range(count), lambda: found(mark), seconds=60)


def each_once(ids: dict[int, set[str]], count: int) -> bool:
    """Whether each event is there, under one id."""
    return sorted(ids) == [*range(count)] and all(len(one) == 1 for one in ids.values())


def script(language: str, endpoint: str, key: str, mark: str) -> list[str]:
    """A program that sends the events in batches and prints its counts."""
    if language == "python":
        code = f"""
import sys, time
sys.path.insert(0, {str(PYTHON)!r})
from distributary_client import Client
with Client({endpoint!r}, {key!r}, linger=0.01) as client:
    for n in range({EVENTS}):
        client.send({{"deviceId": {mark!r}, "n": n}})
        if n % 20 == 19:
            client.flush(60)
print([client.sent, client.accepted, client.rejected, client.pending])
"""
        return [sys.executable, "-c", code]
    code = f"""
import {{ Client }} from {JAVASCRIPT.as_uri()!r};
const client = new Client({{ endpoint: {endpoint!r}, key: {key!r}, linger: 10 }});
for (let n = 0; n < {EVENTS}; n++) {{
  client.send({{ deviceId: {mark!r}, n }});
  if (n % 20 === 19) await client.flush(60_000);
}}
await client.close();
console.log(JSON.stringify([client.sent, client.accepted, client.rejected, client.pending]));
"""
    return ["node", "--input-type=module", "-e", code]


@pytest.mark.usefixtures("refusing")
@pytest.mark.parametrize("language", ["python", "javascript"])
def test_nothing_is_lost_and_nothing_gets_a_second_id(credential, unreliable, ids, language) -> None:
    """Requests and answers are lost, calls throttled, sinks refuse: each event lands, under one id."""
    mark = uuid.uuid4().hex
    command = script(language, unreliable.url, ".".join(credential), mark)
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [EVENTS, EVENTS, 0, 0]
    assert set(unreliable.seen) == {*FATES, "answered 202", "answered 503"}
    assert each_once(ids(mark, EVENTS), EVENTS)


def in_a_page(endpoint: str, key: str, rest: str) -> str:
    """A page that has made a client and goes on with `rest`."""
    module = JAVASCRIPT.read_text(encoding="utf-8").replace("export ", "")
    options = f"{{endpoint: '{endpoint}', key: '{key}', linger: 60000, storage: localStorage}}"
    return page(f"{module}\nconst client = new Client({options});\n{rest}")


def test_a_page_loses_nothing(credential, unreliable, ids, tmp_path) -> None:
    """In Chromium: what a page sends arrives through losses; what it still holds when it is left arrives too."""
    mark, key = uuid.uuid4().hex, ".".join(credential)
    send = f"for (let n = FROM; n < TO; n++) client.send({{deviceId: '{mark}', n}});"
    first = send.replace("FROM", "0").replace("TO", "40") + "await client.flush();"
    left = send.replace("FROM", "40").replace("TO", "60")
    there = in_a_page(unreliable.url, key, f"{first} {left} say(client.pending); location.href = '/after';")
    after = in_a_page(unreliable.url, key, "await client.flush(); say(localStorage.length);")
    pages = Pages({"/": there, "/after": after})

    with pages.open("/", tmp_path):
        assert [pages.next(), pages.next()] == [20, 0]
        assert each_once(ids(mark, 60), 60)


def test_a_hidden_page_sends_what_it_holds(stage, credential, ids, tmp_path) -> None:
    """Without a storage, and without another page of the same client: by requests that outlive the page."""
    mark, key = uuid.uuid4().hex, ".".join(credential)
    send = f"for (let n = 0; n < 5; n++) client.send({{deviceId: '{mark}', n}});"
    there = in_a_page(stage.endpoint, key, f"{send} location.href = '/after';").replace(", storage: localStorage", "")
    pages = Pages({"/": there, "/after": page("say('gone');")})

    with pages.open("/", tmp_path):
        assert pages.next() == "gone"
        assert each_once(ids(mark, 5), 5)


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_the_code_of_the_page(stage, credential, tmp_path, language) -> None:
    """docs/how-to/clients/client-libraries.md, in a folder where the library is installed."""
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/distributary-client").symlink_to(JAVASCRIPT.parent)
    file = tmp_path / ("app.py" if language == "python" else "app.mjs")
    code = snippet("client-libraries", language, endpoint=stage.endpoint, key=".".join(credential))
    file.write_text(code)
    command = [sys.executable if language == "python" else "node", str(file)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PYTHON)}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment, cwd=tmp_path)

    assert ran.stdout.split() == ["1", "0", "0"]
