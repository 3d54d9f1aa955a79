"""A circuit breaker: a sink that keeps failing is left alone for some seconds, then tried with one delivery."""

from collections.abc import Sequence
from typing import TypeVar

from distributary.clock import Clock
from distributary.delivery.delivery import OUT_OF_TIME, deliver
from distributary.events import Failure, Outcome, Receipt
from distributary.sinks.sink import Sink

R = TypeVar("R")

FAILURES = 3
"""So many deliveries in a row of which nothing was stored open the circuit …"""
OPEN_SECONDS = 10.0
"""… for so long; then the next delivery is the probe that closes it, or opens it again."""

OPEN = Failure("CircuitOpen", "not sent: this sink has kept failing", retryable=False)


class Breaker:
    """One sink's circuit in one environment, which has one delivery at a time to that sink."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until = float("-inf")

    def deliver(self, sink: Sink[R], records: Sequence[R], *, deadline: float) -> list[Outcome]:
        """As `delivery.deliver` with `divide`; while the circuit is open nothing is sent, every outcome is OPEN."""
        if self._clock.monotonic() < self._open_until:
            return [OPEN] * len(records)
        outcomes = deliver(sink, records, deadline=deadline, clock=self._clock, divide=True)
        self._note(outcomes)
        return outcomes

    def _note(self, outcomes: Sequence[Outcome]) -> None:
        if all(outcome is OUT_OF_TIME for outcome in outcomes):
            return
        if any(isinstance(outcome, Receipt) or outcome.permanent for outcome in outcomes):
            self._failures = 0  # the sink answers: a permanent refusal is an answer too
            return
        self._failures += 1
        if self._failures >= FAILURES:
            self._open_until = self._clock.monotonic() + OPEN_SECONDS
