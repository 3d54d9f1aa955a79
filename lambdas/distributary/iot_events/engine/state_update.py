"""The effect of BatchUpdateDetector on a detector: its state is replaced from outside, and no event runs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from distributary.iot_events.engine.detector import MILLISECONDS, Detector, Timer


class NewState(NamedTuple):
    """The state to put a detector into: `timers` are seconds from now, by name."""

    state: str
    variables: Mapping[str, Any]
    timers: Mapping[str, int]


def updated(detector: Detector, new: NewState, now: int) -> Detector:
    """The detector in the new state; `now` is in epoch milliseconds.

    Variables, timers and stored payloads that the new state does not list are gone. The update counts as a cycle, so
    that later effects have ids of their own.
    """
    now = max(now, detector.updated)
    due = now // MILLISECONDS
    timers = {
        name: Timer(due + seconds, seconds, detector.timers[name].generation + 1 if name in detector.timers else 1)
        for name, seconds in new.timers.items()
    }
    return detector._replace(
        state=new.state,
        variables=new.variables,
        timers=timers,
        inputs={},
        updated=now,
        cycles=detector.cycles + 1,
    )
