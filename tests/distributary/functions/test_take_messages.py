import json
from collections.abc import Callable, Sequence

import pytest
from fake_clock import FakeClock
from fake_keeping import Keeping

from distributary.aws import timeouts
from distributary.delivery.retry_queue import read_message_body
from distributary.errors import SinkUnavailable
from distributary.functions.take_messages import TakeMessages
from distributary.iot_events.message import ErrorEntry, Message
from distributary.iot_events.topic_rule import MESSAGE_ID_MEMBER
from distributary.log import Lines
from distributary.settings import StageSettings
from distributary.sinks.iot_events import IotEventsSink
from distributary.sinks.registry import EVERY_UNIT

RULES = {"one": {"input": "telemetry", "batch": False}, "many": {"input": "alarms", "batch": True}}


class Context:
    """What Lambda says of a call under an alias."""

    aws_request_id = "call"

    def __init__(self, alias: str) -> None:
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:1:function:take:{alias}"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


class Provider:
    """Takes messages; `entries` has by payload what it says of those that it refuses."""

    max_messages, max_bytes, max_payload_bytes = 100, 10_000, 50

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.slow: Callable[[], None] = lambda: None
        self.codes: dict[bytes, str] = {}

    def batch_put_message(self, messages: Sequence[Message]) -> list[ErrorEntry | None]:
        self.slow()
        self.taken += [one for one in messages if one.payload not in self.codes]
        return [
            ErrorEntry(one.message_id, self.codes[one.payload], "why") if one.payload in self.codes else None
            for one in messages
        ]


@pytest.fixture
def provider() -> Provider:
    """Whoever takes messages."""
    return Provider()


@pytest.fixture
def time() -> FakeClock:
    """The time."""
    return FakeClock()


@pytest.fixture
def keeping(time) -> Keeping:
    """A bucket and queues."""
    return Keeping(time.clock)


@pytest.fixture
def take(provider, keeping, time):
    """Hands an event over under an alias."""

    def hand_over(event, alias="one", service="t-rule"):
        clock = time.clock
        lines = Lines(service, StageSettings(stage="test"), clock, units=EVERY_UNIT)
        sink = IotEventsSink(provider)
        api = TakeMessages(RULES, sink, keeping.delivery, lines, clock, retry_seconds=0)
        api(event, Context(alias))

    return hand_over


def letters(keeping) -> list[dict]:
    """The dead letters."""
    return [json.loads(line) for line in keeping.lines("dead-letters/iot_events/")]


def test_a_message_goes_to_the_input_of_its_rule(take, provider) -> None:
    """The alias is the rule; the payload is what the rule selected."""
    take({"deviceId": "a"})
    take([{"n": 1}, {"n": 2}], "many")

    assert provider.taken == [
        Message("call", "telemetry", b'{"deviceId":"a"}', caller="iot-rule:one"),
        Message("call-0", "alarms", b'{"n":1}', caller="iot-rule:many"),
        Message("call-1", "alarms", b'{"n":2}', caller="iot-rule:many"),
    ]


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        ({"a": 1, MESSAGE_ID_MEMBER: "no good"}, "messageId"),
        ({"a": 1, MESSAGE_ID_MEMBER: "x" * 65}, "messageId"),
        ({"a": "x" * 50}, "over 50 bytes"),
    ],
    ids=["characters", "length", "size"],
)
def test_what_no_input_can_take_is_a_dead_letter(take, provider, keeping, event, detail) -> None:
    """With the reason, without asking anyone."""
    take(event)

    [letter] = letters(keeping)
    assert provider.taken == []
    assert (letter["reason"], letter["record"]["inputName"]) == ("InvalidRequestException", "telemetry")
    assert detail in letter["detail"]


def test_each_message_of_a_batch_has_a_fate_of_its_own(take, provider, keeping, capsys) -> None:
    """Each message is stored, pending in the retry queue or a dead letter, and none is retried by Lambda."""
    provider.codes = {b'{"n":1}': "ServiceUnavailableException", b'{"n":2}': "InvalidRequestException"}

    take([{"n": 0}, {"n": 1}, {"n": 2}, {"n": "x" * 50}], "many", "t-rule-line")

    [(_, body)] = keeping.sent
    assert [one.payload for one in provider.taken] == [b'{"n":0}']
    assert [one.payload for one in read_message_body(body).records] == [b'{"n":1}']
    assert sorted(letter["record"]["messageId"] for letter in letters(keeping)) == ["call-2", "call-3"]
    line = json.loads(capsys.readouterr().out)
    counts = {
        name: line[name] for name in ("rule", "received", "failed", "spilled_iot_events", "dead_letters_iot_events")
    }
    assert counts == {
        "rule": "many",
        "received": 4,
        "failed": 0,
        "spilled_iot_events": 1,
        "dead_letters_iot_events": 2,
    }


@pytest.mark.parametrize("event", [{"a": 1}, {"a": "x" * 50}], ids=["unavailable", "refused"])
def test_what_is_nowhere_comes_again(take, provider, keeping, event) -> None:
    """With everything down the call fails, so that Lambda tries again; the error in the queue names the rule."""
    provider.codes = {b'{"a":1}': "ServiceUnavailableException"}
    keeping.bucket_is_down = keeping.queues_are_down = True

    with pytest.raises(SinkUnavailable, match="rule one: "):
        take(event)


def test_a_slow_detector_queue_takes_nothing_of_the_time_for_dead_letters(take, provider, keeping, time) -> None:
    """What no input can take is still written where the others took all of the time for delivery."""
    provider.slow = lambda: time.sleep(timeouts.PUT)
    take([{"a": 1}, {"a": "x" * 60}], alias="many")

    assert len(provider.taken) == 1
    assert len(letters(keeping)) == 1


def test_who_calls_under_no_rules_name_is_refused(take) -> None:
    """An error, so that the event ends in the error queue and not nowhere."""
    with pytest.raises(LookupError, match="nobody"):
        take({"a": 1}, "nobody")
