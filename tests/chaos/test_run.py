import json

import pytest

from chaos import run
from chaos.landed import SINKS
from chaos.orders import OrderError
from chaos.scenario import Kill, Scenario, Step
from commands.post import Answer

FAULTS = {"kinesis": {"operation": "kinesis.*", "effect": "reset_before"}}


class World:
    """A stage that accepts everything and delivers it at once, except for what a test lets go wrong."""

    outputs = {"IngestFunctionName": "ingest"}  # noqa: RUF012 - nobody changes it
    endpoint = "http://localhost:1"

    def __init__(self):
        self.found = {sink: {} for sink in SINKS}
        self.strangers = []
        self.letters = {}
        self.waits = 0
        self.set_faults = {}
        self.counted = {"kinesis": 5}
        self.log = []
        self.keep = lambda sink, name: True

    def post(self, endpoint, headers, body):
        """Stores each event and accepts it."""
        assert headers["authorization"] == "Bearer k"
        events = json.loads(body)
        key = headers.get("idempotency-key")
        named = (
            {f"{key}/{place}": one for place, one in enumerate(events)}
            if key
            else {one["id"]: one["data"] for one in events}
        )
        for sink in SINKS:
            for name, data in named.items():
                if self.keep(sink, name):
                    self.found[sink].setdefault(name, []).append(("s", "t", json.dumps(data)))
        answers = [{"index": i, "id": name, "status": "accepted"} for i, name in enumerate(named)]
        counts = {"accepted": len(named), "rejected": 0, "retry": 0}
        return Answer(202, {}, json.dumps({**counts, "events": answers}).encode())

    def look(self):
        """Everything is known already."""

    def dead(self):
        """The dead letters."""
        return self.letters

    def waiting(self):
        """What waits in the retry queues."""
        return self.waits

    def set(self, faults):
        """Notes the order."""
        self.set_faults |= faults
        self.log.append(f"set {sorted(faults)}")

    def clear(self, name=""):
        """Notes the order."""
        self.log.append(f"clear {name}")

    def injected(self):
        """How often each fault that was set was injected."""
        return {name: self.counted.get(name, 0) for name in self.set_faults}

    def kill(self, function):
        """Kills nothing."""
        return False

    def replay(self):
        """Fails, unless a test says otherwise."""
        raise OrderError("replay failed")


@pytest.fixture
def world(monkeypatch):
    """The world, and `prove` that runs a scenario of 40 events in it."""
    made = World()
    monkeypatch.setattr(run, "Orders", lambda stage: made)
    monkeypatch.setattr(run, "post_events", made.post)
    monkeypatch.setattr(run, "DRAIN_SECONDS", 0.0)
    monkeypatch.setattr(run, "LOOK_SECONDS", 0.0)
    matrix = run.Matrix(made, made, run="run", events=40, credential={"authorization": "Bearer k"})
    made.prove = lambda **more: matrix.prove(
        Scenario(**{"number": 1, "name": "n", "steps": [Step(faults=FAULTS)], **more})
    )
    return made


def test_a_scenario_holds_where_everything_arrives_and_its_faults_happened(world):
    """Its row has the numbers; the faults are set before and cleared after."""
    verdict = world.prove()

    assert verdict.faults == []
    assert (verdict.sent, verdict.accepted, verdict.lost, verdict.injected) == (40, 40, 0, 5)
    assert verdict.delivered == dict.fromkeys(SINKS, 40)
    assert world.log == ["clear ", "set ['kinesis']", "clear kinesis", "clear "]


def test_an_accepted_event_that_is_nowhere_fails_it(world):
    """It is lost, and the queues were waited for."""
    world.keep = lambda sink, name: (sink, name) != ("kinesis", "run-01-0000-3")
    verdict = world.prove()

    assert verdict.lost == 1
    assert verdict.faults == [
        "not drained after 0 s: 0 messages wait",
        "1 accepted events are lost in kinesis, such as run-01-0000-3",
    ]


def test_a_dead_letter_is_a_place_for_an_event(world):
    """It is counted, and nothing is lost; letters of other scenarios are not."""
    world.keep = lambda sink, name: (sink, name) != ("kinesis", "run-01-0000-3")
    world.letters = {"kinesis": {"run-01-0000-3", "run-07-0000-3"}}
    verdict = world.prove()

    assert (verdict.faults, verdict.lost, verdict.dead_letters) == ([], 0, 1)


def test_after_a_replay_a_dead_letter_is_none(world):
    """What was not brought back is lost; a scenario of replay needs dead letters, and a replay that works."""
    world.keep = lambda sink, name: (sink, name) != ("kinesis", "run-01-0000-3")
    world.letters = {"kinesis": {"run-01-0000-3"}}
    assert "replay failed" in world.prove(replay=True).faults
    world.replay = lambda: None
    assert world.prove(replay=True).lost == 1
    world.replay = lambda: world.found["kinesis"].update({"run-01-0000-3": world.found["firehose"]["run-01-0000-3"]})
    verdict = world.prove(replay=True)

    assert (verdict.faults, verdict.lost, verdict.dead_letters) == ([], 0, 1)


def test_a_replay_without_dead_letters_proves_nothing(world):
    """The scenario fails."""
    assert world.prove(replay=True).faults == ["there was no dead letter to replay"]


def test_a_fault_that_never_happened_fails_it(world):
    """So does a kill."""
    world.counted = {}
    verdict = world.prove(kill=Kill("IngestFunctionName", "sending", 0.01, 1))

    assert verdict.faults == ["the fault kinesis was never injected", "the fault kill was never injected"]


def test_messages_that_stay_in_a_spill_queue_fail_it(world):
    """The queues have to be empty in the end."""
    world.waits = 2

    assert world.prove().faults == ["not drained after 0 s: 2 messages wait"]


def test_what_nobody_sent_fails_it(world):
    """An event under somebody else's id."""
    world.strangers = ["kinesis: x"]

    assert world.prove().faults == ["kinesis: x is in a sink, and nobody sent it"]


def test_a_function_that_the_stack_lacks_fails_it(world):
    """It cannot be killed."""
    verdict = world.prove(kill=Kill("RedriveFunctionName", "sending", 0.01, 1))

    assert verdict.faults == ["the fault kill was never injected"]


def test_answers_that_are_not_the_products_fail_a_scenario_in_which_all_must_be(world, monkeypatch):
    """API Gateway's own answers count as none."""
    calls = []
    post = world.post
    world.post = lambda *given: (
        calls.append(1) or (Answer(503, {"retry-after": "0"}, b"{}") if len(calls) == 1 else post(*given))
    )
    monkeypatch.setattr(run, "post_events", world.post)
    verdict = world.prove(answered=True)

    assert verdict.faults == ["1 requests were not answered by the product"]
    assert verdict.answers == {202: 2, 503: 1}
