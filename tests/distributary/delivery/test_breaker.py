from collections.abc import Sequence

import pytest
from fake_clock import FakeClock

from distributary.delivery.breaker import FAILURES, OPEN, OPEN_SECONDS, Breaker
from distributary.events import Failure, Outcome, Receipt

BUSY = Failure("Busy", "later", retryable=False)
REFUSED = Failure("AccessDenied", "no", retryable=False, permanent=True)
STORED = Receipt()
FAR = 1e9


class Sink:
    """Answers every record alike; counts the calls."""

    name, max_records, max_bytes, max_record_bytes = "kinesis", 500, 1000, 1000

    def __init__(self, answer: Outcome = BUSY) -> None:
        self.answer = answer
        self.calls = 0

    def size(self, _record: object) -> int:
        return 1

    def put(self, records: Sequence) -> list[Outcome]:
        self.calls += 1
        return [self.answer] * len(records)


@pytest.fixture
def clock() -> FakeClock:
    """The time."""
    return FakeClock()


def delivered(breaker: Breaker, sink: Sink, times: int = 1) -> Outcome:
    """The outcome of the last of so many deliveries."""
    for _ in range(times):
        [outcome] = breaker.deliver(sink, ["record"], deadline=FAR)
    return outcome


def test_a_sink_that_keeps_failing_is_left_alone(clock) -> None:
    """After some failures in a row the sink is not called for some seconds."""
    breaker, sink = Breaker(clock.clock), Sink()

    assert delivered(breaker, sink, FAILURES) == BUSY
    assert delivered(breaker, sink, 5) == OPEN
    assert sink.calls == FAILURES


def test_one_probe_closes_the_circuit_or_opens_it_again(clock) -> None:
    """When the seconds are over one delivery is tried: if it fails the sink is left alone again, else it is back."""
    breaker, sink = Breaker(clock.clock), Sink()
    delivered(breaker, sink, FAILURES)
    clock.now += OPEN_SECONDS
    assert delivered(breaker, sink) == BUSY
    assert delivered(breaker, sink) == OPEN

    clock.now += OPEN_SECONDS
    sink.answer = STORED
    assert delivered(breaker, sink, 2) == STORED
    sink.answer = BUSY
    assert delivered(breaker, sink, FAILURES) == BUSY


def test_only_failures_in_a_row_count(clock) -> None:
    """A delivery of which something was stored begins the count anew."""
    breaker, sink = Breaker(clock.clock), Sink()
    for _ in range(3):
        sink.answer = BUSY
        delivered(breaker, sink, FAILURES - 1)
        sink.answer = STORED
        assert delivered(breaker, sink) == STORED


def test_a_sink_that_refuses_for_good_is_not_down(clock) -> None:
    """A permanent refusal is an answer."""
    breaker, sink = Breaker(clock.clock), Sink(REFUSED)

    assert delivered(breaker, sink, 3 * FAILURES) == REFUSED


def test_a_delivery_that_had_no_time_says_nothing_about_the_sink(clock) -> None:
    """Out of time is not the sink's failure."""
    breaker, sink = Breaker(clock.clock), Sink(STORED)
    for _ in range(2 * FAILURES):
        breaker.deliver(sink, ["record"], deadline=0.0)

    assert delivered(breaker, sink) == STORED
