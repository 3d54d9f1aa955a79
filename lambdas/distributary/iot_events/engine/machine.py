"""One step of one detector: a pure function of the model, the detector, what happened, and when.

Two rules. Time is an argument: `now` is when the message was accepted, and it never runs backwards for a detector. And
time passes before a message is looked at: every timer due by then has its own cycle first, at the time it was due, so
that the same log gives the same detector whenever it is handled.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.engine.cycle import Cycle, InputMessage, Timers, Trigger
from distributary.iot_events.engine.debug import debug_record, note_skipped
from distributary.iot_events.engine.detector import MILLISECONDS, Detector, Timer
from distributary.iot_events.engine.effects import Effect, LogRecord
from distributary.iot_events.engine.state_events import EventGroup, EventRule
from distributary.iot_events.model.used_paths import Kept, prune
from distributary.iot_events.values import same_tree

__all__ = ["InputMessage", "Timers", "Trigger", "catch_up", "cycles", "has_due", "step"]

Cycled = tuple[Detector, list[Effect | LogRecord]]
_NONE: frozenset[str] = frozenset()


def step(model: Model, detector: Detector, trigger: Trigger, now: int, *, debug: bool = False) -> Cycled:
    """The detector after the trigger, and all effects in order; the very same detector where nothing changed.

    `now` is in epoch milliseconds. `debug` adds a DEBUG record for each cycle.
    """
    if not detector.timers and trigger.__class__ is InputMessage:
        return _message_cycle(model, detector, trigger, max(now, detector.updated), debug=debug)
    effects: list[Effect | LogRecord] = []
    for after, more in cycles(model, detector, trigger, now, debug=debug):
        detector = after
        effects += more
    return detector, effects


def cycles(model: Model, detector: Detector, trigger: Trigger, now: int, *, debug: bool = False) -> Iterator[Cycled]:
    """The cycles of one step, one at a time: those of the timers that are due, then the message's.

    Whoever has only so much time may stop between two and keep the detector: the rest is due again the next time.
    """
    now = max(now, detector.updated)
    while (due := detector.next_due()) is not None and due * MILLISECONDS <= now:
        detector, effects = _timer_cycle(model, detector, max(due * MILLISECONDS, detector.updated), debug=debug)
        yield detector, effects
    if isinstance(trigger, InputMessage):
        yield _message_cycle(model, detector, trigger, now, debug=debug)


def has_due(detector: Detector, now: int) -> bool:
    """Whether a timer of the detector is due by then, in epoch milliseconds, and has not fired."""
    due = detector.next_due()
    return due is not None and due * MILLISECONDS <= max(now, detector.updated)


def catch_up(model: Model, detector: Detector, now: int, most: int, *, debug: bool = False) -> Iterator[Cycled]:
    """The first cycles, at most so many, of the timers that are due by then."""
    return islice(cycles(model, detector, Timers(), now, debug=debug), most)


def _timer_cycle(model: Model, before: Detector, now: int, *, debug: bool) -> Cycled:
    due = [name for name, timer in before.timers.items() if not timer.fired and _is_due(timer, now)]
    fired = {name: before.timers[name]._replace(fired=True) for name in due}
    detector = before._replace(timers={**before.timers, **fired})
    cycle = Cycle(model, detector, min(due), now, before.inputs, _expired(detector, now), [] if debug else None)
    return _run(model, before, cycle)


def _message_cycle(model: Model, before: Detector, message: InputMessage, now: int, *, debug: bool) -> Cycled:
    detector = before
    if before.state is None:
        detector = before._replace(state=model.definition.initial_state, created=now)
    payload = message.payload
    if model.merge:
        payload = {**before.inputs.get(message.input, {}), **payload}
    inputs = {**before.inputs, message.input: payload} if before.inputs else {message.input: payload}
    expired = _expired(detector, now) if detector.timers else _NONE
    return _run(model, before, Cycle(model, detector, message, now, inputs, expired, [] if debug else None))


def _is_due(timer: Timer, now: int) -> bool:
    return timer.due is not None and timer.due * MILLISECONDS <= now


def _expired(detector: Detector, now: int) -> frozenset[str]:
    return frozenset(name for name, timer in detector.timers.items() if not timer.reported and _is_due(timer, now))


def _run(model: Model, before: Detector, cycle: Cycle) -> Cycled:
    states = model.states if cycle.trace is None else model.traced_states
    state = states[cycle.state]
    run_group = _serial if model.serial else _batch
    if before.state is None:
        run_group(cycle, state.on_enter, ())
    transition = run_group(cycle, state.on_input, state.transitions)
    if transition is not None:
        for act in transition.acts:
            act(cycle)
        if state.on_exit:
            run_group(cycle, state.on_exit, ())
        cycle.state = transition.next_state or cycle.state
        if on_enter := states[cycle.state].on_enter:
            run_group(cycle, on_enter, ())
    after = _after(model, before, cycle)
    if cycle.trace is not None:
        cycle.effects.append(debug_record(before, after, cycle))
    return after, cycle.effects


def _batch(cycle: Cycle, events: EventGroup, transitions: EventGroup) -> EventRule | None:
    """All conditions first, so that none sees what an action of this group changes."""
    hits = [event for event in events if (holds := event.holds) is None or holds(cycle)] if events else ()
    transition = _first(cycle, transitions) if transitions else None
    for event in hits:
        for act in event.acts:
            act(cycle)
    return transition


def _serial(cycle: Cycle, events: EventGroup, transitions: EventGroup) -> EventRule | None:
    """Condition and actions in turn, so that each condition sees what the actions before it changed."""
    for event in events:
        if event.holds is None or event.holds(cycle):
            for act in event.acts:
                act(cycle)
    return _first(cycle, transitions)


def _first(cycle: Cycle, transitions: EventGroup) -> EventRule | None:
    for transition in transitions:
        if (holds := transition.holds) is None or holds(cycle):
            if cycle.trace is not None:
                note_skipped(cycle, transitions, transition)
            return transition
    return None


def _after(model: Model, before: Detector, cycle: Cycle) -> Detector:
    """What the cycle leaves behind; `before` itself where that is nothing new."""
    timers = _reported(cycle) if cycle.asked else cycle.timers
    kept = model.kept[cycle.state]
    inputs = _kept(kept, cycle) if kept or before.inputs else before.inputs
    unchanged = (
        cycle.ordinal == 0
        and cycle.state == before.state
        and (timers is before.timers or timers == before.timers)
        and (cycle.variables is before.variables or _same(cycle.variables, before.variables))
        and (inputs is before.inputs or _same(inputs, before.inputs))
    )
    if unchanged:
        return before
    created = cycle.detector.created
    return Detector(before.key, cycle.state, cycle.variables, timers, inputs, created, cycle.now, before.cycles + 1)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether they are the same, types and digits included: what has changed mostly is not even equal."""
    return one == other and same_tree(one, other)


def _reported(cycle: Cycle) -> Mapping[str, Timer]:
    """The timers, those marked that some `timeout()` has reported, unless the same cycle armed them anew."""
    start = cycle.detector.timers
    reported = {
        name: cycle.timers[name]._replace(reported=True)
        for name in cycle.asked
        if cycle.timers[name].generation == start[name].generation
    }
    return {**cycle.timers, **reported}


def _kept(kept: Mapping[str, Kept | None], cycle: Cycle) -> Mapping[str, Any]:
    pruned = {name: prune(payload, kept[name]) for name, payload in cycle.inputs.items() if name in kept}
    return {name: payload for name, payload in pruned.items() if payload is not None}
