import json

import pytest
from detector_cases import definition_of
from detector_cloud import message, models_of, record

from distributary.detectors.batch import Runner
from distributary.detectors.item import Row, Version, new_row
from distributary.detectors.record import WakeUp, read_record, wake_up_body
from distributary.detectors.routing import Readers
from distributary.sinks.message import Message
from distributary.sinks.queue_entry import queue_entries

NOW = 1_700_000_000_000
SEEN = {"states": {"S": {"input": [["currentInput('in')", ["set", "n", "$input.in.n"], ["send", "seen"]]]}}}
TIMED = {
    "states": {
        "S": {
            "input": [["currentInput('in')", ["timer", "t", "60"]], ["timeout('t')", ["set", "over", "true"]]],
        }
    }
}
READERS = Readers([{"model": "m", "key": "d", "inputs": ["in"]}])


def works_of(*records: dict) -> list:
    """The records as they are read."""
    return [read_record(one) for one in records]


def redriven(sequence: int, payload: dict, *, accepted: int, sent: int) -> dict:
    """The record of a message that waited in the spill queue."""
    waited = Message(f"id-{sequence}", "in", json.dumps({"d": "k", **payload}).encode(), accepted_ms=accepted)
    [entry] = queue_entries(0, waited, READERS)
    return record(entry.body, sequence, model="m", key="k", sent=sent)


def run(model: dict, *records: dict, row: Row | None = None, **runner):
    """What the records come to, for a new detector or the one of the row."""
    models = models_of({**definition_of(model), "key": "d"})
    ready = models.ready("m", Version("1", models.sha256("m")))
    return Runner("queue", lambda: "token", **runner).run(ready, row or new_row("m", "k", "1"), works_of(*records))


def times(outcome) -> list[int]:
    """When each action's event was, in seconds after NOW."""
    return [(json.loads(text)["time"] - NOW) // 1000 for text in outcome.row.pending]


def test_a_redriven_message_is_handled_as_of_when_it_was_accepted() -> None:
    """However long it waited: what it does, and the timers that it sets, are of that time."""
    waited = redriven(1, {"n": 1}, accepted=NOW + 5_000, sent=NOW + 3_600_000)

    assert times(run(SEEN, waited)) == [5]
    assert run(TIMED, waited).wake == NOW // 1000 + 65


def test_a_redriven_message_does_not_turn_time_back() -> None:
    """After a newer one it is handled as of then, and its payload is the last one all the same."""
    outcome = run(SEEN, message(1, {"n": 2}, sent=NOW + 9_000), redriven(2, {"n": 1}, accepted=NOW, sent=NOW + 10_000))

    assert times(outcome) == [9, 9]
    assert outcome.row.detector.variables == {"n": 1}


def test_late_messages_of_an_input_are_dropped_where_it_says_so() -> None:
    """Done with, without a trace; those of other inputs are handled."""
    newer = message(1, {"n": 2}, sent=NOW + 9_000)
    late = redriven(2, {"n": 1}, accepted=NOW + 8_999, sent=NOW + 10_000)

    dropped = run(SEEN, newer, late, dropping=frozenset({"in"}))
    assert (dropped.row.detector.variables, times(dropped), dropped.done, dropped.dead) == ({"n": 2}, [9], 2, [])
    assert run(SEEN, newer, late, dropping=frozenset({"other"})).row.detector.variables == {"n": 1}


@pytest.mark.parametrize("accepted", [9_000, 9_001])
def test_a_redriven_message_that_nothing_newer_came_before_is_no_late_one(accepted) -> None:
    """It only waited: the detector has not changed since it was accepted."""
    newer = message(1, {"n": 2}, sent=NOW + 9_000)
    waited = redriven(2, {"n": 1}, accepted=NOW + accepted, sent=NOW + 20_000)

    assert run(SEEN, newer, waited, dropping=frozenset({"in"})).row.detector.variables == {"n": 1}


def test_a_message_that_never_waited_is_never_late() -> None:
    """The queue's order is the order, whatever clocks say."""
    records = (message(1, {"n": 2}, sent=NOW + 9_000), message(2, {"n": 1}, sent=NOW))

    assert run(SEEN, *records, dropping=frozenset({"in"})).row.detector.variables == {"n": 1}


@pytest.mark.covers("decision.lateness")
@pytest.mark.parametrize("late", [1, 60, 3600])
def test_a_wake_up_that_comes_late_does_what_it_would_have_done_in_time(late) -> None:
    """As of when the timer was due: EventBridge Scheduler may take a minute."""
    said = {
        "states": {"S": {"input": [["currentInput('in')", ["timer", "t", "60"]], ["timeout('t')", ["send", "over"]]]}}
    }
    armed = run(said, message(1, {}, sent=NOW))
    wake_up = WakeUp("1", NOW, armed.row.token, armed.wake)
    woken = record(wake_up_body("m", "k", wake_up), 2, model="m", key="k", sent=NOW + (60 + late) * 1000)

    assert times(run(said, woken, row=armed.row)) == [60]


@pytest.mark.parametrize(
    ("debugged", "cycles"),
    [({("m", "k")}, 2), ({("m", None)}, 2), ({("m", "other"), ("other", "k"), ("other", None)}, 0), (set(), 0)],
)
def test_each_cycle_of_a_named_detector_is_logged_and_no_other(debugged, cycles) -> None:
    """A model without a key names all its detectors."""
    outcome = run(SEEN, *(message(place, {"n": place}, sent=NOW) for place in (1, 2)), debugged=frozenset(debugged))

    assert [one.level for one in outcome.logs] == ["DEBUG"] * cycles


def test_the_cycle_of_a_timer_is_logged_too() -> None:
    """Before the message that it was due by: why it did not transition stands in the log for either."""
    records = (message(1, {}, sent=NOW), message(2, {}, sent=NOW + 90_000))

    logs = run(TIMED, *records, debugged=frozenset({("m", "k")})).logs

    assert [one.fields["messageType"] for one in logs] == ["CUSTOMER_MESSAGE", "TIMER", "CUSTOMER_MESSAGE"]


VALUES = {"n": 0, "text": "x", "long": 31_622_401, "large": "x" * 1025}
FAILING = {
    "a duration that is too short": ["timer", "t", "$input.in.n"],
    "a duration that is no number": ["timer", "t", "$input.in.text"],
    "a duration that is too long": ["timer", "t", "$input.in.long"],
    "a duration that is not there": ["timer", "t", "$variable.never + 1"],
    "a payload that is too large": ["send", "t", "STRING", "$input.in.large"],
    "a payload that cannot be evaluated": ["send", "t", "STRING", "$input.in.gone"],
    "a JSON payload that is no string": ["send", "t", "JSON", "$input.in.n"],
    "types that do not fit": ["set", "x", "$input.in.n + $input.in.text"],
}


@pytest.mark.parametrize("name", FAILING)
def test_what_fails_is_logged_with_its_place_whether_debugged_or_not(name) -> None:
    """Even where nothing else comes of the message, so that its detector is not stored."""
    model = {"states": {"S": {"input": [["currentInput('in')", FAILING[name]]]}}}

    for debugged in (frozenset(), frozenset({("m", "k")})):
        outcome = run(model, *(message(place, VALUES, sent=NOW) for place in (1, 2)), debugged=debugged)
        errors = [one for one in outcome.logs if one.level == "ERROR"]
        assert len(errors) == 2
        assert errors[0].fields["keyValue"] == "k"
        assert errors[0].fields["path"].startswith("states[0].onInput.events[0].actions[0]")


def test_a_payload_that_is_no_json_is_sent_and_warned_of() -> None:
    """As AWS did: who takes it may know better."""
    send = ["send", "t", "JSON", "'{\"s\":${$input.in.text}}'"]

    outcome = run({"states": {"S": {"input": [["currentInput('in')", send]]}}}, message(1, VALUES, sent=NOW))

    assert [one.level for one in outcome.logs] == ["WARNING"]
    assert json.loads(outcome.row.pending[0])["body"] == '{"s":x}'


def test_a_timer_too_many_is_not_set_and_logged() -> None:
    """Five is what a detector has; the other actions of the event are done."""
    timers = [["timer", f"t{number}", "60"] for number in range(6)]
    model = {"states": {"S": {"input": [["currentInput('in')", *timers, ["send", "t"]]]}}}

    outcome = run(model, message(1, {}, sent=NOW))

    assert [one.level for one in outcome.logs] == ["ERROR"]
    assert list(outcome.row.detector.timers) == [f"t{number}" for number in range(5)]
    assert times(outcome) == [0]
