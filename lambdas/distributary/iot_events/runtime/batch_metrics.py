"""The one log line of a batch of the message queue: how many detectors took a step, and how late timers were."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from distributary.clock import Clock
from distributary.metrics import DETECTORS_STEPPED, TIMERS_LATE


class BatchMetrics:
    """Writes the line with `write`, which takes its message and its members."""

    def __init__(self, write: Callable[[str, Mapping[str, Any]], None], clock: Clock) -> None:
        self._write = write
        self._clock = clock

    def batch(self, *, records: int, left: int, stepped: int, due: Iterable[int]) -> None:
        """`due` are the seconds since 1970 for which the batch's wake-ups were armed: the latest of them counts."""
        now = self._clock.time()
        late = max((max(0.0, now - one) for one in due), default=None)
        timers = {} if late is None else {TIMERS_LATE: round(late, 1)}
        self._write("batch", {"records": records, "records_left": left, DETECTORS_STEPPED: stepped, **timers})
