"""A state's events, ready to run: what `model` makes of a definition and `machine` goes through."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distributary.iot_events.engine.cycle import Act, Holds


@dataclass(frozen=True, slots=True)
class Rule:
    """An event or transition, ready: `holds` None is always true."""

    holds: Holds | None
    acts: tuple[Act, ...]
    next_state: str | None
    trace: Mapping[str, Any]


Group = tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """A state, ready."""

    on_enter: Group
    on_input: Group
    transitions: Group
    on_exit: Group

    def groups(self) -> tuple[Group, ...]:
        """Its rules by when they run: entering, input, transitions, leaving."""
        return (self.on_enter, self.on_input, self.transitions, self.on_exit)
