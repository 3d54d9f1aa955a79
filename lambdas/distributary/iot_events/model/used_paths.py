"""What of a payload a model reads at all, and what of the last payloads a later cycle can still read."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from distributary.iot_events.expression.evaluate import Expression, compile_expression
from distributary.iot_events.expression.tree import Call, InputReference, Literal, is_index
from distributary.iot_events.model.action_kinds import INTERNAL
from distributary.iot_events.model.definition import Action, Definition, State, StateEvent

PayloadPath = tuple[str | int, ...]
Reads = frozenset[tuple[str, PayloadPath]]
Kept = dict[str, Any]
"""A tree of members to keep: a name leads to a deeper tree, or to None where all below it is kept."""


def action_expressions(action: Action) -> Iterator[str]:
    """Every expression in an action."""
    yield from (text for _, text in action.expressions())
    if action.payload:
        yield action.payload.expression


def event_expressions(event: StateEvent) -> Iterator[str]:
    """Every expression in an event: its condition, then its actions'."""
    if event.condition:
        yield event.condition
    for action in event.actions:
        yield from action_expressions(action)


def _reads(events: Iterable[StateEvent]) -> Reads:
    return frozenset(
        (node.input, node.path)
        for event in events
        for text in event_expressions(event)
        for node in compile_expression(text).nodes()
        if isinstance(node, InputReference)
    )


def inputs_of(definition: Definition) -> frozenset[str]:
    """The inputs that the model reads: what a message must be of to reach it."""
    expressions = [compile_expression(text) for event in definition.events() for text in event_expressions(event)]
    return frozenset(name for expression in expressions for name in inputs_in(expression))


def inputs_in(expression: Expression) -> Iterator[str]:
    """The inputs that an expression refers to or asks for."""
    for node in expression.nodes():
        if isinstance(node, InputReference):
            yield node.input
        elif isinstance(node, Call) and node.function == "currentInput" and isinstance(node.arguments[0], Literal):
            yield str(node.arguments[0].value)


def kept_by_state(definition: Definition, *, merge: bool) -> dict[str, Mapping[str, Kept | None]]:
    """For each state, what to keep of each input's last payload for the cycles to come.

    Nothing where each cycle brings all it can read: one input, no timers, no merging of payloads.
    """
    everything = merge or len(inputs_of(definition)) > 1 or _has_timers(definition)
    if not everything:
        return {state.name: {} for state in definition.states}
    if merge:
        reads = _reads(definition.events())
        return {state.name: _trees(reads) for state in definition.states}
    return {name: _trees(reads) for name, reads in _later_reads(definition).items()}


def _has_timers(definition: Definition) -> bool:
    return any(action.kind in INTERNAL - {"setVariable"} for action in definition.actions())


def _later_reads(definition: Definition) -> dict[str, Reads]:
    """What a detector that rests in a state may read before its next transition, or after any number of them."""
    states = {state.name: state for state in definition.states}
    entering = {name: _reads(state.on_enter) for name, state in states.items()}
    later = {name: _reads((*state.on_input, *state.transitions, *state.on_exit)) for name, state in states.items()}
    for _ in states:
        for name, state in states.items():
            for target in _targets(state, states):
                later[name] |= entering[target] | later[target]
    return later


def _targets(state: State, states: Mapping[str, State]) -> list[str]:
    return [event.next_state for event in state.transitions if event.next_state and event.next_state in states]


def _trees(reads: Reads) -> dict[str, Kept | None]:
    trees: dict[str, Kept | None] = {}
    for name, path in reads:
        members = [segment for segment in path if isinstance(segment, str)][: _first_index(path)]
        _grow(trees, [name, *members])
    return trees


def _first_index(path: PayloadPath) -> int:
    """How many members lead to the first array: an array is kept whole."""
    return next((place for place, segment in enumerate(path) if is_index(segment)), len(path))


def _grow(tree: dict[str, Any], members: list[str]) -> None:
    *way, last = members
    for member in way:
        if member in tree and tree[member] is None:
            return
        tree = tree.setdefault(member, {})
    tree[last] = None


def prune(payload: Any, kept: Kept | None) -> Any:
    """The part of a payload that the tree keeps; None where nothing is left."""
    if kept is None:
        return payload
    if not isinstance(payload, dict):
        return None
    pruned = {}
    for name, deeper in kept.items():
        if name in payload and (deeper is None or (inner := prune(payload[name], deeper)) is not None):
            pruned[name] = payload[name] if deeper is None else inner
    return pruned or None
