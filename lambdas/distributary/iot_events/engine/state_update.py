"""What BatchUpdateDetector does to a detector: its state replaced from outside, without an event running."""

from collections.abc import Iterable, Mapping
from typing import Any

from distributary.iot_events.engine.compiled_actions import duration
from distributary.iot_events.engine.detector import MILLISECONDS, Detector, Timer, variables_from
from distributary.iot_events.expression import Unevaluable
from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.values import BadPayload
from distributary.errors import DistributaryError


class BadState(DistributaryError):
    """A state that the model cannot be put into: it says why."""


def overwrite(model: Model, detector: Detector, wanted: Mapping[str, Any], now: int) -> Detector:
    """The detector in the `state` that an entry of BatchUpdateDetector asks for; BadState where it cannot be.

    Variables and timers that it does not list are gone, as are the stored payloads; the detector waits for a message.
    """
    if wanted["stateName"] not in model.states:
        raise BadState(f"no state {wanted['stateName']}")
    now = max(now, detector.updated)
    return Detector(
        key=detector.key,
        state=wanted["stateName"],
        variables=_variables(wanted.get("variables") or (), model.limits.variables),
        timers=_timers(model, detector, wanted.get("timers") or (), now),
        created=detector.created,
        updated=now,
        cycles=detector.cycles + 1,
    )


def _variables(listed: Iterable[Mapping[str, str]], most: int) -> dict[str, Any]:
    try:
        variables = variables_from(listed)
    except BadPayload as fault:
        raise BadState(str(fault)) from None
    if len(variables) > most:
        raise BadState(f"Number of variables in the detector exceeds the limit {most}")
    return variables


def _timers(model: Model, detector: Detector, listed: Iterable[Mapping[str, Any]], now: int) -> dict[str, Timer]:
    timers = {}
    for one in listed:
        name = one["name"]
        try:
            seconds = duration(one["seconds"], model.limits)
        except Unevaluable as fault:
            raise BadState(f"timer {name}: {fault}") from None
        before = detector.timers.get(name)
        timers[name] = Timer(now // MILLISECONDS + seconds, seconds, before.generation + 1 if before else 1)
    if len(timers) > model.limits.timers:
        raise BadState(f"Number of timers in the detector exceeds the limit {model.limits.timers}")
    return timers
