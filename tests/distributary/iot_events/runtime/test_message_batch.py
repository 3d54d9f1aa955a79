import json
from pathlib import Path
from threading import Barrier

import pytest
from detector_cloud import Cloud, activated, message, models_of, record, runner_of
from fake_client import aws_error
from fake_clock import FakeClock
from hypothesis import given, settings
from hypothesis import strategies as st

from distributary.iot_events.engine.machine import step
from distributary.iot_events.runtime.message_batch import UNKNOWN_MODEL, UNKNOWN_MODEL_RECEIVES

NOW = 1_700_000_000_000


def topic(name: str) -> dict:
    """An action that publishes to the topic."""
    return {"iotTopicPublish": {"mqttTopic": name}}


ALARM = {
    "detectorModelName": "m",
    "key": "d",
    "detectorModelDefinition": {
        "initialStateName": "Low",
        "states": [
            {
                "stateName": "Low",
                "onInput": {
                    "transitionEvents": [
                        {"eventName": "up", "condition": "$input.in.t > 10", "nextState": "High", "actions": []}
                    ]
                },
            },
            {
                "stateName": "High",
                "onEnter": {
                    "events": [
                        {
                            "eventName": "high",
                            "actions": [
                                topic("up/one"),
                                topic("up/two"),
                                {"setTimer": {"timerName": "long", "seconds": 60}},
                            ],
                        }
                    ]
                },
                "onInput": {
                    "events": [
                        {
                            "eventName": "count",
                            "condition": 'triggerType("Message")',
                            "actions": [{"setVariable": {"variableName": "n", "value": "$input.in.t"}}],
                        }
                    ],
                    "transitionEvents": [
                        {
                            "eventName": "down",
                            "condition": '$input.in.t < 5 || timeout("long")',
                            "nextState": "Low",
                            "actions": [topic("down")],
                        }
                    ],
                },
            },
        ],
    },
}
MODELS = models_of(ALARM)


def cloud_of(**crash) -> Cloud:
    """A cloud in which the model is active."""
    cloud = Cloud(**crash)
    activated(cloud, MODELS)
    return cloud


def run(cloud: Cloud, *records: dict, clock: FakeClock | None = None) -> list[str]:
    """Hands a batch over; the ids of the records that come again."""
    clock = clock or FakeClock(since_1970=NOW / 1000)
    answer = runner_of(cloud, MODELS, clock.clock)({"Records": list(records)})
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def state(cloud: Cloud, key: str = "k") -> dict:
    """What is stored of the detector."""
    [item] = [one for (pk, sk), one in cloud.items.items() if sk == key and not pk.endswith("#version")]
    return {**json.loads(item["state"]["S"]), "pending": item.get("pending")}


def action_ids(cloud: Cloud) -> list[str]:
    """The ids of the actions that were handed on, in order."""
    return [json.loads(one["body"])["id"] for one in cloud.queues["actions"]]


def readings(*temperatures: int, key: str = "k", first: int = 1) -> list[dict]:
    """A message for each temperature, a second apart."""
    return [
        message(first + place, {"d": key, "t": value}, sent=NOW + 1000 * place, key=key)
        for place, value in enumerate(temperatures)
    ]


def test_a_batch_is_stored_once_and_its_actions_are_handed_on() -> None:
    """One read, one write of the detector, one call for the actions, one to forget them."""
    cloud = cloud_of()

    assert run(cloud, *readings(1, 20, 3, 20)) == []

    assert state(cloud)["state"] == "High"
    assert state(cloud)["pending"] is None
    assert len(action_ids(cloud)) == 5 == len(set(action_ids(cloud)))
    assert sorted(cloud.calls) == ["batch_get_item", "put_item", "send_message", "send_message_batch", "update_item"]


def test_what_changes_nothing_writes_nothing() -> None:
    """A thousand readings that leave ten detectors as they are cost a read a batch, and nothing else."""
    cloud = cloud_of()
    for number in range(10):
        run(cloud, *readings(1, key=f"k{number}", first=number + 1))
    cloud.calls.clear()

    for number in range(100):
        batch = [message(100 + number * 10 + place, {"t": 1}, sent=NOW, key=f"k{place}") for place in range(10)]
        assert run(cloud, *batch) == []

    assert cloud.calls == ["batch_get_item"] * 100


def test_a_thousand_messages_that_change_ten_detectors_are_a_hundred_writes() -> None:
    """As SQS hands a full FIFO queue out, as many of one group as there are: a read and a write for each ten."""
    cloud = cloud_of()
    waiting = {f"k{place}": readings(*[20, 30] * 50, key=f"k{place}", first=1 + 100 * place) for place in range(10)}

    for turn in range(0, 100, 10):
        for records in waiting.values():
            assert run(cloud, *records[turn : turn + 10]) == []

    assert cloud.calls.count("batch_get_item") == cloud.calls.count("put_item") == 100
    # Each rose, fell as its timer expired, and rose again.
    assert len(action_ids(cloud)) == 50
    assert cloud.calls.count("send_message_batch") == cloud.calls.count("update_item") == 20


def test_actions_of_several_detectors_share_their_calls() -> None:
    """Eleven actions are two calls; a batch without any makes none, whatever it stores."""
    cloud = cloud_of()
    run(cloud, *[message(place + 1, {"t": 20}, sent=NOW, key=f"k{place}") for place in range(5)])
    assert cloud.calls.count("send_message_batch") == 1
    cloud.calls.clear()

    run(cloud, *[message(place + 11, {"t": 20 + place}, sent=NOW, key=f"k{place}") for place in range(5)])
    assert sorted(set(cloud.calls)) == ["batch_get_item", "put_item"]
    assert cloud.calls.count("put_item") == 5
    cloud.calls.clear()

    down = [message(place + 21, {"t": 1}, sent=NOW, key=f"k{place}") for place in range(5)]
    run(cloud, *down, *[message(place + 31, {"t": 20}, sent=NOW, key=f"n{place}") for place in range(3)])
    assert len(action_ids(cloud)) == 10 + 11
    assert cloud.calls.count("send_message_batch") == 2


def test_a_batch_of_ten_detectors_writes_ten_times_and_sends_ten_actions_a_call() -> None:
    """Reads, writes and sends are counted: twenty actions are two calls."""
    cloud = cloud_of()

    batch = [message(place + 1, {"t": 20}, sent=NOW, key=f"k{place}") for place in range(10)]

    assert run(cloud, *batch) == []
    assert {name: cloud.calls.count(name) for name in set(cloud.calls)} == {
        "batch_get_item": 1,
        "put_item": 10,
        "send_message": 10,
        "send_message_batch": 2,
        "update_item": 10,
    }


@pytest.mark.parametrize("later", [1, 301, 86_400])
def test_a_record_that_comes_again_changes_nothing(later) -> None:
    """However much later: it is known by its number."""
    cloud = cloud_of()
    batch = readings(20, 3, 30)
    run(cloud, *batch)
    before, ids = dict(cloud.items), action_ids(cloud)

    assert run(cloud, *batch, clock=FakeClock(since_1970=NOW / 1000 + later)) == []

    assert cloud.items == before
    assert action_ids(cloud) == ids


def finished(
    batches: list[list[dict]], *, crash: int = -1, after: bool = False, later: int = 0
) -> tuple[dict, set[str], int]:
    """State and action ids once every record is done, redelivered as often as that takes; and the calls made.

    Each redelivery is so many seconds `later`, and so is all that follows.
    """
    cloud, clock = cloud_of(crash=crash, after=after), FakeClock(since_1970=NOW / 1000)
    for batch in batches:
        left = batch
        for turn in range(4):
            if turn:
                clock.now += later
            failed = run(cloud, *left, clock=clock)
            left = [one for one in left if one["messageId"] in failed]
            if not left:
                break
        assert left == []
    return state(cloud), set(action_ids(cloud)), len(cloud.calls)


BATCHES = [readings(1, 20), readings(30, 3, 20, first=3), readings(4, first=6)]


@pytest.mark.covers("decision.outbox")
@pytest.mark.parametrize("later", [1, 301, 86_400])
def test_a_crash_at_any_call_neither_loses_nor_repeats_a_change(later) -> None:
    """Before or after AWS did what it was asked for, whenever the records come again: the same state and actions."""
    expected, ids, calls = finished(BATCHES)

    assert len(ids) == 6
    for crash in range(calls):
        for after in (False, True):
            found, found_ids, _ = finished(BATCHES, crash=crash, after=after, later=later)
            assert (found, found_ids) == (expected, ids), (crash, after)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=14), st.lists(st.integers(1, 5), min_size=14, max_size=14))
def test_batching_gives_what_single_records_give(temperatures, sizes) -> None:
    """Action ids included."""
    records = readings(*temperatures)
    batches, rest = [], records
    for size in sizes:
        batches, rest = [*batches, rest[:size]], rest[size:]

    assert finished([one for one in batches if one])[:2] == finished([[one] for one in records])[:2]


TICKING = {
    "detectorModelName": "m",
    "key": "d",
    "detectorModelDefinition": {
        "initialStateName": "On",
        "states": [
            {
                "stateName": "On",
                "onEnter": {
                    "events": [{"eventName": "on", "actions": [{"setTimer": {"timerName": "t", "seconds": 60}}]}]
                },
                "onInput": {
                    "events": [
                        {
                            "eventName": "tick",
                            "condition": 'timeout("t")',
                            "actions": [{"resetTimer": {"timerName": "t"}}, topic("tick")],
                        },
                        {"eventName": "seen", "condition": 'triggerType("Message")', "actions": [topic("seen")]},
                    ]
                },
            }
        ],
    },
}


def caught_up(*, crash: int = -1, after: bool = False) -> tuple[Cloud, int]:
    """A detector with a message after 250 minutes, delivered until it is done; and how often that was."""
    models, cloud = models_of(TICKING), Cloud(crash=crash, after=after)
    activated(cloud, models)
    clock = FakeClock(since_1970=NOW / 1000)
    handle, turns = runner_of(cloud, models, clock.clock), 0
    for one in (message(1, {}, sent=NOW), message(2, {}, sent=NOW + 250 * 60_000)):
        turns, left = 0, True
        while left:
            turns += 1
            assert turns < 10
            one["attributes"]["ApproximateReceiveCount"] = str(turns)
            left = handle({"Records": [one]})["batchItemFailures"]
        clock.now += 250 * 60
    return cloud, turns


def test_a_message_waits_a_second_for_the_timers_that_one_batch_does_not_run() -> None:
    """Each time a hundred are run, stored, and their actions handed on."""
    cloud, turns = caught_up()

    assert (turns, cloud.paused) == (3, [1, 1])
    assert [json.loads(one["body"])["parameters"]["mqttTopic"] for one in cloud.queues["actions"]] == [
        "seen",
        *["tick"] * 250,
        "seen",
    ]
    assert cloud.calls.count("put_item") == 5  # one of them notes the third receive


def test_what_follows_a_message_that_waits_for_timers_waits_as_long() -> None:
    """A FIFO queue hands out none of a group's records while another of them is invisible."""
    models, cloud = models_of(TICKING), Cloud()
    activated(cloud, models)
    handle = runner_of(cloud, models, FakeClock(since_1970=NOW / 1000).clock)
    handle({"Records": [message(1, {}, sent=NOW)]})
    records = [message(number, {}, sent=NOW + 250 * 60_000) for number in (2, 3, 4)]
    for one in records:
        one["attributes"]["ApproximateReceiveCount"] = "10"

    assert len(handle({"Records": records})["batchItemFailures"]) == 3
    assert cloud.paused == [1, 1, 1]


def test_a_crash_while_timers_are_caught_up_with_neither_loses_nor_repeats_one() -> None:
    """Before or after any call: the same detector, the same actions."""
    whole, _ = caught_up()

    for crash in [*range(12), *range(len(whole.calls) - 12, len(whole.calls))]:
        for after in (False, True):
            found, _ = caught_up(crash=crash, after=after)
            assert state(found) == state(whole), (crash, after)
            assert set(action_ids(found)) == set(action_ids(whole)), (crash, after)


def woken_late(*, crash: int = -1, after: bool = False) -> Cloud:
    """A detector whose wake-up comes 250 minutes late, and what it arms, each delivered until it is done."""
    models, cloud = models_of(TICKING), Cloud()
    activated(cloud, models)
    clock = FakeClock(since_1970=NOW / 1000)
    handle = runner_of(cloud, models, clock.clock)
    handle({"Records": [message(1, {}, sent=NOW)]})
    bodies = [cloud.queues["wakes"].pop()["body"]]
    cloud.calls.clear()
    cloud._crash, cloud._after = crash, after
    clock.now += 250 * 60
    for sequence, body in enumerate(bodies, 2):
        late = record(body, sequence, model="m", key="k", sent=NOW + 250 * 60_000)
        while handle({"Records": [late]})["batchItemFailures"]:
            assert len(cloud.calls) < 200
        bodies += [one["body"] for one in cloud.queues["messages"]]
        cloud.queues["messages"].clear()
        assert sequence < 10
    return cloud


def test_a_crash_while_a_late_wake_up_is_caught_up_with_neither_loses_nor_repeats_a_timer() -> None:
    """Each hundred arms the next at once: the same detector, the same actions, and a wake-up for the next minute."""
    whole = woken_late()
    assert len(set(action_ids(whole))) == 251
    assert len(whole.queues["wakes"]) == 1

    for crash in [*range(15), *range(len(whole.calls) - 15, len(whole.calls))]:
        for after in (False, True):
            found = woken_late(crash=crash, after=after)
            assert state(found) == state(whole), (crash, after)
            assert set(action_ids(found)) == set(action_ids(whole)), (crash, after)
            assert found.queues["wakes"], (crash, after)


BATCH_FAILURES = json.loads((Path(__file__).parents[3] / "cases" / "batch_failures.json").read_text("utf-8"))


def stored(cloud: Cloud) -> dict[str, list | None]:
    """State and $n of each of the three detectors."""
    found = {sk: json.loads(one["state"]["S"]) for (_, sk), one in cloud.items.items() if "state" in one}
    return {key: [one["state"], one["variables"].get("n")] if (one := found.get(key)) else None for key in "abc"}


@pytest.mark.parametrize("case", BATCH_FAILURES["cases"], ids=lambda case: "+".join(map(str, case["fails"])) or "none")
def test_of_ten_records_of_three_detectors_come_again_those_that_must(case, monkeypatch) -> None:
    """The first that fails and every later one of its detector; after the second delivery all is as if none had."""
    batch = [
        message(number, {"d": one["key"], "t": one["t"]}, sent=NOW + 1000 * number, key=one["key"])
        for number, one in enumerate(BATCH_FAILURES["records"], 1)
    ]
    whole = cloud_of()
    assert run(whole, *batch) == []
    cloud, put = cloud_of(), Cloud._put_item

    def failing_step(model, detector, trigger, now, **more):
        if int(trigger.id.removeprefix("id-")) in case["fails"]:
            raise ZeroDivisionError
        return step(model, detector, trigger, now, **more)

    def failing_put(self, **parameters):
        if parameters["Item"]["sk"]["S"] in case["fails"]:
            raise aws_error("ProvisionedThroughputExceededException")
        return put(self, **parameters)

    with monkeypatch.context() as broken:
        broken.setattr("distributary.iot_events.runtime.detector_run.step", failing_step)
        broken.setattr(Cloud, "_put_item", failing_put)
        returned = run(cloud, *batch)

    assert sorted(returned, key=lambda name: int(name[1:])) == [f"r{number}" for number in case["returned"]]
    assert stored(cloud) == case["states"]
    assert run(cloud, *[one for one in batch if one["messageId"] in returned]) == []
    assert stored(cloud) == stored(whole)
    assert sorted(action_ids(cloud)) == sorted(action_ids(whole))


def refuse_to_store(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """Lets the table refuse each write of this detector."""
    put = Cloud._put_item

    def refuse_one(self, **parameters):
        if parameters["Item"]["sk"]["S"] == key:
            raise aws_error("ProvisionedThroughputExceededException")
        return put(self, **parameters)

    monkeypatch.setattr(Cloud, "_put_item", refuse_one)


def test_a_failing_detector_holds_up_its_own_records_only(monkeypatch) -> None:
    """Its records come again, soon; those of others are done."""
    cloud = cloud_of()
    refuse_to_store(monkeypatch, "bad")

    assert run(cloud, *readings(20, 3, key="bad"), *readings(20, key="good", first=3)) == ["r1", "r2"]
    assert (cloud.paused, cloud.postponed) == ([1, 1], ["h1", "h2"])
    assert state(cloud, "good")["state"] == "High"
    assert len(action_ids(cloud)) == 2


def test_records_wait_while_a_deployment_changes_the_version() -> None:
    """A function whose definition is not the active one handles nothing and asks again in 30 s."""
    cloud = cloud_of()
    cloud.items["m#version", "."]["sha256"] = {"S": "another"}

    assert run(cloud, *readings(20)) == ["r1"]
    assert cloud.paused == [30]
    assert cloud.calls == ["batch_get_item", "change_message_visibility_batch"]


def test_records_of_a_model_that_waits_hold_up_no_other_model() -> None:
    """A model that is not there yet comes first in the batch."""
    cloud = cloud_of()

    assert run(cloud, message(1, {"t": 20}, sent=NOW, model="new"), *readings(20, first=2)) == ["r1"]
    assert (cloud.paused, cloud.postponed) == ([30], ["h1"])
    assert state(cloud)["state"] == "High"


@pytest.mark.parametrize(
    ("model", "receives", "dead"),
    [("new", UNKNOWN_MODEL_RECEIVES - 1, 0), ("new", UNKNOWN_MODEL_RECEIVES, 1), ("m", UNKNOWN_MODEL_RECEIVES + 1, 0)],
)
def test_a_record_of_an_unknown_model_becomes_a_dead_letter(model: str, receives: int, dead: int) -> None:
    """At its twentieth receive: a deployment had the time to add the model. Records of a known model never do."""
    cloud = cloud_of()
    one = message(1, {"t": 1}, sent=NOW, model=model)
    one["attributes"]["ApproximateReceiveCount"] = str(receives)
    again = run(cloud, one)

    assert again == (["r1"] if model == "new" and not dead else [])
    assert [UNKNOWN_MODEL in letter["body"] for letter in cloud.queues["dead"]] == [True] * dead


def test_an_unreadable_record_keeps_its_reason_however_often_it_came() -> None:
    """Its model is unknown because it cannot be read."""
    cloud = cloud_of()
    run(cloud, record("{", 1, model="m", key="k", sent=NOW, receives=UNKNOWN_MODEL_RECEIVES))

    [dead] = cloud.queues["dead"]
    assert UNKNOWN_MODEL not in dead["body"]


@pytest.mark.covers("decision.inactive")
def test_a_detector_of_another_version_does_not_exist() -> None:
    """The next message makes it anew, in the initial state, over the same item."""
    cloud = cloud_of()
    run(cloud, *readings(20))
    cloud.items["m#version", "."]["version"] = {"S": "2"}

    assert run(cloud, *readings(1, first=2)) == []
    assert state(cloud)["state"] == "Low"
    assert len([one for one in cloud.items if one[1] == "k"]) == 1


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (record("{", 2, model="m", key="k", sent=NOW), "unreadable"),
        (record('{"model":"m","key":"x","payload":{}}', 2, model="m", key="k", sent=NOW), "group"),
    ],
    ids=["no JSON", "another's group"],
)
def test_what_can_never_succeed_is_a_dead_letter_at_once(broken, reason) -> None:
    """With its reason; the records around it are done."""
    cloud = cloud_of()

    assert run(cloud, *readings(1), broken, *readings(20, first=3)) == []

    [dead] = cloud.queues["dead"]
    assert reason in dead["body"] or not dead["body"].startswith('{"')
    assert state(cloud)["state"] == "High"


def test_a_dead_letter_holds_up_no_other_detector_and_reads_none() -> None:
    """A batch of dead letters alone makes no call to the table."""
    cloud = cloud_of()
    broken = record("{", 1, model="m", key="bad", sent=NOW)
    assert run(cloud, broken) == []
    assert cloud.calls == ["send_message"]

    assert run(cloud, broken, *readings(20, first=2)) == []
    assert state(cloud)["state"] == "High"


@pytest.mark.parametrize("detectors", [2, 10])
def test_the_detectors_of_a_batch_are_stored_at_the_same_time(detectors: int, monkeypatch) -> None:
    """Each write waits here until all of them are under way."""
    cloud, put, all_of_them = cloud_of(), Cloud._put_item, Barrier(detectors, timeout=10)

    def together(self, **parameters):
        all_of_them.wait()
        return put(self, **parameters)

    monkeypatch.setattr(Cloud, "_put_item", together)

    assert run(cloud, *[message(place + 1, {"t": 20}, sent=NOW, key=f"k{place}") for place in range(detectors)]) == []
    assert cloud.calls.count("put_item") == detectors


def test_a_wake_up_comes_from_the_arming_that_is_stored() -> None:
    """The one of the stored arming lets the timer expire; one of another arming, or another life, is passed over."""
    cloud = cloud_of()
    run(cloud, *readings(20))
    [wake] = cloud.queues["wakes"]
    assert wake["DelaySeconds"] == 60
    later = NOW + 61_000
    other = json.loads(wake["body"])
    other["wakeUp"]["token"] = "another"

    assert run(cloud, record(json.dumps(other), 2, model="m", key="k", sent=later)) == []
    assert state(cloud)["state"] == "High"
    assert run(cloud, record(wake["body"], 3, model="m", key="k", sent=later)) == []
    assert state(cloud)["state"] == "Low"


def test_a_wake_up_before_its_time_arms_the_next_and_writes_nothing() -> None:
    """It may come early or for nothing: the timer is never lost."""
    cloud = cloud_of()
    run(cloud, *readings(20))
    [wake] = cloud.queues["wakes"]
    cloud.calls.clear()

    assert run(cloud, record(wake["body"], 2, model="m", key="k", sent=NOW + 1000)) == []

    assert [one["body"] for one in cloud.queues["wakes"]] == [wake["body"]] * 2
    assert cloud.calls == ["batch_get_item", "send_message"]


def test_the_wake_up_is_armed_before_the_timer_is_stored() -> None:
    """A timer that is stored without one would never expire."""
    cloud = cloud_of()

    run(cloud, *readings(20))

    assert cloud.calls.index("send_message") < cloud.calls.index("put_item")


def test_a_timer_that_was_due_expires_before_the_message_is_looked_at() -> None:
    """Whenever the message is handled: accepted after the timer was due, it finds the state of that time."""
    cloud = cloud_of()
    run(cloud, *readings(20))

    run(cloud, message(2, {"t": 7}, sent=NOW + 90_000))

    assert state(cloud)["state"] == "Low"
    assert len(action_ids(cloud)) == 3


HEARTBEAT = Path(__file__).parents[4] / "examples" / "detectors" / "device_heartbeat.json"


def test_a_heartbeat_is_woken_once_in_five_minutes_not_once_a_message() -> None:
    """A message a minute resets the timer of five: one wake-up for four or five of them, a write for each message."""
    models = models_of(json.loads(HEARTBEAT.read_text()))
    clock, cloud = FakeClock(since_1970=NOW / 1000), Cloud()
    activated(cloud, models)
    handle = runner_of(cloud, models, clock.clock)
    woken, sequence, minutes = 0, 0, 200
    place = {"model": "device_heartbeat", "key": "k"}

    for minute in range(minutes):
        due = [one for one in cloud.queues["wakes"] if one["at"] <= 60 * minute] if minute else []
        for wake in sorted(due, key=lambda one: one["at"]):
            cloud.queues["wakes"].remove(wake)
            woken, sequence, clock.now = woken + 1, sequence + 1, wake["at"]
            handle({"Records": [record(wake["body"], sequence, sent=NOW + 1000 * wake["at"], **place)]})
            _stamp(cloud, clock.now)
        sequence, clock.now = sequence + 1, 60.0 * minute
        sent = {"sent": NOW + 60_000 * minute, "name": "telemetry", **place}
        handle({"Records": [message(sequence, {"deviceId": "k"}, **sent)]})
        _stamp(cloud, clock.now)

    assert minutes / 5 - 1 <= woken <= minutes / 4
    assert cloud.calls.count("put_item") == minutes
    assert cloud.calls.count("send_message") == woken + 1


def _stamp(cloud: Cloud, now: float) -> None:
    """Notes when each new message of the delay queue is due, in seconds from the start."""
    for one in cloud.queues["wakes"]:
        one.setdefault("at", int(now) + one["DelaySeconds"])


# ── the log ──


def logged(cloud: Cloud, *records: dict) -> tuple[list[str], list[tuple]]:
    """Hands a batch over: the ids of the records that come again, and the lines that were written."""
    lines: list[tuple] = []
    clock = FakeClock(since_1970=NOW / 1000)
    runner = runner_of(cloud, MODELS, clock.clock, log=lambda *line: lines.append(line))
    answer = runner({"Records": list(records)})
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]], lines


TIMEOUT = 'ConnectTimeoutError: Connect timeout on endpoint URL: "https://aws"'


@pytest.mark.parametrize(
    ("call", "name", "text"),
    [
        (0, "batch_get_item", "the detectors cannot be read"),
        (1, "send_message", "a detector was not stored"),
        (2, "put_item", "a detector was not stored"),
        (3, "send_message_batch", "actions were not handed on"),
        (4, "update_item", "actions were handed on and not forgotten"),
    ],
)
def test_each_call_that_fails_is_a_line_and_its_records_come_again(call: int, name: str, text: str) -> None:
    """One line, with AWS's error."""
    cloud = cloud_of(crash=call)

    again, lines = logged(cloud, *readings(1, 20))

    assert cloud.calls[call] == name
    assert again == ["r1", "r2"]
    assert lines == [("ERROR", text, {"error": TIMEOUT})]


def test_a_pause_that_cannot_be_set_is_a_line() -> None:
    """The records come again all the same, when their queue shows them."""
    cloud = cloud_of(crash=1)
    cloud.items["m#version", "."]["sha256"] = {"S": "another"}
    again, lines = logged(cloud, *readings(20))

    assert cloud.calls == ["batch_get_item", "change_message_visibility_batch"]
    assert again == ["r1"]
    assert lines == [("WARNING", "records come again only after the visibility timeout", {"error": TIMEOUT})]


def test_an_action_that_is_too_large_is_a_line() -> None:
    """What a step logs is written once its detector is stored."""
    large = json.loads(json.dumps(ALARM).replace('"up/one"', json.dumps("u" * 270_000)))
    models, cloud, lines = models_of(large), Cloud(), []
    activated(cloud, models)
    handle = runner_of(cloud, models, FakeClock(since_1970=NOW / 1000).clock, log=lambda *line: lines.append(line))
    handle({"Records": readings(20)})

    [(level, text, members)] = lines
    assert (level, text) == ("ERROR", "an action of more than 262144 bytes is not carried out")
    assert (members["detectorModelName"], members["keyValue"], members["kind"]) == ("m", "k", "iotTopicPublish")


def test_a_batch_is_a_line_that_counts(monkeypatch) -> None:
    """Records, those that come again, and the detectors that took a step and were stored."""
    cloud, lines = cloud_of(), []
    refuse_to_store(monkeypatch, "bad")
    handle = runner_of(cloud, MODELS, FakeClock(since_1970=NOW / 1000).clock, measure=lambda *line: lines.append(line))
    good = [message(place, {"t": 20}, sent=NOW, key=f"k{place}") for place in (1, 2)]
    broken = record("{", 3, model="m", key="none", sent=NOW)
    handle({"Records": [*good, broken, *readings(20, 30, key="bad", first=4)]})

    assert lines == [("batch", {"records": 5, "records_left": 2, "detectors_stepped": 2})]


def parked(cloud: Cloud) -> None:
    """Notes in the stored detector that it has actions in an object."""
    [item] = [one for (pk, sk), one in cloud.items.items() if sk == "k" and not pk.endswith("#version")]
    item["parked"] = {"L": [{"S": "actions/one"}]}


def test_actions_that_cannot_be_read_hold_their_detector_up() -> None:
    """The object may be there the next time; until then nothing of the detector is forgotten."""
    cloud = cloud_of()
    run(cloud, *readings(1, 20))
    parked(cloud)
    cloud.calls.clear()
    cloud._crash = 2

    again, lines = logged(cloud, *readings(30, first=3))

    assert cloud.calls[:3] == ["batch_get_item", "put_item", "get_object"]
    assert again == ["r3"]
    assert lines == [("ERROR", "actions cannot be read", {"error": TIMEOUT})]


def test_actions_that_have_expired_are_a_line_and_hold_nothing_up() -> None:
    """Nobody has them any more: the line names the objects."""
    cloud = cloud_of()
    run(cloud, *readings(1, 20))
    parked(cloud)

    again, lines = logged(cloud, *readings(30, first=3))

    assert again == []
    assert lines == [
        (
            "ERROR",
            "actions were not handed on before they expired",
            {"detectorModelName": "m", "keyValue": "k", "objects": ["actions/one"]},
        )
    ]


def test_a_record_that_fails_is_a_line_with_its_detector(monkeypatch) -> None:
    """The error as it was raised, which is a bug of ours."""

    def failing(*_, **__):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("distributary.iot_events.runtime.detector_run.step", failing)

    assert logged(cloud_of(), *readings(1)) == (
        ["r1"],
        [
            (
                "ERROR",
                "a record failed",
                {"detectorModelName": "m", "keyValue": "k", "error": "ZeroDivisionError('a bug')"},
            )
        ],
    )


def test_a_dead_letter_is_a_line_with_its_reason() -> None:
    """By the record's own id in the queue."""
    broken = {**readings(1)[0], "body": "{"}

    assert logged(cloud_of(), broken) == (
        [],
        [("ERROR", "dead letter", {"messageId": "r1", "reason": "unreadable: BadPayload"})],
    )
