import json
from copy import deepcopy

import pytest
from detector_cloud import Cloud, activated, message, models_of, runner_of
from fake_client import aws_error
from fake_clock import FakeClock

from distributary.iot_events.engine.machine import step
from distributary.iot_events.runtime import action_queue, detector_run
from distributary.iot_events.runtime.solo_retry import LEFT_MILLISECONDS, MOST_TRIES

NOW = 1_700_000_000_000
KEEPING = {
    "detectorModelName": "m",
    "key": "d",
    "detectorModelDefinition": {
        "initialStateName": "on",
        "states": [
            {
                "stateName": "on",
                "onInput": {
                    "events": [
                        {
                            "eventName": "keep",
                            "actions": [{"setVariable": {"variableName": "n", "value": "$input.in.n"}}],
                        }
                    ]
                },
            }
        ],
    },
}
MODELS = models_of(KEEPING)


class Killed(BaseException):
    """What ends a function: no handler in it sees it."""


class Queue:
    """Records of several detectors that come again until their function answers; `deadly` end it."""

    def __init__(self, monkeypatch, *, deadly: set[int] = frozenset(), models=MODELS) -> None:
        self.cloud = Cloud()
        self.models = models
        activated(self.cloud, models)
        self.records: dict[str, dict] = {}
        self.steps: list[int] = []

        def stepping(model, detector, trigger, now, *, debug):
            self.steps.append(trigger.payload["n"])
            if trigger.payload["n"] in deadly:
                raise Killed
            return step(model, detector, trigger, now, debug=debug)

        monkeypatch.setattr(detector_run, "step", stepping)

    def put(self, *numbers: int, key: str | None = None) -> None:
        """A message for each number, of a detector of its own or of this one."""
        for number in numbers:
            one = message(number, {"d": "k", "n": number}, sent=NOW, key=key or f"k{number}")
            one["attributes"]["ApproximateReceiveCount"] = "0"
            self.records[one["messageId"]] = one

    def receive(self, context=None) -> bool:
        """Hands all of them over; whether the function answered."""
        for one in self.records.values():
            receives = int(one["attributes"]["ApproximateReceiveCount"]) + 1
            one["attributes"]["ApproximateReceiveCount"] = str(receives)
        handle = runner_of(self.cloud, self.models, FakeClock().clock)
        try:
            answer = handle({"Records": list(self.records.values())}, context)
        except Killed:
            return False
        left = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        self.records = {name: one for name, one in self.records.items() if name in left}
        return True

    def values(self) -> dict[str, int]:
        """What each living detector keeps."""
        items = {sk: item for (_, sk), item in self.cloud.items.items() if "state" in item}
        return {sk: json.loads(item["state"]["S"])["variables"]["n"] for sk, item in items.items()}


def test_neighbours_of_what_ends_the_function_are_handled(monkeypatch) -> None:
    """On both sides of it, by the third time that the batch comes."""
    queue = Queue(monkeypatch, deadly={3})
    queue.put(1, 2, 3, 4, 5)

    assert [queue.receive() for _ in range(3)] == [False] * 3

    assert queue.values() == {"k1": 1, "k2": 2, "k4": 4, "k5": 5}


def test_what_ends_its_function_each_time_becomes_a_dead_letter(monkeypatch) -> None:
    """That record alone, with the reason; the others of its detector go on behind it."""
    queue = Queue(monkeypatch, deadly={3})
    queue.put(2, 3, 4, key="k")
    queue.put(9)
    answers = [queue.receive() for _ in range(6)]

    assert answers == [False] * (2 + MOST_TRIES) + [True]
    [dead] = queue.cloud.queues["dead"]
    assert "its function was ended 3 times" in dead["body"]
    assert '"n": 3' in dead["body"]
    assert queue.values() == {"k": 4, "k9": 9}
    assert queue.records == {}


def test_a_detector_that_lives_does_not_expire(monkeypatch) -> None:
    """What is noted of a record before there is a detector goes when there is one."""
    deadly = {1}
    queue = Queue(monkeypatch, deadly=deadly)
    queue.put(1)
    assert [queue.receive() for _ in range(4)] == [False] * 4
    [noted] = [item for (_, sk), item in queue.cloud.items.items() if sk == "k1"]
    assert noted["trying"] == {"S": "1:2"}
    assert int(noted["expires"]["N"]) > NOW // 1000

    deadly.clear()
    assert queue.receive()
    [item] = [item for (_, sk), item in queue.cloud.items.items() if sk == "k1"]
    assert "state" in item
    assert "expires" not in item
    assert "trying" not in item


def test_what_fails_without_an_end_is_no_dead_letter(monkeypatch) -> None:
    """A table that is down for long, say: only what was tried counts, and the record waits as before."""
    queue = Queue(monkeypatch)
    queue.put(1, 2)
    queue.cloud._batch_get_item = None
    monkeypatch.setattr(Cloud, "_batch_get_item", lambda *_, **__: {"Responses": {}, "UnprocessedKeys": {}})
    for _ in range(10):
        assert queue.receive()
    monkeypatch.undo()

    assert sorted(queue.records) == ["r1", "r2"]
    assert queue.cloud.queues["dead"] == []
    assert queue.receive()
    assert queue.values() == {"k1": 1, "k2": 2}


def acting(*actions: dict) -> dict:
    """The model above, which also does these with each message."""
    model = deepcopy(KEEPING)
    [event] = model["detectorModelDefinition"]["states"][0]["onInput"]["events"]
    event["actions"] += actions
    return model


OUTAGES = {
    "Scheduler refuses a long timer": ("create_schedule", acting({"setTimer": {"timerName": "t", "seconds": 7200}})),
    "SQS refuses a short timer": ("send_message", acting({"setTimer": {"timerName": "t", "seconds": 60}})),
    "SQS refuses actions": ("send_message_batch", acting({"iotTopicPublish": {"mqttTopic": "t"}})),
    "S3 refuses large actions": ("put_object", acting({"iotTopicPublish": {"mqttTopic": "t"}})),
    "DynamoDB refuses to forget actions": ("update_item", acting({"iotTopicPublish": {"mqttTopic": "t"}})),
}


@pytest.mark.parametrize(("operation", "model"), OUTAGES.values(), ids=OUTAGES)
def test_a_message_waits_for_a_service_that_is_down(monkeypatch, operation, model) -> None:
    """However often it is tried: its function was not ended. Once the service answers, it is taken once."""
    if operation == "put_object":
        monkeypatch.setattr(action_queue, "MAX_ITEM_BYTES", 10)
    queue = Queue(monkeypatch, models=models_of(model))
    queue.put(1)
    with monkeypatch.context() as outage:
        outage.setattr(Cloud, f"_{operation}", refusing)
        answers = [queue.receive() for _ in range(20)]

    assert answers == [True] * 20
    assert queue.cloud.queues["dead"] == []
    assert list(queue.records) == ["r1"]
    assert queue.receive()
    assert (queue.values(), queue.records) == ({"k1": 1}, {})
    assert queue.cloud.queues["dead"] == []


def refusing(*_, **__):
    """A service that is down."""
    raise aws_error("ServiceUnavailable", 503)


def test_only_ends_of_the_function_are_counted(monkeypatch) -> None:
    """A failed call between two of them begins the count again."""
    model, deadly = acting({"setTimer": {"timerName": "t", "seconds": 60}}), {1}
    queue = Queue(monkeypatch, deadly=deadly, models=models_of(model))
    queue.put(1)
    assert [queue.receive() for _ in range(4)] == [False] * 4  # two of them alone
    deadly.clear()
    with monkeypatch.context() as outage:
        outage.setattr(Cloud, "_send_message", refusing)
        assert queue.receive()
    deadly.add(1)

    assert [queue.receive() for _ in range(MOST_TRIES + 1)] == [False] * MOST_TRIES + [True]
    assert len(queue.cloud.queues["dead"]) == 1


def test_what_follows_a_record_that_fails_again_is_not_tried(monkeypatch) -> None:
    """A detector's records stay in their order."""
    queue = Queue(monkeypatch)
    inner = detector_run.step

    def failing(model, detector, trigger, now, *, debug):
        found = inner(model, detector, trigger, now, debug=debug)
        if trigger.payload["n"] == 1:
            raise ZeroDivisionError
        return found

    monkeypatch.setattr(detector_run, "step", failing)
    queue.put(1, 2, key="k")

    assert [queue.receive() for _ in range(2)] == [True, True]
    assert queue.steps == [1, 1]
    assert sorted(queue.records) == ["r1", "r2"]


@pytest.mark.parametrize(("left", "handled"), [(LEFT_MILLISECONDS, False), (LEFT_MILLISECONDS + 1, True)])
def test_a_record_is_tried_alone_only_while_there_is_time(monkeypatch, left: int, handled: bool) -> None:
    """Else the function's end would be counted as its doing; it comes again."""

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return left

    queue = Queue(monkeypatch)
    queue.put(1)
    queue.records["r1"]["attributes"]["ApproximateReceiveCount"] = "4"

    assert queue.receive(Context())

    assert (queue.records == {}) == handled
