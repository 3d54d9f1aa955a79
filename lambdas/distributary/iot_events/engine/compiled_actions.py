"""Each action of a model as one function of the cycle, made once.

It changes the detector or sends an effect, and never raises: what cannot be done is logged, and the next action runs.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from distributary.iot_events.engine.cycle import Act, Cycle
from distributary.iot_events.engine.detector import MILLISECONDS
from distributary.iot_events.engine.effects import Effect
from distributary.iot_events.expression.errors import Unevaluable
from distributary.iot_events.expression.evaluate import Declared, Expression, compile_expression
from distributary.iot_events.expression.functions import convert, type_of
from distributary.iot_events.expression.tree import Literal
from distributary.iot_events.limits import Limits
from distributary.iot_events.model.action_kinds import ACTION_KINDS, WITHOUT_PAYLOAD, Member, compile_member
from distributary.iot_events.model.definition import Action, Payload
from distributary.iot_events.values import SCALARS, BadPayload, plain, quote, read_json

_Do = Callable[[Cycle], None]
_NANOSECONDS = 1_000_000
_SITEWISE_SECONDS = "propertyValue.timestamp.timeInSeconds"
_SITEWISE_NANOSECONDS = "propertyValue.timestamp.offsetInNanos"


def make_act(action: Action, *, event: str, state: str, limits: Limits, declared: Declared | None) -> Act:
    """The function that carries the action out in a cycle; `state` is the one that its default payload names."""
    if action.kind in _INTERNAL:
        do = _INTERNAL[action.kind](action, limits, declared)
    else:
        do = _send(action, quote(state), quote(event), limits, declared)
    where = {"eventName": event, "path": action.path}

    def act(cycle: Cycle) -> None:
        try:
            do(cycle)
        except Unevaluable as problem:
            cycle.log("ERROR", f"{action.kind} not carried out: {problem}", **where)
        if cycle.remarks:
            cycle.flush_remarks(action.kind, **where)

    return act


def _set_variable(action: Action, _limits: Limits, declared: Declared | None) -> _Do:
    name = action.members["variableName"]
    expression = compile_expression(action.members["value"], declared=declared)
    if isinstance(expression.tree, Literal) and expression.tree.value.__class__ in SCALARS:
        constant = expression.tree.value
        return lambda cycle: cycle.set_variable(name, constant)
    value = expression.scalar
    return lambda cycle: cycle.set_variable(name, value(cycle))


def _set_timer(action: Action, limits: Limits, declared: Declared | None) -> _Do:
    name, text = action.members["timerName"], action.members.get("durationExpression")
    if text is None:
        seconds = action.members["seconds"]
        return lambda cycle: cycle.arm(name, duration(seconds, limits))
    value = compile_expression(text, declared=declared).scalar
    return lambda cycle: cycle.arm(name, duration(value(cycle), limits))


def duration(value: Any, limits: Limits) -> int:
    """Whole seconds, rounded down, from a number or a string that is one; Unevaluable outside the limits."""
    number = convert("Decimal", value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, (int, Decimal)):
        raise Unevaluable(f"a duration is a number, not {type_of(value)}")
    if number >= limits.max_timer_seconds + 1:
        raise Unevaluable(f"a duration of more than {limits.max_timer_seconds} seconds")
    if number < limits.min_timer_seconds:
        raise Unevaluable(f"a duration of less than {limits.min_timer_seconds} seconds")
    return int(number)


def _reset_timer(action: Action, _limits: Limits, _declared: Declared | None) -> _Do:
    name = action.members["timerName"]
    return lambda cycle: cycle.reset(name)


def _clear_timer(action: Action, _limits: Limits, _declared: Declared | None) -> _Do:
    name = action.members["timerName"]
    return lambda cycle: cycle.clear(name)


_INTERNAL: dict[str, Callable[[Action, Limits, Declared | None], _Do]] = {
    "setVariable": _set_variable,
    "setTimer": _set_timer,
    "resetTimer": _reset_timer,
    "clearTimer": _clear_timer,
}

_Parameters = Callable[[Cycle, str], Mapping[str, Any]]
_Body = Callable[[Cycle, str], str | None]
"""Both take the id of the effect that they become part of."""


def _send(action: Action, state: str, event: str, limits: Limits, declared: Declared | None) -> _Do:
    kind, path = action.kind, action.path
    parameters = _parameters(action, declared)
    payload_type = action.payload.type if action.payload else "DEFAULT"
    body = _body(action, state, event, limits, declared)

    def send(cycle: Cycle) -> None:
        effect_id = cycle.next_id()
        filled, text = parameters(cycle, effect_id), body(cycle, effect_id)
        cycle.effects.append(Effect(kind, effect_id, cycle.now, filled, text, payload_type, path))
        cycle.ordinal += 1

    return send


def _parameters(action: Action, declared: Declared | None) -> _Parameters:
    texts = [
        (member, action.members[member.name]) for member in ACTION_KINDS[action.kind] if member.name in action.members
    ]
    compiled = [
        (member, compile_member(member, text, declared=declared) if isinstance(text, str) else text)
        for member, text in texts
    ]
    fixed = {member.name: one for member, one in compiled if not isinstance(one, Expression)}
    open_members = [(member, one) for member, one in compiled if isinstance(one, Expression)]
    if action.kind == "iotSiteWise":
        return lambda cycle, effect_id: _sitewise(cycle.now, effect_id, _filled(cycle, fixed, open_members))
    if not open_members:
        return lambda _cycle, _id: fixed
    return lambda cycle, _id: _filled(cycle, fixed, open_members)


def _filled(cycle: Cycle, fixed: Mapping[str, Any], open_members: list[tuple[Member, Expression]]) -> dict[str, Any]:
    filled = dict(fixed)
    for member, expression in open_members:
        text = plain(expression.scalar(cycle))
        if member.words and text not in member.words:
            raise Unevaluable(f"{member.name} is none of {', '.join(member.words)}", 1, expression.text)
        filled[member.name] = text
    return filled


def _sitewise(now: int, effect_id: str, filled: dict[str, Any]) -> dict[str, Any]:
    """With the defaults of AWS's page: the event's time, and an id of its own (ours is the effect's)."""
    filled.setdefault("entryId", effect_id)
    if _SITEWISE_SECONDS not in filled:
        filled[_SITEWISE_SECONDS] = str(now // MILLISECONDS)
        filled[_SITEWISE_NANOSECONDS] = str(now % MILLISECONDS * _NANOSECONDS)
    return filled


def _body(action: Action, state: str, event: str, limits: Limits, declared: Declared | None) -> _Body:
    if action.kind in WITHOUT_PAYLOAD:
        return lambda _cycle, _id: None
    if action.payload is None:
        return lambda cycle, effect_id: _within(cycle.default_body(effect_id, state, event), limits.effect_bytes)
    return _custom(action, action.payload, limits, declared)


def _within(text: str, most: int) -> str:
    if len(text) * 4 > most and len(text.encode()) > most:
        raise Unevaluable(f"a payload of more than {most} bytes")
    return text


def _custom(action: Action, payload: Payload, limits: Limits, declared: Declared | None) -> _Body:
    expression = compile_expression(payload.expression, declared=declared)

    def body(cycle: Cycle, _effect_id: str) -> str:
        value = expression.scalar(cycle)
        if payload.type == "JSON":
            _look_at_json(cycle, value, expression, action.path)
        return _within(plain(value), limits.payload_bytes)

    return body


def _look_at_json(cycle: Cycle, value: Any, expression: Expression, path: str) -> None:
    """A JSON payload must be a string; one that is no JSON is sent all the same."""
    if not isinstance(value, str):
        raise Unevaluable(f"a JSON payload is a string, not {type_of(value)}", expression.tree.column, expression.text)
    try:
        read_json(value)
    except BadPayload:
        cycle.log("WARNING", "the payload is sent, but it is no JSON", path=path)
