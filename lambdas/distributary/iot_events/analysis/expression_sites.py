"""Where a model's expressions stand: each with its path, what it is for, and the state and event around it."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from distributary.iot_events.expression.errors import ExpressionError
from distributary.iot_events.expression.evaluate import Expression, compile_expression
from distributary.iot_events.model.definition import Action, Definition, State, StateEvent
from distributary.iot_events.model.finding import Finding, error

Role = Literal["condition", "value", "duration", "content", "parameter"]


class ExpressionSite(NamedTuple):
    """An expression in its surroundings: `group` is 0 to 3, as in `State.groups`; `action` None for a condition."""

    expression: Expression
    role: Role
    path: str
    state: State
    group: int
    event: StateEvent
    action: Action | None


def places(definition: Definition) -> tuple[list[ExpressionSite], list[Finding]]:
    """Every expression that parses, and a finding for every one that does not."""
    found: list[ExpressionSite] = []
    findings: list[Finding] = []
    for text, place in _texts(definition):
        role, path, state, group, event, action = place
        try:
            found.append(ExpressionSite(compile_expression(text), role, path, state, group, event, action))
        except ExpressionError as problem:
            where = f": {problem.reason}, at column {problem.column}"
            findings.append(error("expression-syntax", path, _complaint(text, role, action) + where))
    return found, findings


_Where = tuple[Role, str, State, int, StateEvent, Action | None]


def _texts(definition: Definition) -> Iterator[tuple[str, _Where]]:
    for state in definition.states:
        for group, events in enumerate(state.groups()):
            for event in events:
                if event.condition:
                    yield event.condition, ("condition", f"{event.path}.condition", state, group, event, None)
                for action in event.actions:
                    for text, role, path in _in_action(action):
                        yield text, (role, path, state, group, event, action)


_ROLES: dict[str, Role] = {"setVariable": "value", "setTimer": "duration"}


def _in_action(action: Action) -> Iterator[tuple[str, Role, str]]:
    for member, text in action.expressions():
        yield text, _ROLES.get(action.kind, "parameter"), f"{action.path}.{member.name}"
    if action.payload and action.payload.expression:
        yield action.payload.expression, "content", f"{action.path}.payload.contentExpression"


def _complaint(text: str, role: Role, action: Action | None) -> str:
    if role == "value":
        return f"SetVariableAction.value must be an expression. Failed to parse value '{text}'"
    if role == "duration" and action:
        return f"Failed to parse duration expression '{text}' for timer '{action.members['timerName']}'"
    return f"Failed to parse expression '{text}' for {action.kind if action else 'condition'}"
