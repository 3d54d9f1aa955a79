"""How a detector can move through its model: the states it reaches, the variables set on every way to each."""

from collections.abc import Mapping

from distributary.iot_events.model.definition import Definition, State, StateEvent


def reachable(definition: Definition) -> frozenset[str]:
    """The states that a detector can ever be in."""
    targets = {state.name: {event.next_state for event in state.transitions} for state in definition.states}
    seen: set[str] = set()
    pending = {definition.initial_state}
    while pending:
        name = pending.pop()
        if name in targets and name not in seen:
            seen.add(name)
            pending |= {target for target in targets[name] if target is not None}
    return frozenset(seen)


def always(event: StateEvent) -> bool:
    """Whether the event happens whenever it is looked at."""
    return event.condition is None or event.condition.strip() == "true"


def assigned(event: StateEvent) -> frozenset[str]:
    """The variables that the event sets when it happens."""
    return frozenset(action.members["variableName"] for action in event.actions if action.kind == "setVariable")


def _surely(events: tuple[StateEvent, ...]) -> frozenset[str]:
    return frozenset(name for event in events if always(event) for name in assigned(event))


def assigned_on_arrival(definition: Definition) -> dict[str, frozenset[str]]:
    """For each state that can be reached, the variables that are set for sure before its `onEnter` runs."""
    states = {state.name: state for state in definition.states}
    everything = frozenset(name for event in definition.events() for name in assigned(event))
    arriving = dict.fromkeys(reachable(definition), everything)
    arriving[definition.initial_state] = frozenset()
    for _ in states:
        for name in arriving:
            _pass_on(states[name], arriving)
    return arriving


def _pass_on(state: State, arriving: dict[str, frozenset[str]]) -> None:
    inside = arriving[state.name] | _surely(state.on_enter) | _surely(state.on_input)
    for event in state.transitions:
        if event.next_state in arriving:
            arriving[event.next_state] &= inside | assigned(event) | _surely(state.on_exit)


def known_in(state: State, arriving: Mapping[str, frozenset[str]]) -> tuple[frozenset[str], ...]:
    """What is set for sure while each group of the state is looked at, in the order of `State.groups`."""
    before = arriving[state.name]
    inside = before | _surely(state.on_enter)
    return before, inside, inside, inside | _surely(state.on_input)
