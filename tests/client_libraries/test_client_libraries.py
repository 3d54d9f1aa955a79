"""Both clients on scripted answers, by the cases of tests/cases/client_libraries.json."""

import gzip
import json
import subprocess
import sys
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "clients/python"))

from distributary_client import Client, QueueFull  # noqa: E402

CASES = json.loads((ROOT / "tests/cases/client_libraries.json").read_text())
SOON = 30


class Endpoint:
    """Gives the answers, one for each request; 202 after the last of them."""

    def __init__(self, answers) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, bytes]] = []

    def post(self, body: bytes, headers: Mapping[str, str]):
        """The next answer."""
        text = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        self.requests.append((headers["idempotency-key"], text))
        answer = self.answers.pop(0) if self.answers else {"status": 202, "body": {}}
        if answer is None:
            raise HTTPException
        after = {"retry-after": answer["after"]} if "after" in answer else {}
        return answer["status"], after, (answer.get("text") or json.dumps(answer.get("body"))).encode()


def run_python(answers) -> dict:
    """What became of three events with those answers."""
    endpoint, waited, rejected = Endpoint(answers), [], []
    client = Client(
        "http://localhost",
        "K.S",
        linger=600,
        post=endpoint.post,
        wait=waited.append,
        on_rejected=lambda event, refusal: rejected.append([event, refusal.get("code", refusal.get("status"))]),
    )
    for n in range(3):
        client.send({"n": n})
    before = client.pending
    client.close(SOON)
    counts = [client.sent, client.accepted, client.rejected, client.pending]
    requests = [["", key, text.decode()] for key, text in endpoint.requests]
    return {"requests": requests, "waited": waited, "rejected": rejected, "before": before, "counts": counts}


@pytest.fixture(scope="module")
def javascript() -> dict[str, dict]:
    """What became of each case in Node."""
    module = (ROOT / "clients/javascript/distributary-client.js").as_uri()
    command = ["node", str(Path(__file__).with_name("run.mjs")), module]
    asked = json.dumps([case["answers"] for case in CASES.values()])
    ran = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=60)
    return dict(zip(CASES, json.loads(ran.stdout), strict=True))


@pytest.mark.parametrize("language", ["python", "javascript"])
@pytest.mark.parametrize("name", CASES)
def test_case(javascript, language, name) -> None:
    """The counts, the refusals, one key and one body for all attempts, and pauses within their bounds."""
    case = CASES[name]
    told = javascript[name] if language == "javascript" else run_python(case["answers"])
    rejected = case.get("rejected", [])

    assert told["before"] == 3
    assert told["counts"] == [3, case["accepted"], len(rejected), 0]
    assert told["rejected"] == rejected
    assert len(told["requests"]) == len(case["answers"])
    assert len({(key, body) for _, key, body in told["requests"]}) == 1
    assert json.loads(told["requests"][0][2]) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert len(told["waited"]) == len(case["asked"])
    for attempt, (asked, waited) in enumerate(zip(case["asked"], told["waited"], strict=True)):
        assert asked <= waited <= max(asked, 2 ** min(attempt, 6))


STATUSES = st.sampled_from([None, 202, 400, 401, 429, 500, 503])


@given(st.lists(STATUSES, max_size=8), st.lists(st.integers(0, 3), max_size=12), st.booleans())
def test_every_event_is_accepted_or_rejected_once(statuses, sizes, flushed) -> None:
    """Whatever the endpoint answers: nothing is lost, no batch changes, each has a key of its own."""
    endpoint = Endpoint([status and {"status": status, "body": {"status": status}} for status in statuses])
    rejected = []
    with Client(
        "http://localhost",
        "K.S",
        linger=0,
        post=endpoint.post,
        wait=lambda seconds: None,
        on_rejected=lambda event, refusal: rejected.append(event),
    ) as client:
        sent = [[place, "x" * size] for place, size in enumerate(sizes)]
        for event in sent:
            client.send(event)
            if flushed:
                assert client.flush(SOON)
        assert client.flush(SOON)

    bodies = dict(endpoint.requests)
    assert set(endpoint.requests) == set(bodies.items())
    assert [event for body in bodies.values() for event in json.loads(body)] == sent
    assert client.accepted + client.rejected == client.sent == len(sent)
    assert len(rejected) == client.rejected


def test_a_folder_outlives_the_process(tmp_path) -> None:
    """Batches that were not answered are sent by the next process, first, under their keys; then nothing is left."""
    down = Endpoint([None] * 1000)
    first = Client("http://localhost", "K.S", linger=0, folder=tmp_path, post=down.post)
    first.send({"n": 1})
    assert first.flush(0.3) is False
    first.send({"n": 2})
    assert first.close(0.1) == 2
    (tmp_path / "00000000000000000000-broken.json.gz").write_bytes(b"no gzip")
    up = Endpoint([])
    with Client("http://localhost", "K.S", linger=600, folder=tmp_path, post=up.post) as second:
        second.send({"n": 3})
        assert second.flush(SOON)

    assert [json.loads(body) for _, body in up.requests] == [[{"n": 1}], [{"n": 2}], [{"n": 3}]]
    assert up.requests[0] == down.requests[0]
    assert (second.sent, second.accepted) == (3, 3)
    assert [file.name for file in tmp_path.iterdir()] == ["00000000000000000000-broken.json.gz"]


def test_batches_are_bounded() -> None:
    """500 events, or 1 MB, whichever comes first; an event that no request takes is refused at once."""
    endpoint = Endpoint([])
    with Client("http://localhost", "K.S", linger=600, post=endpoint.post) as client:
        for _ in range(1001):
            client.send(1)
        for _ in range(3):
            client.send("x" * 400_000)
        with pytest.raises(ValueError, match="at most 4000000 bytes"):
            client.send("x" * 4_000_000)
    assert [len(json.loads(body)) for _, body in endpoint.requests] == [500, 500, 3, 1]


def test_what_waits_is_bounded() -> None:
    """A full queue refuses, and takes again once there is room; a closed one takes nothing."""
    endpoint = Endpoint([])
    client = Client("http://localhost", "K.S", linger=600, post=endpoint.post, most_bytes=100)
    client.send("x" * 80)
    with pytest.raises(QueueFull, match="of 100"):
        client.send("x" * 80)
    assert client.flush(SOON)
    client.send("x" * 80)
    assert client.close(SOON) == 0
    with pytest.raises(RuntimeError, match="closed"):
        client.send(1)
    assert client.accepted == client.sent == 2


def test_a_callback_that_fails_ends_nothing(caplog) -> None:
    """It is logged, and the batches behind go on."""
    endpoint = Endpoint([{"status": 401, "body": {}}])

    def fail(event, refusal) -> None:
        raise KeyError

    with Client("http://localhost", "K.S", linger=0, post=endpoint.post, on_rejected=fail) as client:
        client.send(1)
        assert client.flush(SOON)
        client.send(2)
        assert client.flush(SOON)
    assert (client.rejected, client.accepted) == (1, 1)
    assert "on_rejected failed" in caplog.text


def test_events_are_flushed_at_exit(tmp_path) -> None:
    """A script that ends without `close` has sent its events."""
    script = f"""
import sys
sys.path.insert(0, {str(ROOT / "clients/python")!r})
from distributary_client import Client
def post(body, headers):
    open({str(tmp_path / "seen")!r}, "ab").write(body)
    return 202, {{}}, b"{{}}"
Client("http://localhost", "K.S", linger=600, post=post).send({{"n": 1}})
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    assert (tmp_path / "seen").read_bytes() == b'[{"n":1}]'
