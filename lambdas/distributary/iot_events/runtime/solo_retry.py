"""Records that come again: they are tried alone, and one that ends its function each time becomes a dead letter.

What ends a function (its memory, its time) leaves no answer behind: all records of the batch come again, and nobody
knows which of them it was. So what comes again is handled record by record, and before a record is tried for the third
time, its detector's item says so: an item that says it for the fourth time names the one. Where the function lives on
and a call to AWS has failed, the item forgets it: a record waits for a service as long as its queue keeps it.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from distributary.iot_events.runtime.detector_item import Row
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.queue_record import Work

NOTED_FROM = 3
"""Receives of a record before which nothing is written: most that fails comes through the second time."""
MOST_TRIES = 3
"""How often a record may end its function alone."""
ENDED_FUNCTION = f"its function was ended {MOST_TRIES} times while it handled this record alone"
KEPT_SECONDS = 15 * 86_400
"""How long the item of a detector that does not exist keeps a note: a day more than the queue keeps messages."""

LEFT_MILLISECONDS = 8_000
"""What a function must have left to try a record alone: what is cut off would count as ended by it."""

T = TypeVar("T")


class RemainingTime(Protocol):
    """What Lambda tells a function about one invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends it."""


def has_time(context: RemainingTime | None) -> bool:
    """Whether a record may be tried alone before the function's time is over; without a context, always."""
    return context is None or context.get_remaining_time_in_millis() > LEFT_MILLISECONDS


def comes_again(works: Sequence[Work]) -> bool:
    """Whether any of one detector's records was received before."""
    return any(work.receives > 1 for work in works)


def most_receives(works: Iterable[Work]) -> int:
    """How often the one of them that has come most often was received."""
    return max((work.receives for work in works), default=0)


def in_turn(groups: Sequence[T], receives: int) -> Sequence[T]:
    """From the first to the last, or the other way round at every second receive.

    So the neighbours of one that ends the function are handled on either side of it.
    """
    return groups if receives % 2 else groups[::-1]


def noted(store: DetectorTable, row: Row, work: Work) -> tuple[Work, Row]:
    """The record and the row in which it is noted that it is tried once more; with a fault where it never is again.

    A record before one that is noted already has been got through: the note stays with the later one. Raises
    SinkUnavailable.
    """
    sequence, _, times = row.trying.partition(":")
    last, tries = int(sequence or 0), int(times or 0)
    if work.receives < NOTED_FROM or work.fault or work.sequence < last:
        return work, row
    tries = tries if work.sequence == last else 0
    if tries >= MOST_TRIES:
        return work._replace(fault=ENDED_FUNCTION), row
    expires = 0 if row.exists else work.accepted // 1000 + KEPT_SECONDS
    return work, store.put(row._replace(trying=f"{work.sequence}:{tries + 1}", expires=expires))
