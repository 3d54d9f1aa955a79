"""The minutes of a soak as values, and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.columns import ruled

KEEPS_ITS_PACE = 0.9
"""The aim: the last minute's pace as a part of the first's."""


@dataclass(frozen=True)
class Minute:
    """One row: events accepted in so many seconds, messages waiting by queue, memory in MiB by process."""

    seconds: float
    accepted: int
    waiting: dict[str, int]
    memory: dict[str, int]

    @property
    def pace(self) -> float:
        """Events a second."""
        return self.accepted / self.seconds


def table(minutes: Sequence[Minute]) -> str:
    """A row a minute."""
    queues = [*minutes[0].waiting]
    processes = sorted({name for minute in minutes for name in minute.memory})
    head = ("minute", "events/s", *(f"{name}, waiting" for name in queues), *(f"{name}, MiB" for name in processes))
    rows = [
        (
            str(number),
            f"{minute.pace:.0f}",
            *(str(minute.waiting[name]) for name in queues),
            *(str(minute.memory.get(name, "")) for name in processes),
        )
        for number, minute in enumerate(minutes, start=1)
    ]
    return ruled([head, *rows])


def slowed_down(minutes: Sequence[Minute]) -> str:
    """How much slower the last minute was than the first, if that is more than the aim allows; else empty."""
    share = minutes[-1].pace / minutes[0].pace
    return "" if share >= KEEPS_ITS_PACE else f"the last minute had {share:.0%} of the first one's pace"
