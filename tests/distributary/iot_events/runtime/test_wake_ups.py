import json
from typing import Any

import pytest
from detector_cloud import SETTINGS, Cloud
from fake_client import FakeClient
from fake_clock import FakeClock

from distributary.iot_events.runtime.queue_record import WakeUp
from distributary.iot_events.runtime.wake_ups import Arming, WakeUps, schedule_name, waker

NOW = 1_700_000_000


def armed(due: int, *, key: str | None = "k") -> Cloud:
    """The cloud after one arming."""
    cloud = Cloud()
    WakeUps(SETTINGS, cloud, cloud, FakeClock().clock).arm(Arming("m", key, WakeUp("1", 5, "t", due)))
    return cloud


@pytest.mark.parametrize(("seconds", "delay"), [(1, 1), (900, 900)])
def test_up_to_fifteen_minutes_a_wake_up_waits_in_the_delay_queue(seconds, delay) -> None:
    """For exactly as long."""
    [wake] = armed(NOW + seconds).queues["wakes"]

    assert wake["DelaySeconds"] == delay


@pytest.mark.parametrize("seconds", [0, -5])
def test_what_is_due_goes_straight_to_its_detector(seconds) -> None:
    """With a deduplication id of its own: nothing swallows it."""
    first, second = armed(NOW + seconds).queues["messages"], armed(NOW + seconds).queues["messages"]

    assert first[0]["body"] == second[0]["body"]
    assert first[0]["MessageDeduplicationId"] != second[0]["MessageDeduplicationId"]


@pytest.mark.covers("decision.lateness")
def test_beyond_that_it_is_a_schedule_in_utc_that_deletes_itself() -> None:
    """In the stack's group, with a name that Scheduler takes, for the detector's message group."""
    cloud = armed(NOW + 901)
    [(name, schedule)] = cloud.schedules.items()

    assert len(name) == 54
    assert schedule["ScheduleExpression"] == "at(2023-11-14T22:28:21)"
    assert (schedule["ScheduleExpressionTimezone"], schedule["ActionAfterCompletion"]) == ("UTC", "DELETE")
    assert schedule["GroupName"] == "group"
    assert schedule["Target"]["Arn"] == "arn:messages"
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": "arn:late"}


def test_a_schedule_that_is_there_already_is_as_good_as_a_new_one() -> None:
    """A repeated arming is a conflict, and no error."""
    cloud = Cloud()
    arming = Arming("m", "k", WakeUp("1", 5, "t", NOW + 10_000))
    for _ in range(2):
        WakeUps(SETTINGS, cloud, cloud, FakeClock().clock).arm(arming)

    assert list(cloud.schedules) == [schedule_name(arming)]


@pytest.mark.parametrize(
    "other",
    [
        Arming("n", "k", WakeUp("1", 5, "t", 9)),
        Arming("m", "l", WakeUp("1", 5, "t", 9)),
        Arming("m", "k", WakeUp("2", 5, "t", 9)),
        Arming("m", "k", WakeUp("1", 6, "t", 9)),
        Arming("m", "k", WakeUp("1", 5, "u", 9)),
        Arming("m", "k", WakeUp("1", 5, "t", 10)),
    ],
)
def test_another_arming_is_another_schedule(other) -> None:
    """Of another detector, life, arming or time."""
    assert schedule_name(other) != schedule_name(Arming("m", "k", WakeUp("1", 5, "t", 9)))


def test_a_delayed_wake_up_reaches_its_group_once_though_it_comes_twice() -> None:
    """A standard queue may deliver twice: the record's id is the deduplication id."""
    cloud = armed(NOW + 5, key=None)
    [wake] = cloud.queues["wakes"]
    handle = waker(WakeUps(SETTINGS, cloud, cloud, FakeClock().clock))

    for _ in range(2):
        assert handle({"Records": [{"messageId": "r", "body": wake["body"]}]}, None) == {"batchItemFailures": []}

    first, second = cloud.queues["messages"]
    assert first == second
    assert json.loads(first["body"]) == json.loads(wake["body"])


def test_a_wake_up_that_cannot_be_handed_on_comes_again() -> None:
    """The record stays in the delay queue."""
    cloud = armed(NOW + 5)
    [wake] = cloud.queues["wakes"]
    down = Cloud(crash=0)

    answer = waker(WakeUps(SETTINGS, down, down, FakeClock().clock))({"Records": [{"messageId": "r", **wake}]}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "r"}]}


def due(count: int) -> list[dict[str, str]]:
    """Records of the delay queue, each of a detector of its own."""
    return [
        {"messageId": f"r{number}", "body": armed(NOW + 5, key=f"k{number}").queues["wakes"][0]["body"]}
        for number in range(count)
    ]


@pytest.mark.parametrize(("count", "calls"), [(1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_ten_are_handed_on_in_a_call(count: int, calls: list[int]) -> None:
    """A call costs as much for one as for ten."""
    sent: list[int] = []

    def send(asked: dict[str, Any]) -> dict[str, Any]:
        sent.append(len(asked["Entries"]))
        return {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]]}

    handle = waker(WakeUps(SETTINGS, FakeClient(send_message_batch=send), None, FakeClock().clock))

    assert handle({"Records": due(count)}, None) == {"batchItemFailures": []}
    assert sent == calls


def test_those_that_the_queue_refuses_come_again() -> None:
    """The others do not; what the answer does not name was not taken."""

    def send(asked: dict[str, Any]) -> dict[str, Any]:
        ids = [entry["Id"] for entry in asked["Entries"]]
        return {"Successful": [{"Id": one} for one in ids[3:]], "Failed": [{"Id": ids[0], "Code": "InternalError"}]}

    handle = waker(WakeUps(SETTINGS, FakeClient(send_message_batch=send), None, FakeClock().clock))

    left = handle({"Records": due(5)}, None)
    assert left == {"batchItemFailures": [{"itemIdentifier": one} for one in ("r0", "r1", "r2")]}
