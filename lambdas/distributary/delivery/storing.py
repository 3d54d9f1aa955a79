"""Delivery that loses nothing: refused records go to the retry queue, hopeless ones become dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from distributary.aws import timeouts
from distributary.clock import Clock
from distributary.delivery.breaker import Breaker
from distributary.delivery.dead_letters import DeadLetter, DeadLetters
from distributary.delivery.retry_queue import PendingRecords, RetryQueue
from distributary.errors import SinkUnavailable
from distributary.events import Failure, Outcome, Receipt, SinkName
from distributary.settings import Settings, within
from distributary.sinks.registry import KINDS
from distributary.sinks.sink import Sink

RETRY_QUEUED = Receipt({"spilled": True})
DEAD_LETTERED = Receipt({"deadLettered": True})


@dataclass(frozen=True, kw_only=True)
class DeliverySettings(Settings):
    """How long one request goes on, and where what it cannot deliver is kept."""

    retry_seconds: float = within(0.0, 25.0, 5.0)
    """How long a request goes on re-sending what a sink refused, in seconds."""


class StoringDelivery:
    """Delivers for the requests of one environment, behind a circuit breaker for each sink."""

    def __init__(self, retry_queue: RetryQueue, dead_letters: DeadLetters, clock: Clock) -> None:
        self._retry_queue = retry_queue
        self._dead_letters = dead_letters
        self._clock = clock
        self._breakers = {name: Breaker(clock) for name in KINDS}

    def deliver(self, sink: Sink[Any], records: Sequence[Any], *, deadline: float) -> list[Outcome]:
        """An outcome for each record, in order: a Failure only where neither queue nor bucket took it either.

        Deliveries are over by `deadline`, what comes after them `timeouts.KEEPING` later.
        """
        outcomes = self._breakers[sink.name].deliver(sink, records, deadline=deadline)
        if any(isinstance(outcome, Failure) for outcome in outcomes):
            until = deadline + timeouts.KEEPING
            outcomes = self._dead_letter_permanent(sink.name, records, outcomes, until)
            outcomes = self._queue_the_rest(sink.name, records, outcomes, until)
        return outcomes

    def dead_letter(
        self, sink: SinkName, records: Sequence[Any], failures: Sequence[Failure], *, until: float
    ) -> Outcome:
        """The outcome of each of these records: a dead letter now, or the failure to write it."""
        if self._clock.monotonic() + timeouts.CALL > until:
            return Failure("OutOfTime", "no time was left to store it", retryable=True)
        now = self._clock.time()
        letters = [
            DeadLetter(sink, failure.code, failure.detail, 1, now, now, KINDS[sink].to_json(record))
            for record, failure in zip(records, failures, strict=True)
        ]
        try:
            self._dead_letters.write(letters)
        except SinkUnavailable as error:
            return Failure(error.code, error.detail, retryable=True)
        return DEAD_LETTERED

    def _dead_letter_permanent(
        self, sink: SinkName, records: Sequence[Any], outcomes: list[Outcome], until: float
    ) -> list[Outcome]:
        failures = {
            place: outcome
            for place, outcome in enumerate(outcomes)
            if isinstance(outcome, Failure) and outcome.permanent
        }
        if not failures:
            return outcomes
        dead = self.dead_letter(sink, [records[place] for place in failures], [*failures.values()], until=until)
        return [dead if place in failures else outcome for place, outcome in enumerate(outcomes)]

    def _queue_the_rest(
        self, sink: SinkName, records: Sequence[Any], outcomes: list[Outcome], until: float
    ) -> list[Outcome]:
        places = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Failure)]
        if not places:
            return outcomes
        now = self._clock.time()
        waiting = PendingRecords(sink, [records[place] for place in places], attempts=1, first=now, last=now)
        kept = {place for place, kept in zip(places, self._retry_queue.keep(waiting, until=until), strict=True) if kept}
        return [RETRY_QUEUED if place in kept else outcome for place, outcome in enumerate(outcomes)]
