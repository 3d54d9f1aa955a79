import json

import pytest
from detector_cases import definition_of
from detector_cloud import message, models_of, record

from distributary.iot_events.message import Message
from distributary.iot_events.queue_entry import queue_entries
from distributary.iot_events.routing import Readers
from distributary.iot_events.runtime import detector_run
from distributary.iot_events.runtime.detector_item import Row, Version, new_row
from distributary.iot_events.runtime.detector_run import Runner
from distributary.iot_events.runtime.queue_record import WakeUp, read_record, wake_up_body

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
    """The record of a message that waited in the retry queue."""
    waited = Message(f"id-{sequence}", "in", json.dumps({"d": "k", **payload}).encode(), accepted_ms=accepted)
    [entry] = queue_entries(0, waited, READERS)
    return record(entry.body, sequence, model="m", key="k", sent=sent)


def run(model: dict, *records: dict, row: Row | None = None, token=lambda: "token", **runner):
    """What the records come to, for a new detector or the one of the row."""
    models = models_of({**definition_of(model), "key": "d"})
    ready = models.ready("m", Version("1", models.sha256("m")))
    return Runner("queue", token, **runner).run(ready, row or new_row("m", "k", "1"), works_of(*records))


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


# ── limits ──

LONG = {"states": {"S": {"input": [["currentInput('in')", ["set", "n", "$input.in.n"]]]}}}


@pytest.mark.parametrize("letter", ["x", "é"])
@pytest.mark.parametrize("spare", [0, -1])
def test_an_action_of_more_bytes_than_a_queue_takes_is_not_carried_out(monkeypatch, letter, spare) -> None:
    """It is logged with its place, and the record is done; one that just fits is kept. Bytes count, not characters."""
    model = {"states": {"S": {"input": [["currentInput('in')", ["send", "t", "STRING", "$input.in.n"]]]}}}
    long = message(1, {"n": letter * 500}, sent=NOW)
    [text] = run(model, long).row.pending
    monkeypatch.setattr(detector_run, "MAX_ACTION_BYTES", len(text.encode()) + spare)

    outcome = run(model, long)

    assert outcome.done == 1
    if spare == 0:
        assert (outcome.row.pending, outcome.logs) == ((text,), [])
        return
    assert outcome.row.pending == ()
    [line] = outcome.logs
    assert (line.level, line.text) == (
        "ERROR",
        f"an action of more than {len(text.encode()) - 1} bytes is not carried out",
    )
    assert line.fields == {
        "detectorModelName": "m",
        "keyValue": "k",
        "kind": json.loads(text)["kind"],
        "path": json.loads(text)["path"],
    }


@pytest.mark.parametrize("letter", ["x", "é"])
@pytest.mark.parametrize("spare", [0, -1])
def test_a_detector_of_more_bytes_than_an_item_holds_is_not_stored(monkeypatch, letter, spare) -> None:
    """Its record is a dead letter, the detector stays as it was, and the records after it are handled."""
    records = [message(place, {"n": text}, sent=NOW) for place, text in ((1, "a"), (2, letter * 500), (3, "b"))]
    most = len(run(LONG, *records[:2]).row.written.encode())
    monkeypatch.setattr(detector_run, "MAX_STATE_BYTES", most + spare)

    assert run(LONG, *records[:2]).row.detector.variables == {"n": "a" if spare else letter * 500}

    outcome = run(LONG, *records)

    dead = [(one.work.sequence, one.reason) for one in outcome.dead]
    assert dead == [(2, "its detector would be more than an item of the table can hold")] * -spare
    assert (outcome.done, outcome.changed, outcome.row.detector.variables) == (3, True, {"n": "b"})


# ── which records are done ──


def test_a_record_with_a_fault_is_a_dead_letter_and_done() -> None:
    """The ones around it are handled."""
    broken = {**message(2, {"n": 2}, sent=NOW), "body": "{"}

    outcome = run(LONG, message(1, {"n": 1}, sent=NOW), broken, message(3, {"n": 3}, sent=NOW))

    assert [(one.work.id, one.reason) for one in outcome.dead] == [("r2", "unreadable: BadPayload")]
    assert (outcome.done, outcome.row.detector.variables, outcome.row.sequence) == (3, {"n": 3}, 3)


@pytest.mark.parametrize(
    ("queue", "sequence", "handled"), [("queue", 1, False), ("queue", 2, True), ("other", 1, True)]
)
def test_a_record_is_repeated_where_its_queue_has_handed_out_its_number_or_a_later_one(
    queue, sequence, handled
) -> None:
    """Numbers of another queue say nothing: this one may have been made anew."""
    row = run(LONG, message(1, {"n": "first"}, sent=NOW)).row._replace(queue=queue)

    outcome = run(LONG, message(sequence, {"n": "again"}, sent=NOW), row=row)

    assert (outcome.done, outcome.changed) == (1, handled)
    assert outcome.row.detector.variables == {"n": "again" if handled else "first"}
    if handled:
        assert (outcome.row.queue, outcome.row.sequence) == ("queue", sequence)


def test_what_fails_comes_again_with_all_that_follows(monkeypatch) -> None:
    """What came before is done and stored; the error is the first one's."""
    steps, bug = detector_run.step, RuntimeError("a bug")

    def failing(model, detector, trigger, *rest, **more):
        if trigger.payload["n"] == 2:
            raise bug
        return steps(model, detector, trigger, *rest, **more)

    monkeypatch.setattr(detector_run, "step", failing)
    outcome = run(LONG, *(message(place, {"n": place}, sent=NOW) for place in (1, 2, 3)))

    assert (outcome.done, outcome.error, outcome.changed) == (1, bug, True)
    assert (outcome.row.detector.variables, outcome.row.sequence) == ({"n": 1}, 1)


def test_an_outcome_that_could_not_be_stored_has_nothing_done() -> None:
    """Every record comes again, with the error; there is nothing left to store."""
    outcome = run(LONG, message(1, {"n": 1}, sent=NOW))
    error = RuntimeError("the table is down")

    undone = detector_run.cut(outcome, error)

    assert (undone.done, undone.changed, undone.error) == (0, False, error)
    assert (outcome.done, outcome.changed, outcome.error) == (1, True, None)


# ── wake-ups ──


def woken_by(wake_up: WakeUp, sequence: int = 2, sent: int = NOW + 61_000) -> dict:
    """The record of a wake-up."""
    return record(wake_up_body("m", "k", wake_up), sequence, model="m", key="k", sent=sent)


@pytest.mark.parametrize(
    "change", [{"version": "2"}, {"created": NOW - 1}, {"token": "another"}], ids=lambda change: next(iter(change))
)
def test_a_wake_up_of_another_life_or_arming_is_passed_over(change) -> None:
    """Done, without a change: the detector's own arming still stands."""
    armed = run(TIMED, message(1, {}, sent=NOW))
    own = WakeUp("1", NOW, armed.row.token, armed.wake)

    passed = run(TIMED, woken_by(own._replace(**change)), message(3, {}, sent=NOW + 62_000), row=armed.row)

    assert (passed.done, passed.dead) == (2, [])
    assert run(TIMED, woken_by(own), row=armed.row).row.detector.variables == {"over": True}
    assert run(TIMED, woken_by(own._replace(**change)), row=armed.row).changed is False


def test_a_wake_up_of_a_detector_that_is_not_there_is_passed_over() -> None:
    """Its item may have expired meanwhile; nothing is made anew by it."""
    nothing = new_row("m", "k", "1")
    gone = WakeUp("1", nothing.detector.created, nothing.token, NOW // 1000)

    outcome = run(TIMED, woken_by(gone), row=nothing)

    assert (outcome.done, outcome.changed, outcome.row) == (1, False, nothing)


def test_a_wake_up_too_early_is_armed_again_under_the_same_word() -> None:
    """Nothing changed, so nothing is stored, and the word in the table is the one that the next wake-up must have."""
    armed = run(TIMED, message(1, {}, sent=NOW))
    early = WakeUp("1", NOW, armed.row.token, armed.wake)

    outcome = run(TIMED, woken_by(early, sent=NOW + 59_000), row=armed.row)

    assert (outcome.wake, outcome.changed, outcome.row) == (NOW // 1000 + 60, False, armed.row)


SEVERAL = {
    "states": {
        "S": {
            "input": [
                ["$input.in.n > 0", ["timer", "t", "$input.in.n"]],
                ["$input.in.n < 0", ["clear", "t"]],
            ]
        }
    }
}


@pytest.mark.parametrize(
    ("seconds", "wake"), [([100, 50], 50), ([50, 100], None), ([50, 50], None), ([50, 10, 100], None), ([50, -1], None)]
)
def test_a_wake_up_is_armed_anew_only_where_the_one_under_way_would_be_too_late(seconds, wake) -> None:
    """One that comes too early or for nothing costs less than one for each message."""
    first, *later = [message(place, {"n": n}, sent=NOW) for place, n in enumerate(seconds)]
    words = iter(["first", "second"])
    row = run(SEVERAL, first, token=lambda: next(words)).row

    outcome = run(SEVERAL, *later, row=row, token=lambda: next(words))

    assert outcome.wake == (wake and NOW // 1000 + wake)
    assert outcome.row.token == ("second" if wake else "first")


# ── more timers due than one batch runs ──

TICKING = {
    "states": {
        "S": {
            "input": [
                ["$input.in.n == 0", ["timer", "t", "60"]],
                ["currentInput('in')", ["send", "seen"]],
                ["timeout('t')", ["reset", "t"], ["set", "ticks", "$variable.ticks + 1"], ["send", "tick"]],
            ],
            "enter": [[None, ["set", "ticks", "0"]]],
        }
    }
}


def ticking() -> Row:
    """A detector whose timer goes off each minute, its own first action handed on."""
    return run(TICKING, message(1, {"n": 0}, sent=NOW)).row._replace(pending=())


def turns(last: dict, *before: dict) -> list:
    """What each batch comes to until the last record is done: what is left of it comes again, wake-ups at once."""
    row, left, outcomes = ticking(), [*before, last], []
    for sequence in range(100, 200):
        outcomes.append(outcome := run(TICKING, *left, row=row, token=lambda: f"token-{len(outcomes)}"))
        row, left = outcome.row._replace(pending=()), left[outcome.done :]
        if not left and (outcome.wake is None or outcome.wake * 1000 > int(last["attributes"]["SentTimestamp"])):
            return outcomes
        if not left:
            sent = int(last["attributes"]["SentTimestamp"])
            left = [woken_by(WakeUp("1", NOW, row.token, outcome.wake), sequence, sent)]
    raise AssertionError(f"not done after {len(outcomes)} batches")


def late_wake_up(minutes: int) -> dict:
    """The wake-up of `ticking`, so late."""
    return woken_by(WakeUp("1", NOW, ticking().token, NOW // 1000 + 60), sent=NOW + minutes * 60_000)


def late_message(minutes: int) -> dict:
    """A message so long after the first."""
    return message(3, {"n": 1}, sent=NOW + minutes * 60_000)


@pytest.mark.parametrize("minutes", [99, 100, 101, 5760])
@pytest.mark.parametrize("late", [late_wake_up, late_message])
def test_a_batch_runs_so_many_timers_and_the_rest_comes_later(monkeypatch, late, minutes) -> None:
    """Four days of a timer of a minute: the same detector and actions, ids included, as all at once."""
    found = turns(late(minutes))
    assert max(one.firings for one in found) == min(minutes, 100)
    assert len(found) == -(-minutes // 100)

    monkeypatch.setattr(detector_run, "MOST_FIRINGS", 10_000)
    [whole] = turns(late(minutes))
    assert [text for one in found for text in one.row.pending] == list(whole.row.pending)
    assert found[-1].row.detector == whole.row.detector


def test_a_message_that_waits_for_timers_is_no_part_of_its_detector_yet() -> None:
    """Its number is not noted, and so it is handled when it comes again; its detector is stored all the same."""
    outcome = run(TICKING, late_message(250), message(4, {"n": 1}, sent=NOW + 250 * 60_000), row=ticking())

    assert (outcome.done, outcome.behind, outcome.changed, outcome.wake) == (0, True, True, None)
    assert (outcome.row.sequence, outcome.row.detector.variables) == (1, {"ticks": 100})


def test_what_is_due_later_does_not_hold_up_an_older_message() -> None:
    """Redriven, it is of a time by which nothing more was due."""
    older = redriven(3, {"n": 1}, accepted=NOW + 60_000, sent=NOW + 250 * 60_000)

    outcome = run(TICKING, late_wake_up(250), older, row=ticking())

    assert (outcome.done, outcome.behind, outcome.row.sequence) == (2, False, 3)
    assert outcome.wake == NOW // 1000 + 101 * 60


def test_the_timers_of_all_records_of_a_batch_count() -> None:
    """Sixty minutes before each of two messages: the second waits."""
    outcome = run(TICKING, late_message(60), message(4, {"n": 1}, sent=NOW + 120 * 60_000), row=ticking())

    assert (outcome.done, outcome.firings, outcome.behind) == (1, 100, True)


def test_a_wake_up_whose_detector_no_item_holds_is_tried_again_in_an_hour(monkeypatch) -> None:
    """At once, it would be a dead letter again and again, as quickly as a queue can be."""
    growing = {
        "states": {
            "S": {
                "input": [
                    ["currentInput('in')", ["timer", "t", "60"], ["set", "n", "$input.in.n"]],
                    ["timeout('t')", ["set", "more", "$variable.n"]],
                ]
            }
        }
    }
    armed = run(growing, message(1, {"n": "x" * 1000}, sent=NOW))
    monkeypatch.setattr(detector_run, "MAX_STATE_BYTES", len(armed.row.written) + 100)
    wake_up = WakeUp("1", NOW, armed.row.token, armed.wake)

    outcome = run(growing, woken_by(wake_up, sent=NOW + 61_000), row=armed.row)

    assert [one.reason for one in outcome.dead] == ["its detector would be more than an item of the table can hold"]
    assert (outcome.done, outcome.changed, outcome.wake) == (1, False, NOW // 1000 + 61 + 3600)


# ── actions ──


def test_an_action_is_kept_with_its_detector_and_the_way_that_its_message_came() -> None:
    """As it is queued and carried out: each member of the effect, the detector, its version, and the hops so far."""
    model = {"states": {"S": {"input": [["currentInput('in')", ["send", "t", "STRING", "$input.in.n"]]]}}}
    came = message(1, {"n": "x"}, sent=NOW)
    text = {"hops": 3, **json.loads(came["body"])}  # the payload is a body's last member

    [pending] = run(model, {**came, "body": json.dumps(text, separators=(",", ":"))}).row.pending
    action = json.loads(pending)

    assert action.pop("id")
    assert action.pop("path").startswith("states[0].onInput")
    assert action == {
        "model": "m",
        "key": "k",
        "version": "1",
        "hops": 3,
        "kind": "iotTopicPublish",
        "time": NOW,
        "parameters": {"mqttTopic": "t"},
        "body": "x",
        "payload_type": "STRING",
    }
