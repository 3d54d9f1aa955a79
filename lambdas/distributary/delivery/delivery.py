"""Bringing records to a sink, the same way for every sink: split, put, and put again only what was refused."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from distributary.aws import timeouts
from distributary.aws.batching import split
from distributary.clock import Clock
from distributary.errors import SinkUnavailable
from distributary.events import Failure, Outcome
from distributary.sinks.sink import Sink

R = TypeVar("R")

BACKOFF_SECONDS = 0.1
"""The first pause is drawn from [0, 0.1 s); the range doubles with each further one (full jitter)."""
BACKOFF_CAP_SECONDS = 2.0

OUT_OF_TIME = Failure("OutOfTime", "not sent: no time was left in this request", retryable=False)


def deadline(*, remaining: float, retry_seconds: float, clock: Clock) -> float:
    """When a request's deliveries must be over, on the clock's `monotonic`.

    Puts start for `retry_seconds`, and the last of them may take its longest, within the seconds that the function
    has left (`remaining`); what it takes to keep what is still refused comes after that.
    """
    return clock.monotonic() + min(retry_seconds + timeouts.PUT, remaining - timeouts.KEEPING - timeouts.ANSWER)


def deliver(
    sink: Sink[R], records: Sequence[R], *, deadline: float, clock: Clock, divide: bool = False
) -> list[Outcome]:
    """An outcome for each record, in order; a record that was accepted is never sent again.

    A refused record is put again while its failure is retryable and a put can still end before `deadline` (on the
    clock's `monotonic`). A call that failed as a whole is not repeated: its client has done that. With `divide`, one
    that may have been refused for a single record is put again in halves, until that record is alone.
    """
    outcomes: list[Outcome] = [OUT_OF_TIME] * len(records)
    pending: Sequence[int] = range(len(records))
    longest_pause = BACKOFF_SECONDS
    in_time = partial(_in_time, clock, deadline)
    put = partial(_put_in_halves, in_time, sink) if divide else partial(_put, sink)
    while True:
        for batch in split(pending, sink.max_records, sink.max_bytes, lambda place: sink.size(records[place])):
            if in_time():  # of the others nothing is said: they keep the outcome that they have
                for place, outcome in zip(batch, put([records[place] for place in batch]), strict=True):
                    outcomes[place] = outcome
        pending = [place for place in pending if _may_be_sent_again(outcomes[place])]
        pause = clock.random() * longest_pause
        if not pending or not in_time(pause):
            return outcomes
        clock.sleep(pause)
        longest_pause = min(BACKOFF_CAP_SECONDS, 2 * longest_pause)


def _put(sink: Sink[R], batch: Sequence[R]) -> list[Outcome]:
    try:
        return sink.put(batch)
    except SinkUnavailable as error:
        return [_failure(error)] * len(batch)


def _put_in_halves(in_time: Callable[[], bool], sink: Sink[R], batch: Sequence[R]) -> list[Outcome]:
    """As `_put`, down to the records that are refused alone; what there is no time for is no permanent failure."""
    try:
        return sink.put(batch)
    except SinkUnavailable as error:
        refused = _failure(error)
        if not error.divisible or len(batch) == 1:
            return [refused] * len(batch)
    untold, middle = refused._replace(permanent=False), len(batch) // 2
    outcomes: list[Outcome] = []
    for half in (batch[:middle], batch[middle:]):
        outcomes += _put_in_halves(in_time, sink, half) if in_time() else [untold] * len(half)
    return outcomes


def _failure(error: SinkUnavailable) -> Failure:
    return Failure(error.code, error.detail, retryable=False, permanent=not error.retryable)


def _in_time(clock: Clock, deadline: float, pause: float = 0) -> bool:
    """Whether a put that starts after the pause is over before the deadline even if it takes its longest."""
    return clock.monotonic() + pause + timeouts.PUT <= deadline


def _may_be_sent_again(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and outcome.retryable
