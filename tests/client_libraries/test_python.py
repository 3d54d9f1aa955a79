"""The Python client, with a scripted endpoint: nothing sleeps and nothing is sent."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from client_libraries.scripted import Scripted, accepted
from hypothesis import given
from hypothesis import strategies as st

import distributary_client
from distributary_client import Answer, Client, Counts, QueueFull

CASES = json.loads((Path(__file__).parents[1] / "cases/client_libraries.json").read_text())
ENDPOINT = "https://events.example.com"


@pytest.fixture(autouse=True)
def no_exit(monkeypatch) -> None:
    """The end of the tests flushes no client; a program of its own shows that the end of a program does."""
    monkeypatch.setattr(distributary_client.atexit, "register", lambda _: None)


def crash(*_: object, **__: object) -> None:
    """Ends what is under way in the middle."""
    raise MemoryError


def full(_: int) -> None:
    """A disk without room."""
    raise OSError(28, "No space left on device")


def client(world: Scripted, **options) -> Client:
    """A client in that world."""
    return Client(ENDPOINT, "K.S", **world.options, **options)


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A Python program that knows the library and `scripted`."""
    folders = (Path(__file__).parents[1], Path(distributary_client.__file__).parent)
    environment = {"PYTHONPATH": ":".join(str(folder) for folder in folders)}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_follows_an_answer(case) -> None:
    """Each retry is the same request; rejected events are reported with their problem."""
    world, told = Scripted(case["answers"]), []
    sender = client(world, on_rejected=lambda event, problem: told.append([event["n"], problem.get("code")]))
    for number in range(case["events"]):
        sender.send({"n": number})

    assert sender.flush(timeout=10_000)

    assert len(world.requests) == case["attempts"]
    assert len({(one.url, one.body, one.headers["idempotency-key"]) for one in world.requests}) == 1
    assert world.waits == case["waits"]
    assert told == case["rejected"]
    assert sender.counts == Counts(case["events"], case["accepted"], len(case["rejected"]), 0)


def test_a_request_is_as_the_contract_has_it() -> None:
    """Path, key, type, and gzip where it pays."""
    world = Scripted()
    sender = client(world, event_type="a b&c")
    sender.send({"n": "ü"})
    sender.flush()
    sender.send({"fill": "x" * 5000})
    sender.flush()

    plain, packed = world.requests
    assert plain.url == "https://events.example.com/v1/events?type=a%20b%26c"
    assert plain.headers["authorization"] == "Bearer K.S"
    assert plain.headers["content-type"] == "application/json"
    assert "content-encoding" not in plain.headers
    assert plain.body == '[{"n":"ü"}]'.encode()
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < 1000
    assert packed.events == [{"fill": "x" * 5000}]
    assert plain.headers["idempotency-key"] != packed.headers["idempotency-key"]


def test_cloud_events_are_a_batch_of_cloud_events() -> None:
    """By their content type."""
    world = Scripted()
    sender = client(world, cloud_events=True)
    sender.send({"specversion": "1.0", "id": "1", "source": "s", "type": "t"})
    sender.flush()

    assert world.requests[0].headers["content-type"] == "application/cloudevents-batch+json"


def test_a_batch_has_limits() -> None:
    """Events, bytes of the body; an event beyond the bytes goes alone."""
    world = Scripted()
    sender = client(world, batch_events=3, batch_bytes=100)
    for text in ("a", "b", "c", "d", "e" * 60, "f" * 60, "g" * 200, "h"):
        sender.send(text)
    sender.flush()

    assert [[event[0] for event in one.events] for one in world.requests] == [
        ["a", "b", "c"],
        ["d", "e"],
        ["f"],
        ["g"],
        ["h"],
    ]
    assert max(len(one.body) for one in world.requests if one.events[0][0] != "g") <= 100


@pytest.mark.parametrize("limits", [{"max_events": 2}, {"max_bytes": 20}])
def test_a_full_queue_refuses_and_takes_again_when_there_is_room(limits) -> None:
    """QueueFull takes nothing; what is under way counts."""
    world = Scripted(["none"])
    sender = client(world, **limits)
    sender.send("12345678")
    assert not sender.flush(timeout=0.5)
    sender.send("12345678") if "max_events" in limits else sender.send("1234")

    with pytest.raises(QueueFull, match="pending"):
        sender.send("12345678")
    assert sender.counts == Counts(2, 0, 0, 2)

    assert sender.flush()
    sender.send("12345678")
    assert sender.counts == Counts(3, 2, 0, 1)


@pytest.mark.parametrize("event", [float("nan"), {1, 2}, "\ud800"])
def test_what_is_no_json_is_not_taken(event) -> None:
    """It raises, and is not counted."""
    sender = client(Scripted())

    with pytest.raises((TypeError, ValueError)):
        sender.send(event)
    assert sender.counts == Counts(0, 0, 0, 0)


def test_a_pause_outlives_a_flush_that_ends() -> None:
    """The next one waits for the rest of Retry-After."""
    world = Scripted([{"status": 429, "headers": {"retry-after": "9"}, "body": {}}])
    sender = client(world)
    sender.send("a")
    assert not sender.flush(timeout=5)
    world.now += 4

    assert sender.flush(timeout=5)

    assert world.waits == [5]


def test_a_batch_that_the_gateway_fails_on_does_not_stop_the_others() -> None:
    """500 without a problem may be one batch's own fault: it goes behind. Without an answer the order is kept."""
    world = Scripted([{"status": 500, "body": {"message": "Internal Server Error"}}, "none"])
    sender = client(world, batch_events=1)
    for text in "abc":
        sender.send(text)
    sender.flush(timeout=100)

    assert [one.events for one in world.requests] == [["a"], ["b"], ["b"], ["c"], ["a"]]


def test_backoff_starts_anew_after_an_answer() -> None:
    """The failures before it are forgotten."""
    world = Scripted(["none", "none", accepted(1), "none"])
    sender = client(world, batch_events=1)
    sender.send("a")
    sender.send("b")
    sender.flush()

    assert world.waits == [1, 2, 1]


def test_a_callback_that_fails_stops_nothing() -> None:
    """Nor does a transport that raises something else than OSError."""

    def fail(*_: object) -> None:
        raise KeyError("as planned")

    world = Scripted([{"status": 403, "body": {}}])
    sender = client(world, on_rejected=fail)
    sender.send("a")
    assert sender.flush()
    assert sender.counts == Counts(1, 0, 1, 0)

    failing = Client(ENDPOINT, **{**world.options, "transport": fail})
    failing.send("a")
    assert not failing.flush(timeout=0.5)
    assert failing.counts.pending == 1


def test_rejected_events_are_logged_if_nobody_takes_them(caplog) -> None:
    """An error with the problem; the event itself never reaches a log."""
    sender = client(Scripted([{"status": 403, "body": {"code": "Forbidden"}}]))
    sender.send("a secret")
    sender.flush()

    assert "Forbidden" in caplog.text
    assert "a secret" not in str([vars(one) for one in caplog.records])


def test_a_closed_client_takes_nothing_and_reports_what_it_lost(caplog) -> None:
    """close() is False then."""
    sender = client(Scripted(["none"]))
    sender.send("a")

    assert not sender.close(timeout=0.5)

    assert "1 events were not sent" in caplog.text
    assert not sender.close()
    with pytest.raises(RuntimeError, match="closed"):
        sender.send("b")


@pytest.mark.parametrize("endpoint", ["events.example.com", "ftp://events.example.com", ""])
def test_an_endpoint_has_a_scheme(endpoint) -> None:
    """It is said at once."""
    with pytest.raises(ValueError, match="https://"):
        Client(endpoint)


ANSWERS = st.sampled_from([answer for case in CASES for answer in case["answers"]])
STEPS = st.lists(st.one_of(st.integers(1, 4), st.just("flush")), max_size=20)


@given(STEPS, st.lists(ANSWERS, max_size=30), st.integers(1, 4))
def test_no_event_is_forgotten_whatever_is_answered(steps, answers, batch_events) -> None:
    """Accepted + rejected + pending = sent, at each step; each event has one result, and a key has one body."""
    world, told = Scripted(answers), []
    sender = client(world, on_rejected=lambda event, _: told.append(event), batch_events=batch_events, max_events=30)
    sent = 0

    for step in steps:
        if step == "flush":
            sender.flush(timeout=20)
        else:
            for _ in range(step):
                try:
                    sender.send(sent)
                except QueueFull:
                    assert sender.counts.pending == 30
                else:
                    sent += 1
        counts = sender.counts
        assert counts.sent == sent == counts.accepted + counts.rejected + counts.pending
        assert len(told) == counts.rejected

    assert sender.flush(timeout=100_000)
    assert sender.counts.pending == 0
    assert {event for one in world.requests for event in one.events} == set(range(sent))
    bodies = {(one.headers["idempotency-key"], one.body) for one in world.requests}
    assert len(bodies) == len(dict(bodies))
    assert len(set(told)) == len(told)


class TestFolder:
    def test_what_a_process_left_is_sent_by_the_next_under_its_key(self, tmp_path) -> None:
        """With its path and content type, in the order in which it was sent."""
        world = Scripted(["none"])
        before = client(world, folder=tmp_path, batch_events=2, event_type="old")
        for number in range(3):
            before.send(number)
        before.flush(timeout=0.5)
        assert before.counts == Counts(3, 0, 0, 3)

        after = client(world, folder=tmp_path, cloud_events=True)

        assert after.counts == Counts(3, 0, 0, 3)
        assert after.flush()
        first, again, second = world.requests
        assert first == again
        assert [first.events, second.events] == [[0, 1], [2]]
        assert second.url.endswith("?type=old")
        assert after.counts == Counts(3, 3, 0, 0)
        assert [*tmp_path.iterdir()] == []

    def test_a_crash_between_sending_and_deleting_sends_the_same_request(self, tmp_path, monkeypatch) -> None:
        """A consumer drops the copies, since they have the same ids."""
        world = Scripted()
        before = client(world, folder=tmp_path)
        before.send("a")
        monkeypatch.setattr(Path, "unlink", crash)
        with pytest.raises(MemoryError):
            before.flush()
        monkeypatch.undo()

        assert client(world, folder=tmp_path).flush()

        first, again = world.requests
        assert first == again

    def test_a_crash_while_writing_leaves_no_half_of_a_batch(self, tmp_path, monkeypatch) -> None:
        """What is unfinished is not taken up."""
        before = client(Scripted(), folder=tmp_path)
        before.send("a")
        monkeypatch.setattr(distributary_client.os, "fsync", crash)
        with pytest.raises(MemoryError):
            before.flush()
        monkeypatch.undo()

        assert [one.suffix for one in tmp_path.iterdir()] == [".unfinished"]
        assert client(Scripted(), folder=tmp_path).counts == Counts(0, 0, 0, 0)

    def test_a_disk_that_is_full_leaves_a_batch_in_memory(self, tmp_path, monkeypatch, caplog) -> None:
        """It is sent all the same."""
        world = Scripted()
        sender = client(world, folder=tmp_path)
        sender.send("a")
        monkeypatch.setattr(distributary_client.os, "fsync", full)

        assert sender.flush()

        assert "stays in memory" in caplog.text
        assert world.requests[0].events == ["a"]

    @pytest.mark.parametrize("content", [b"", b"[]\nx", b'{"other": 1}\nx'])
    def test_a_file_that_is_no_batch_stays_there(self, tmp_path, caplog, content) -> None:
        """It is logged."""
        (tmp_path / "1.batch").write_bytes(content)

        assert client(Scripted(), folder=tmp_path).counts == Counts(0, 0, 0, 0)

        assert "1.batch is no batch" in caplog.text
        assert (tmp_path / "1.batch").exists()

    def test_a_batch_of_another_endpoint_stays_there(self, tmp_path, caplog) -> None:
        """It is never sent elsewhere, with another endpoint's key."""
        other = Client("https://events.example.com.other", folder=tmp_path, **Scripted(["none"] * 99).options)
        other.send("a")
        assert not other.close(timeout=0)
        world = Scripted()

        assert client(world, folder=tmp_path).counts == Counts(0, 0, 0, 0)

        assert "it is for https://events.example.com.other/v1/events" in caplog.text
        assert len([*tmp_path.glob("*.batch")]) == 1

    def test_a_killed_process_loses_no_batch(self, tmp_path) -> None:
        """A process that kills itself inside its third request leaves two files less, and the third's own."""
        program = (
            "import os, signal, sys\n"
            "from client_libraries.scripted import Scripted\n"
            "from distributary_client import Client\n"
            "class Deadly(Scripted):\n"
            "    def __call__(self, *request):\n"
            "        answer = super().__call__(*request)\n"
            "        print(self.requests[-1].headers['idempotency-key'], flush=True)\n"
            "        if len(self.requests) == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
            "        return answer\n"
            "client = Client('https://events.example.com', folder=sys.argv[1], batch_events=2, **Deadly().options)\n"
            "for number in range(10): client.send(number)\n"
            "client.flush()\n"
        )
        done = run(program, tmp_path)
        world = Scripted()

        assert client(world, folder=tmp_path).flush()

        assert done.returncode == -9, done.stderr
        assert [one.events for one in world.requests] == [[4, 5], [6, 7], [8, 9]]
        assert world.requests[0].headers["idempotency-key"] == done.stdout.split()[2]


class TestThreads:
    def test_events_are_sent_without_a_flush(self) -> None:
        """After the linger time, by a thread."""
        came = threading.Event()

        def transport(*_: object) -> Answer:
            came.set()
            return Answer(202, {}, json.dumps(accepted(1)["body"]).encode())

        with Client(ENDPOINT, transport=transport, linger=0.01) as sender:
            sender.send("a")
            assert came.wait(30)
        assert sender.counts == Counts(1, 1, 0, 0)

    def test_many_threads_lose_nothing(self) -> None:
        """And `with` flushes."""
        world = Scripted(["none"] * 3)
        with Client(ENDPOINT, transport=world, chance=lambda: 0.001, batch_events=7, linger=0.001) as sender:
            threads = [threading.Thread(target=lambda: [sender.send(n) for n in range(200)]) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert sender.counts == Counts(800, 800, 0, 0)
        bodies = {one.headers["idempotency-key"]: one.events for one in world.requests}
        assert sorted(event for events in bodies.values() for event in events) == sorted([*range(200)] * 4)

    def test_close_does_not_wait_for_a_pause(self, tmp_path) -> None:
        """What is open is in the folder then."""
        world = Scripted([{"status": 503, "headers": {"retry-after": "200"}, "body": {}}])
        sender = Client(ENDPOINT, transport=world, folder=tmp_path, linger=100)
        sender.send("a")

        assert not sender.close(timeout=0.2)

        assert len([*tmp_path.glob("*.batch")]) == 1
        for thread in sender._threads:
            thread.join(30)
            assert not thread.is_alive()
        assert len(world.requests) == 1

    def test_close_leaves_what_was_sent_last_in_the_folder(self, tmp_path) -> None:
        """However short its time is."""
        for number in range(10):
            sender = Client(ENDPOINT, transport=Scripted(["none"] * 9), folder=tmp_path / str(number), linger=100)
            sender.send("a")
            sender.close(timeout=0)

            assert sender.counts.accepted or [*(tmp_path / str(number)).glob("*.batch")]

    def test_a_program_that_ends_sends_what_is_left(self) -> None:
        """By atexit."""
        program = (
            "from client_libraries.scripted import Scripted\n"
            "from distributary_client import Client\n"
            "class Telling(Scripted):\n"
            "    def __call__(self, *request):\n"
            "        print('sent', flush=True)\n"
            "        return super().__call__(*request)\n"
            "Client('http://localhost', transport=Telling(), linger=100).send(1)\n"
        )
        done = run(program)

        assert (done.stdout, done.stderr) == ("sent\n", "")
