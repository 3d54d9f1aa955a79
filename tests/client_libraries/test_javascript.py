"""The JavaScript client in Node, with a scripted endpoint: nothing sleeps and nothing is sent."""

import json
import subprocess
from pathlib import Path

import pytest
from client_libraries.scripted import Scripted
from hypothesis import given, settings
from hypothesis import strategies as st

from distributary_client import Client

HERE = Path(__file__).parent
CASES = json.loads((HERE.parent / "cases/client_libraries.json").read_text())
LIBRARY = HERE.parents[1] / "clients/javascript/distributary-client.js"


def node(*scenarios: dict) -> list[dict]:
    """What came of each scenario, in one process."""
    lines = "\n".join(json.dumps(one) for one in scenarios)
    command = ["node", str(HERE / "run_cases.mjs")]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def counts(sent: int, accepted: int, rejected: int, pending: int) -> dict[str, int]:
    """The counts of a client."""
    return {"sent": sent, "accepted": accepted, "rejected": rejected, "pending": pending}


def sends(*events: object) -> list[dict]:
    """A step for each event."""
    return [{"send": event} for event in events]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict]:
    """What came of each case, by its name."""
    scenarios = [
        {"answers": case["answers"], "steps": [*sends(*({"n": n} for n in range(case["events"]))), "flush"]}
        for case in CASES
    ]
    return {case["name"]: found for case, found in zip(CASES, node(*scenarios), strict=True)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_follows_an_answer(outcomes, case) -> None:
    """The same as in Python."""
    found = outcomes[case["name"]]

    assert len(found["requests"]) == case["attempts"]
    assert len({(one["url"], one["body"], one["headers"]["idempotency-key"]) for one in found["requests"]}) == 1
    assert found["waits"] == case["waits"]
    assert found["rejected"] == case["rejected"]
    assert found["counts"][-1] == counts(case["events"], case["accepted"], len(case["rejected"]), 0)


def test_a_request_is_as_the_contract_has_it() -> None:
    """Path, key, type, and gzip where it pays."""
    [found] = node(
        {
            "steps": [*sends({"n": "ü"}), "flush", *sends({"fill": "x" * 5000}), "flush"],
            "options": {"eventType": "a b&c", "cloudEvents": True},
        }
    )

    plain, packed = found["requests"]
    assert plain["url"] == "https://events.example.com/v1/events?type=a%20b%26c"
    assert plain["headers"]["authorization"] == "Bearer K.S"
    assert plain["headers"]["content-type"] == "application/cloudevents-batch+json"
    assert "content-encoding" not in plain["headers"]
    assert (packed["headers"]["content-encoding"], packed["events"]) == ("gzip", [{"fill": "x" * 5000}])
    assert packed["bytes"] < 1000
    assert plain["headers"]["idempotency-key"] != packed["headers"]["idempotency-key"]


def test_a_batch_has_limits() -> None:
    """Events, bytes of the body; an event beyond the bytes goes alone."""
    events = ("a", "b", "c", "d", "e" * 60, "f" * 60, "g" * 200, "h")
    [found] = node({"steps": [*sends(*events), "flush"], "options": {"batchEvents": 3, "batchBytes": 100}})

    sent = [[event[0] for event in one["events"]] for one in found["requests"]]
    assert sent == [["a", "b", "c"], ["d", "e"], ["f"], ["g"], ["h"]]
    assert max(len(one["body"]) for one in found["requests"] if one["events"][0][0] != "g") <= 100


@pytest.mark.parametrize("options", [{"maxEvents": 2}, {"maxBytes": 22}])
def test_a_full_queue_refuses_and_takes_again_when_there_is_room(options) -> None:
    """QueueFull takes nothing."""
    [found] = node({"steps": [*sends("12345678", "12345678", "12345678"), "flush", *sends("a")], "options": options})

    assert found["full"] == 1
    assert found["counts"][3:] == [counts(2, 0, 0, 2), counts(2, 2, 0, 0), counts(3, 2, 0, 1)]


def test_a_batch_that_the_gateway_fails_on_does_not_stop_the_others() -> None:
    """As in Python."""
    answers = [{"status": 500, "body": {"message": "Internal Server Error"}}, "none"]
    [found] = node({"answers": answers, "steps": [*sends("a", "b", "c"), "flush"], "options": {"batchEvents": 1}})

    assert [one["events"] for one in found["requests"]] == [["a"], ["b"], ["b"], ["c"], ["a"]]


def test_backoff_starts_anew_after_an_answer() -> None:
    """The failures before it are forgotten."""
    accepted = {"status": 202, "body": {"accepted": 1, "rejected": 0, "retry": 0, "events": []}}
    answers = ["none", "none", accepted, "none"]
    [found] = node({"answers": answers, "steps": [*sends("a", "b"), "flush"], "options": {"batchEvents": 1}})

    assert found["waits"] == [1, 2, 1]


def test_a_callback_that_fails_stops_nothing() -> None:
    """It is logged."""
    answers = [{"status": 403, "body": {}}]
    [found] = node({"answers": answers, "steps": [*sends("a"), "flush"], "options": {"failing": True}})

    assert found["counts"][-1] == counts(1, 0, 1, 0)
    assert "as planned" in found["logged"][0]


def test_a_closed_client_takes_nothing() -> None:
    """It throws."""
    [found] = node({"steps": ["close", *sends("a")]})

    assert (found["full"], found["counts"][-1]) == (1, counts(0, 0, 0, 0))


ANSWERS = st.sampled_from([answer for case in CASES for answer in case["answers"]])
STEPS = st.lists(st.one_of(st.integers(1, 4), st.just("flush")), max_size=20)
RUNS = st.tuples(STEPS, st.lists(ANSWERS, max_size=30), st.integers(1, 4))


@settings(max_examples=5)
@given(st.lists(RUNS, min_size=20, max_size=40))
def test_no_event_is_forgotten_whatever_is_answered(runs) -> None:
    """Accepted + rejected + pending = sent, at each step; each event has one result, and a key has one body."""
    scenarios = []
    for steps, answers, batch_events in runs:
        numbers = iter(range(1000))
        parts = [["flush"] if one == "flush" else sends(*(next(numbers) for _ in range(one))) for one in steps]
        scenarios.append(
            {
                "answers": answers,
                "steps": [*(step for part in parts for step in part), "flush"],
                "options": {"batchEvents": batch_events, "maxEvents": 30},
            }
        )

    for scenario, found in zip(scenarios, node(*scenarios), strict=True):
        for one in found["counts"]:
            assert one["sent"] == one["accepted"] + one["rejected"] + one["pending"]
        last = found["counts"][-1]
        rejected = [event for event, _ in found["rejected"]]
        assert last["pending"] == 0
        assert last["sent"] + found["full"] == len([one for one in scenario["steps"] if one != "flush"])
        assert len({event for one in found["requests"] for event in one["events"]}) == last["sent"]
        assert len(set(rejected)) == len(rejected) == last["rejected"]
        bodies = {(one["headers"]["idempotency-key"], one["body"]) for one in found["requests"]}
        assert len(bodies) == len(dict(bodies))


class TestFolder:
    def test_a_killed_process_loses_no_batch(self, tmp_path) -> None:
        """A process that kills itself inside its third request leaves the third's file and those behind it."""
        program = f"""
            import {{ Client, folderStore }} from {json.dumps(str(LIBRARY))};
            const store = await folderStore({json.dumps(str(tmp_path))});
            let count = 0;
            const transport = async (url, headers, body) => {{
              console.log(headers["idempotency-key"]);
              if (++count === 3) process.kill(process.pid, "SIGKILL");
              const accepted = {{ accepted: 2, rejected: 0, retry: 0, events: [] }};
              return {{ status: 202, headers: {{}}, body: JSON.stringify(accepted) }};
            }};
            const client = new Client("https://events.example.com", "", {{ store, transport, batchEvents: 2 }});
            for (let n = 0; n < 10; n++) client.send(n);
            await client.flush();
        """
        command = ["node", "--input-type=module", "-e", program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

        [found] = node({"steps": ["flush"], "folder": str(tmp_path)})

        assert done.returncode, "it was killed"
        assert found["counts"] == [counts(6, 0, 0, 6), counts(6, 6, 0, 0)]
        assert [one["events"] for one in found["requests"]] == [[4, 5], [6, 7], [8, 9]]
        assert found["requests"][0]["headers"]["idempotency-key"] == done.stdout.split()[2]
        assert [*tmp_path.iterdir()] == []

    def test_a_crash_while_writing_leaves_no_half_of_a_batch(self, tmp_path) -> None:
        """What is unfinished is not taken up."""
        program = f"""
            import fs from "node:fs";
            import {{ syncBuiltinESMExports }} from "node:module";
            import {{ Client, folderStore }} from {json.dumps(str(LIBRARY))};
            fs.fsyncSync = () => process.exit(7);
            syncBuiltinESMExports();
            const store = await folderStore({json.dumps(str(tmp_path))});
            const client = new Client("http://localhost", "", {{ store }});
            client.send("a");
            await client.flush();
        """
        command = ["node", "--input-type=module", "-e", program]
        assert subprocess.run(command, timeout=60, check=False).returncode == 7

        assert [one.suffix for one in tmp_path.iterdir()] == [".unfinished"]

    def test_a_file_that_is_no_batch_stays_there(self, tmp_path) -> None:
        """It is logged, and nothing unfinished is taken up."""
        (tmp_path / "1.batch").write_text('{"key": "k", "count": 2}\n[1]')
        (tmp_path / "2.batch").write_text("")
        (tmp_path / "3.batch.unfinished").write_text('{"key": "k", "count": 1}\n[1]')

        [found] = node({"steps": [], "folder": str(tmp_path)})

        assert found["counts"] == [counts(0, 0, 0, 0)]
        assert ["is no batch" in line for line in found["logged"]] == [True, True]
        assert len([*tmp_path.iterdir()]) == 3

    def test_a_batch_of_another_endpoint_stays_there(self, tmp_path) -> None:
        """It is never sent elsewhere, with another endpoint's key."""
        made = Client("https://other.example.com", folder=tmp_path, **Scripted(["none"] * 99).options)
        made.send("a")
        assert not made.close(timeout=0)

        [found] = node({"steps": ["flush"], "folder": str(tmp_path)})

        assert (found["counts"][-1], found["requests"]) == (counts(0, 0, 0, 0), [])
        assert "it is for https://other.example.com/v1/events" in found["logged"][0]
        assert len([*tmp_path.glob("*.batch")]) == 1

    def test_python_takes_up_what_node_left(self, tmp_path) -> None:
        """The files are the same."""
        store = f"""
            import {{ Client, folderStore }} from {json.dumps(str(LIBRARY))};
            const store = await folderStore({json.dumps(str(tmp_path))});
            const transport = () => process.exit();
            const client = new Client("http://localhost", "", {{ store, transport, eventType: "old" }});
            client.send("ü\\n");
            await client.flush();
        """
        subprocess.run(["node", "--input-type=module", "-e", store], timeout=60, check=True)
        world = Scripted()

        assert Client("http://localhost", folder=tmp_path, **world.options).close()

        assert [(one.url, one.events) for one in world.requests] == [("http://localhost/v1/events?type=old", ["ü\n"])]
