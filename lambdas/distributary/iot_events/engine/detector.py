"""A detector: one running instance of a model, for one key, as a value; and the one JSON string that it is kept as."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from distributary.iot_events.values import SCALARS, BadPayload, keep_json, read_json, write_json

MILLISECONDS = 1000


class Timer(NamedTuple):
    """An armed timer: `due` in whole seconds since the epoch (None once cleared), `duration` in seconds.

    `fired`: its Timer cycle has run. `reported`: some `timeout()` was true. `generation` counts its armings.
    """

    due: int | None
    duration: int
    generation: int
    fired: bool = False
    reported: bool = False


class Detector(NamedTuple):
    """A detector between two cycles; `state` None is one that its first message is about to create.

    `created` and `updated` are epoch milliseconds, `updated` that of the last cycle that changed anything; `cycles`
    counts those. `inputs` hold what later cycles may read of the last payloads. No mapping is ever changed in place.
    """

    key: str | None
    state: str | None = None
    variables: Mapping[str, Any] = {}
    timers: Mapping[str, Timer] = {}
    inputs: Mapping[str, Any] = {}
    created: int = 0
    updated: int = 0
    cycles: int = 0

    def next_due(self) -> int | None:
        """When the earliest timer that has not fired is due, in seconds: what a wake-up is armed for."""
        if not self.timers:
            return None
        return min(
            (timer.due for timer in self.timers.values() if timer.due is not None and not timer.fired), default=None
        )

    def listed_timers(self) -> dict[str, int]:
        """The timers that are not cleared, expired ones included, with their due times in seconds."""
        return {name: timer.due for name, timer in self.timers.items() if timer.due is not None}


def write_detector(detector: Detector) -> str:
    """The detector's state as one JSON string; key and times are attributes of their own beside it."""
    timers = {name: [*timer[:3], int(timer.fired), int(timer.reported)] for name, timer in detector.timers.items()}
    members = {"state": detector.state, "cycles": detector.cycles, "variables": detector.variables}
    optional = {"timers": timers, "inputs": detector.inputs}
    return keep_json({**members, **{name: value for name, value in optional.items() if value}})


def read_detector(text: str, *, key: str | None, created: int, updated: int) -> Detector:
    """The detector that `write_detector` wrote."""
    members = read_json(text)
    return Detector(
        key=key,
        state=members["state"],
        variables=members["variables"],
        timers={name: _timer(*fields) for name, fields in members.get("timers", {}).items()},
        inputs=members.get("inputs", {}),
        created=created,
        updated=updated,
        cycles=members["cycles"],
    )


def _timer(due: int | None, duration: int, generation: int, fired: int, reported: int) -> Timer:
    return Timer(due, duration, generation, fired=fired == 1, reported=reported == 1)


def describe_variables(variables: Mapping[str, Any]) -> list[dict[str, str]]:
    """The variables as DescribeDetector lists them: each value as its JSON text."""
    return [{"name": name, "value": write_json(value)} for name, value in variables.items()]


def variables_from(listed: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """The variables that a BatchUpdateDetector entry lists; BadPayload names one whose text is no JSON literal."""
    return {one["name"]: _literal(one["name"], one["value"]) for one in listed}


def _literal(name: str, text: str) -> Any:
    if text.lstrip()[:1] in ("{", "["):  # it need not be read to be refused
        raise BadPayload(f"variable {name}: neither string, number nor Boolean")
    try:
        value = read_json(text)
    except BadPayload as fault:
        raise BadPayload(f"variable {name}: {fault}") from None
    if value.__class__ not in SCALARS:
        raise BadPayload(f"variable {name}: neither string, number nor Boolean")
    return value
