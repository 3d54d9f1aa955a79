import json

import pytest
from detector_cloud import SETTINGS, Cloud, activated, message, models_of, runner_of
from fake_clock import FakeClock

from distributary.aws.bucket import Bucket
from distributary.errors import SinkUnavailable
from distributary.iot_events.engine.detector import Detector
from distributary.iot_events.engine.state_update import NewState
from distributary.iot_events.runtime.action_queue import MAX_BYTES, ActionQueue
from distributary.iot_events.runtime.detector_item import Row
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.management import Detectors
from distributary.iot_events.runtime.wake_ups import WakeUps

NOW = 1_700_000_000_000
LONG = 70_000
"""Characters of a reading: five actions that carry it are more than an item holds, ten more than a call."""


def publishes(topics: int) -> list[dict]:
    """So many actions that publish the detector's state, with the text of the last reading."""
    return [{"iotTopicPublish": {"mqttTopic": f"t/{number}"}} for number in range(topics)]


def event(name: str, condition: str, topics: int) -> dict:
    """An event with so many actions."""
    return {"eventName": name, "condition": condition, "actions": publishes(topics)}


MODELS = models_of(
    {
        "detectorModelName": "m",
        "key": "d",
        "detectorModelDefinition": {
            "initialStateName": "S",
            "states": [
                {
                    "stateName": "S",
                    "onInput": {
                        "events": [
                            {
                                "eventName": "keep",
                                "actions": [{"setVariable": {"variableName": "text", "value": "$input.in.text"}}],
                            },
                            event("few", "$input.in.n == 1", 2),
                            event("many", "$input.in.n == 2", 5),
                        ]
                    },
                }
            ],
        },
    }
)


def cloud_of(**crash) -> Cloud:
    """A cloud in which the model is active."""
    cloud = Cloud(**crash)
    activated(cloud, MODELS)
    return cloud


def reading(sequence: int, number: int, length: int = LONG) -> dict:
    """A message that sets off 2 actions (1), 5 (2) or none."""
    return message(sequence, {"d": "k", "n": number, "text": "x" * length}, sent=NOW + sequence)


def run(cloud: Cloud, *records: dict) -> tuple[list[str], list[tuple]]:
    """Hands a batch over; the ids of the records that come again, and what was logged."""
    lines: list[tuple] = []
    handle = runner_of(cloud, MODELS, FakeClock(NOW / 1000).clock, log=lambda *line: lines.append(line))
    answer = handle({"Records": list(records)})
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]], lines


def item(cloud: Cloud) -> dict:
    """What is stored of the detector."""
    [found] = [one for (_, sk), one in cloud.items.items() if sk == "k"]
    return found


def topics(cloud: Cloud) -> list[str]:
    """Where the actions that were handed on go, in order."""
    return [json.loads(one["body"])["parameters"]["mqttTopic"] for one in cloud.queues["actions"]]


FIVE = [f"t/{number}" for number in range(5)]


def test_actions_that_no_item_holds_lie_in_the_bucket() -> None:
    """The item points to them, until they have been handed on."""
    cloud = cloud_of()

    assert run(cloud, reading(1, 2)) == ([], [])

    assert cloud.calls == [
        "batch_get_item",
        "put_object",
        "put_item",
        "get_object",
        "send_message_batch",
        "update_item",
    ]
    [key] = cloud.objects
    assert key.startswith("actions/")
    assert topics(cloud) == FIVE
    assert not {"pending", "parked"} & set(item(cloud))


def test_a_long_batch_parks_all_its_actions_at_once() -> None:
    """One object however many records made them, handed on in order, none of the calls larger than SQS takes."""
    cloud = cloud_of()

    assert run(cloud, *[reading(number, 2) for number in range(1, 5)]) == ([], [])

    assert cloud.calls.count("put_object") == cloud.calls.count("put_item") == 1
    assert topics(cloud) == FIVE * 4
    assert cloud.calls.count("send_message_batch") == 2
    assert sum(len(one["body"]) for one in cloud.queues["actions"]) > MAX_BYTES


def finished(*, crash: int = -1, after: bool = False) -> tuple[str, list[str], int]:
    """State, actions without those that are repeated, and calls, once each record has come until it is done."""
    cloud = cloud_of(crash=crash, after=after)
    batches = [[reading(1, 2), reading(2, 1)], [reading(3, 2)], [reading(4, 0)]]
    for batch in batches:
        left = batch
        for _ in range(4):
            failed, _ = run(cloud, *left)
            left = [one for one in left if one["messageId"] in failed]
        assert left == []
    assert not {"pending", "parked"} & set(item(cloud))
    ids = [json.loads(one["body"])["id"] for one in cloud.queues["actions"]]
    return item(cloud)["state"]["S"], list(dict.fromkeys(ids)), len(cloud.calls)


def test_a_crash_between_bucket_and_item_neither_loses_nor_repeats() -> None:
    """Nor at any other call, before or after AWS did what it was asked for: the same state, the same ids in order."""
    state, ids, calls = finished()

    assert len(ids) == 12
    for crash in range(calls):
        for after in (False, True):
            assert finished(crash=crash, after=after)[:2] == (state, ids), (crash, after)


def left_behind() -> Cloud:
    """A cloud whose function died after it had stored a detector with actions in the bucket."""
    cloud = cloud_of(crash=4)  # send_message_batch
    assert run(cloud, reading(1, 2))[0] == ["r1"]
    assert len(item(cloud)["parked"]["L"]) == 1
    return cloud


def test_whoever_loads_the_detector_hands_them_on_first() -> None:
    """Also where the record that made them never comes again."""
    cloud = left_behind()

    assert run(cloud, reading(2, 1, length=1)) == ([], [])

    assert topics(cloud) == [*FIVE, "t/0", "t/1"]
    assert not {"pending", "parked"} & set(item(cloud))


def test_an_operator_who_changes_the_detector_leaves_them_to_the_next_message() -> None:
    """Put into a state and deleted, it still points to them."""
    cloud = left_behind()
    wake_ups = WakeUps(SETTINGS, cloud, cloud, FakeClock(NOW / 1000).clock)
    detectors = Detectors(MODELS, DetectorTable(cloud, "table"), wake_ups, FakeClock(NOW / 1000).clock, lambda: "token")

    detectors.put("m", "k", NewState("S", {}, {}))
    detectors.delete("m", "k")

    assert len(item(cloud)["parked"]["L"]) == 1
    assert run(cloud, reading(2, 0)) == ([], [])
    assert topics(cloud) == FIVE


def test_actions_that_have_expired_are_named_in_the_log_and_hold_nothing_up() -> None:
    """The object is gone three weeks after it was written: the detector goes on."""
    cloud = left_behind()
    [key] = cloud.objects
    cloud.objects.clear()

    failed, [(level, text, fields)] = run(cloud, reading(2, 1, length=1))

    assert failed == []
    assert (level, text) == ("ERROR", "actions were not handed on before they expired")
    assert fields == {"detectorModelName": "m", "keyValue": "k", "objects": [key]}
    assert topics(cloud) == ["t/0", "t/1"]
    assert "parked" not in item(cloud)


def test_an_action_that_no_queue_takes_is_not_carried_out_and_logged() -> None:
    """The state changes, and other actions are carried out."""
    cloud = cloud_of()
    big = message(1, {"d": "k", "n": 2, "text": '"' * 100_000}, sent=NOW)

    failed, lines = run(cloud, big, reading(2, 1, length=1))

    assert failed == []
    paths = [f"states[0].onInput.events[2].actions[{number}].iotTopicPublish" for number in range(5)]
    assert [(level, fields["kind"], fields["path"]) for level, _, fields in lines] == [
        ("ERROR", "iotTopicPublish", path) for path in paths
    ]
    assert topics(cloud) == ["t/0", "t/1"]
    assert cloud.objects == {}


def test_what_the_bucket_does_not_say_is_asked_again() -> None:
    """Only an object that is not there counts as expired."""
    bucket = Bucket(Cloud, "lake")
    queue = ActionQueue(Cloud(), "actions", bucket)
    row = Row("m", "k", "1", Detector("k"), pending=("b",), parked=("gone", "there"))
    assert queue.waiting(row) == (["b"], ["gone", "there"])

    down = Bucket(lambda: Cloud(crash=0), "lake")
    with pytest.raises(SinkUnavailable, match="ConnectTimeoutError"):
        ActionQueue(Cloud(), "actions", down).waiting(row)


def test_a_detector_that_no_item_holds_makes_a_dead_letter_of_its_message() -> None:
    """With the reason; the messages before it and after it are handled, and their actions handed on."""
    cloud = cloud_of()
    large = message(2, {"d": "k", "n": 1, "text": "\N{GRINNING FACE}" * 90_000}, sent=NOW)

    failed, [(level, text, fields)] = run(cloud, reading(1, 1, length=1), large, reading(3, 1, length=2))

    assert failed == []
    assert (level, text, fields["messageId"]) == ("ERROR", "dead letter", "r2")
    [dead] = cloud.queues["dead"]
    assert "more than an item of the table can hold" in dead["body"]
    assert json.loads(item(cloud)["state"]["S"])["variables"] == {"text": "xx"}
    assert topics(cloud) == ["t/0", "t/1"] * 2
