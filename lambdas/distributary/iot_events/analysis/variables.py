"""The findings about variables, timers and inputs: read but never set, read too early, read when a timer expires."""

from collections.abc import Iterable, Iterator

from distributary.iot_events.analysis.expression_sites import ExpressionSite
from distributary.iot_events.analysis.state_flow import always, assigned, assigned_on_arrival, known_in
from distributary.iot_events.expression.errors import ExpressionError
from distributary.iot_events.expression.evaluate import compile_expression
from distributary.iot_events.expression.tree import (
    Call,
    Chain,
    InputReference,
    Literal,
    Node,
    VariableReference,
    children,
)
from distributary.iot_events.model.definition import Definition, StateEvent
from distributary.iot_events.model.finding import Finding, error, warning

_ON_INPUT = (1, 2)
"""The groups that a timer's expiry runs."""
_EARLY_IS_MEANT = frozenset({"isUndefined", "isNull"})


def data_findings(definition: Definition, found: list[ExpressionSite]) -> Iterator[Finding]:
    """All about data that is not there, or not meant, when it is read."""
    yield from _never_set(definition, found)
    yield from _too_early(definition, found)
    timers = {action.members["timerName"] for action in definition.actions() if action.kind == "setTimer"}
    if timers:
        yield from _read_on_expiry(found)
        yield from _loops(definition)


def _never_set(definition: Definition, found: list[ExpressionSite]) -> Iterator[Finding]:
    variables = {action.members["variableName"] for action in definition.actions() if action.kind == "setVariable"}
    timers = {action.members["timerName"] for action in definition.actions() if action.kind == "setTimer"}
    for place in found:
        for name in sorted({node.name for node in place.expression.nodes() if isinstance(node, VariableReference)}):
            if name not in variables:
                text = f"Detected broken Variable: variable {name} is used in an expression but is never set."
                yield error("referenced-data", place.path, text)
        for name in sorted(_called(place, "timeout") - timers):
            text = f"Detected broken Timer: timer {name} is used in an expression but is never set."
            yield error("referenced-data", place.path, text)
    for action in definition.actions():
        if action.kind in {"resetTimer", "clearTimer"} and action.members["timerName"] not in timers:
            yield warning("referenced-data", action.path, f"timer {action.members['timerName']} is never set.")


def _called(place: ExpressionSite, function: str) -> set[str]:
    return {
        str(argument.value)
        for node in place.expression.nodes()
        if isinstance(node, Call) and node.function == function
        for argument in node.arguments
        if isinstance(argument, Literal)
    }


def _too_early(definition: Definition, found: list[ExpressionSite]) -> Iterator[Finding]:
    names = {state.name for state in definition.states}
    if definition.initial_state not in names or len(names) < len(definition.states):
        return
    arriving = assigned_on_arrival(definition)
    variables = {action.members["variableName"] for action in definition.actions() if action.kind == "setVariable"}
    early: dict[str, list[str]] = {}
    for place in found:
        if place.state.name in arriving:
            known = known_in(place.state, arriving)[place.group] | _set_before(place)
            for name in (_read_in_earnest(place.expression.tree) & variables) - known:
                early.setdefault(name, []).append(place.path)
    for name, paths in sorted(early.items()):
        text = f"variable {name} is used in an expression before being set to a value, on some way through the model"
        more = f" (here and in {len(paths) - 1} more places)" if len(paths) > 1 else ""
        yield warning("referenced-data", paths[0], f"Detected broken Variable: {text}{more}.")


def _set_before(place: ExpressionSite) -> frozenset[str]:
    """What the event itself, and those before it in its group that always happen, have set."""
    names: set[str] = set()
    for event in place.state.groups()[place.group]:
        if event is place.event:
            break
        if always(event):
            names |= assigned(event)
    for action in place.event.actions if place.action else ():
        if action is place.action:
            break
        if action.kind == "setVariable":
            names.add(action.members["variableName"])
    return frozenset(names) if place.action else frozenset()


def _read_in_earnest(node: Node) -> set[str]:
    """The variables that it reads, but for those it only asks about."""
    if isinstance(node, VariableReference):
        return {node.name}
    if isinstance(node, Call) and node.function in _EARLY_IS_MEANT:
        return set()
    return {name for child in children(node) for name in _read_in_earnest(child)}


def _read_on_expiry(found: list[ExpressionSite]) -> Iterator[Finding]:
    reading = [
        place.event
        for place in found
        if place.group in _ON_INPUT and any(isinstance(node, InputReference) for node in place.expression.nodes())
    ]
    for path, event in {event.path: event for event in reading}.items():
        if not _guarded(event):
            text = "An input attribute is being read, but this may be caused by a timer expiration"
            advice = 'guard the condition with triggerType("Message") or currentInput("…").'
            yield warning("structure", path, f"{text}: {advice}")


def _guarded(event: StateEvent) -> bool:
    """Whether the condition is false in a Timer cycle that no `timeout()` in it asks for."""
    try:
        tree = compile_expression(event.condition or "true").tree
    except ExpressionError:
        return True
    return any(_is_guard(node) for node in _conjuncts(tree))


def _conjuncts(node: Node) -> Iterable[Node]:
    if isinstance(node, Chain) and node.steps[0].operator == "&&":
        return [one for child in children(node) for one in _conjuncts(child)]
    return [node]


def _is_guard(node: Node) -> bool:
    if not isinstance(node, Call) or not isinstance(node.arguments[0], Literal):
        return False
    return node.function in {"currentInput", "timeout"} or (
        node.function == "triggerType" and str(node.arguments[0].value).lower() == "message"
    )


def _loops(definition: Definition) -> Iterator[Finding]:
    """A timer that every cycle sets again is never done: each expiry is such a cycle."""
    for state in definition.states:
        for event in (*state.on_input, *(one for one in state.transitions if one.next_state == state.name)):
            if always(event):
                for action in event.actions:
                    if action.kind in {"setTimer", "resetTimer"}:
                        text = f"timer {action.members['timerName']} is set again by each expiry: a loop."
                        yield warning("structure", action.path, text)
