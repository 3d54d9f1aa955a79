import json

import pytest

from local.aws.services.asynchronous import LONGEST, AsynchronousCall
from local.functions import Invocation, RequestTooLarge, TooManyRequests

GOOD = Invocation(b"1", None, "id")
BAD = Invocation(b'{"errorMessage": "no"}', "Unhandled", "id")
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
ON_FAILURE = {"DestinationConfig": {"OnFailure": {"Destination": QUEUE}}}


class World:
    """A function that answers from a list, the last for ever; what was sent, and how long was waited."""

    def __init__(self, *answers: Invocation | Exception) -> None:
        self.answers = list(answers)
        self.calls = 0
        self.waited: list[float] = []
        self.sent: list[tuple[str, dict]] = []

    def run(self, _name: str, _payload: bytes) -> Invocation:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def call(self, **configuration: object) -> None:
        def send(arn: str, text: str) -> None:
            self.sent.append((arn, json.loads(text)))

        AsynchronousCall(self.run, send, "f:a", "arn:f:a", b'{"x": 1}', configuration, sleep=self.waited.append)()


@pytest.mark.parametrize(
    ("answers", "calls", "waited"),
    [
        ((GOOD,), 1, []),
        ((BAD, GOOD), 2, [1.0]),
        ((BAD, BAD, GOOD), 3, [1.0, 2.0]),
        ((TooManyRequests(), GOOD), 2, [0.2]),
    ],
    ids=["at once", "second", "third", "busy"],
)
def test_it_is_tried_until_it_goes_well(answers, calls, waited) -> None:
    """Twice more after an error, with growing pauses; a busy function costs no try."""
    world = World(*answers)

    world.call(**ON_FAILURE)

    assert (world.calls, world.waited, world.sent) == (calls, waited, [])


@pytest.mark.parametrize(("retries", "calls"), [(2, 3), (0, 1)])
def test_what_keeps_failing_goes_to_the_destination(retries, calls) -> None:
    """With what it was given, how often it was tried, and the error."""
    world = World(BAD)

    world.call(MaximumRetryAttempts=retries, **ON_FAILURE)

    [(arn, record)] = world.sent
    assert (arn, world.calls, record["requestPayload"]) == (QUEUE, calls, {"x": 1})
    request = record["requestContext"]
    assert (request["functionArn"], request["condition"]) == ("arn:f:a", "RetriesExhausted")
    assert request["approximateInvokeCount"] == calls
    assert record["responsePayload"] == {"errorMessage": "no"}


@pytest.mark.parametrize(
    ("error", "waited"), [(TooManyRequests(), LONGEST), (RequestTooLarge(), 0), (LookupError(), 0)]
)
def test_what_never_runs_goes_there_too(error, waited) -> None:
    """A function that stays busy, or that is gone."""
    world = World(error)

    world.call(**ON_FAILURE)

    [(_, record)] = world.sent
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert sum(world.waited) == pytest.approx(waited, abs=0.3)


def test_without_a_destination_it_ends() -> None:
    """As at AWS: the event is gone."""
    world = World(BAD)

    world.call()

    assert (world.calls, world.sent) == (3, [])
