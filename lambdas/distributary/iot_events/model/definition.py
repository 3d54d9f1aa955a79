"""A detector model as its file says it: one frozen value, whichever of the three forms it was written in."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from distributary.iot_events.model.action_kinds import ACTION_KINDS, Member, is_literal


@dataclass(frozen=True, slots=True)
class Payload:
    """What an action sends instead of the default payload: `type` is STRING or JSON."""

    expression: str
    type: str


@dataclass(frozen=True, slots=True)
class Action:
    """One action: `members` hold texts (and an integer or Boolean where AWS has one) by name, without the payload."""

    kind: str
    members: Mapping[str, Any]
    payload: Payload | None
    path: str

    def expressions(self) -> Iterator[tuple[Member, str]]:
        """Its members that are expressions, the payload's apart."""
        for member in ACTION_KINDS[self.kind]:
            text = self.members.get(member.name)
            if (
                isinstance(text, str)
                and member.form in {"expression", "topic", "word"}
                and not is_literal(member, text)
            ):
                yield member, text


@dataclass(frozen=True, slots=True)
class StateEvent:
    """An event, or with `next_state` a transition: `condition` None is always true."""

    name: str
    condition: str | None
    actions: tuple[Action, ...]
    path: str
    next_state: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A state and what happens on entering, on input and on leaving it."""

    name: str
    on_enter: tuple[StateEvent, ...]
    on_input: tuple[StateEvent, ...]
    transitions: tuple[StateEvent, ...]
    on_exit: tuple[StateEvent, ...]
    path: str

    def groups(self) -> tuple[tuple[StateEvent, ...], ...]:
        """Its events by when they run: entering, input, transitions, leaving."""
        return (self.on_enter, self.on_input, self.transitions, self.on_exit)

    def events(self) -> Iterator[StateEvent]:
        """All its events, in the order in which a visit meets them."""
        for group in self.groups():
            yield from group


@dataclass(frozen=True, slots=True)
class Definition:
    """A detector model: `key` is the path of the value that tells detectors apart, None for a single detector.

    `method` is BATCH or SERIAL.
    """

    name: str
    key: str | None
    method: str
    initial_state: str
    states: tuple[State, ...]

    def events(self) -> Iterator[StateEvent]:
        """All events of all states."""
        for state in self.states:
            yield from state.events()

    def actions(self) -> Iterator[Action]:
        """All actions of all events."""
        for event in self.events():
            yield from event.actions

    def canonical(self) -> str:
        """What the model does, as one text: forms, member order, nulls, descriptions and roles leave it as it is."""
        return json.dumps(_canonical(self), sort_keys=True, separators=(",", ":"))

    def sha256(self) -> str:
        """The hash of the canonical text."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()


def _canonical(definition: Definition) -> dict[str, Any]:
    return {
        "name": definition.name,
        "key": definition.key,
        "method": definition.method,
        "initial": definition.initial_state,
        "states": [
            [state.name, [[_event(event) for event in group] for group in state.groups()]]
            for state in definition.states
        ],
    }


def _event(event: StateEvent) -> list[Any]:
    return [event.name, event.condition or None, event.next_state, [_action(action) for action in event.actions]]


def _action(action: Action) -> list[Any]:
    payload = [action.payload.expression, action.payload.type] if action.payload else None
    return [action.kind, dict(action.members), payload]
