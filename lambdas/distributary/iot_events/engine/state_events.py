"""A state's events, ready to run: what `model` makes of a definition and `machine` goes through."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distributary.iot_events.engine.cycle import Act, Holds


@dataclass(frozen=True, slots=True)
class EventRule:
    """An event or transition, ready: `holds` None is always true."""

    holds: Holds | None
    acts: tuple[Act, ...]
    next_state: str | None
    trace: Mapping[str, Any]


EventGroup = tuple[EventRule, ...]


@dataclass(frozen=True, slots=True)
class StateRules:
    """A state, ready."""

    on_enter: EventGroup
    on_input: EventGroup
    transitions: EventGroup
    on_exit: EventGroup

    def groups(self) -> tuple[EventGroup, ...]:
        """Its rules by when they run: entering, input, transitions, leaving."""
        return (self.on_enter, self.on_input, self.transitions, self.on_exit)
