"""The checks that AWS IoT Events ran when a model was published, and some that it should have, all at once."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from distributary.iot_events.analysis.data_types import type_findings
from distributary.iot_events.analysis.expression_sites import ExpressionSite, places
from distributary.iot_events.analysis.state_flow import always, reachable
from distributary.iot_events.analysis.variables import data_findings
from distributary.iot_events.expression.tree import InputReference
from distributary.iot_events.limits import AWS_LIMITS, Limits
from distributary.iot_events.model.action_kinds import INTERNAL
from distributary.iot_events.model.declared_paths import declared_by
from distributary.iot_events.model.definition import Action, Definition, StateEvent
from distributary.iot_events.model.finding import Finding, error, warning
from distributary.iot_events.model.used_paths import inputs_in

_PATH = re.compile(r"((`[\w\- ]+`)|([\w\-]+))(\.((`[\w\- ]+`)|([\w\-]+)))*", re.ASCII)
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_MOST_NAME = 128


def analyse(
    definition: Definition,
    *,
    limits: Limits = AWS_LIMITS,
    inputs: Mapping[str, tuple[str, ...]] | None = None,
    declared_only: bool = False,
) -> list[Finding]:
    """All findings about a model.

    `inputs`, if given, are all that exist, each with the paths it declares; `declared_only` says that nothing else of
    them can be read.
    """
    found, findings = places(definition)
    findings += [
        *_structure(definition),
        *_names(definition),
        *_actions(definition, limits),
        *_counts(definition, limits),
        *_lengths(found, limits),
        *_inputs(found, inputs),
        *(_undeclared(found, inputs) if inputs is not None and declared_only else ()),
        *type_findings(found),
        *data_findings(definition, found),
    ]
    return findings


def _structure(definition: Definition) -> Iterator[Finding]:
    names = Counter(state.name for state in definition.states)
    for name, count in names.items():
        if count > 1:
            text = f"The DetectorModelDefinition had a shared state name: found state {name} with {count} repetitions."
            yield error("structure", "states", text)
    if definition.initial_state not in names:
        text = f"The Definition's initialStateName {definition.initial_state} did not correspond to a defined State."
        yield error("structure", "initialStateName", text)
    for event in definition.events():
        if event.next_state is not None and event.next_state not in names:
            text = f"The TransitionEvent {event.name} transitions to a non-existent state {event.next_state}."
            yield error("structure", f"{event.path}.nextState", text)
    yield from _unreachable(definition)


def _unreachable(definition: Definition) -> Iterator[Finding]:
    within = reachable(definition)
    for state in definition.states:
        if state.name not in within:
            yield warning("structure", state.path, f"No transition leads to the state {state.name}.")
        for event in state.events():
            if event.condition and event.condition.strip() == "false":
                yield warning("structure", event.path, f"The condition of {event.name} is never true.")
        for event in _after_the_first(state.transitions):
            yield warning(
                "structure", event.path, f"{event.name} is never reached: a transition before it always happens."
            )


def _after_the_first(transitions: tuple[StateEvent, ...]) -> tuple[StateEvent, ...]:
    first = next((place for place, event in enumerate(transitions) if always(event)), len(transitions))
    return transitions[first + 1 :]


def _names(definition: Definition) -> Iterator[Finding]:
    if definition.key is None:
        yield warning("structure", "key", "Without a key, one detector stands for all devices together.")
    elif not _PATH.fullmatch(definition.key) or len(definition.key) > _MOST_NAME:
        yield error("structure", "key", f"{definition.key!r} is no path into a payload.")
    for state in definition.states:
        if len(state.name) > _MOST_NAME:
            yield error("structure", f"{state.path}.stateName", f"longer than {_MOST_NAME} characters")
    for event in definition.events():
        if len(event.name) > _MOST_NAME:
            yield error("structure", f"{event.path}.eventName", f"longer than {_MOST_NAME} characters")
    for action in definition.actions():
        yield from _action_names(action)


def _action_names(action: Action) -> Iterator[Finding]:
    for member in ("variableName", "timerName", "inputName"):
        name = action.members.get(member)
        plain = member == "timerName" or name is None or _NAME.fullmatch(name)
        if name is not None and (not plain or len(name) > _MOST_NAME):
            yield error("structure", f"{action.path}.{member}", f"{name!r} is no name.")


def _actions(definition: Definition, limits: Limits) -> Iterator[Finding]:
    for action in definition.actions():
        if action.kind == "setTimer":
            yield from _timer(action, limits)
        if action.payload and not action.payload.expression:
            path = f"{action.path}.payload.contentExpression"
            yield error("expression-syntax", path, "Customized Payloads must be non-empty.")
        if action.kind == "dynamoDBv2" and (action.payload is None or action.payload.type != "JSON"):
            yield error("structure", f"{action.path}.payload", "dynamoDBv2 needs a payload of type JSON.")
        if action.kind == "iotSiteWise":
            yield from _sitewise(action)


def _timer(action: Action, limits: Limits) -> Iterator[Finding]:
    name, seconds = action.members.get("timerName"), action.members.get("seconds")
    if (seconds is None) == ("durationExpression" not in action.members):
        text = "Only one of seconds and durationExpression can be set in SetTimer."
        yield error(
            "structure", action.path, text if seconds is not None else "seconds or durationExpression is missing"
        )
    elif seconds is not None and seconds < limits.min_timer_seconds:
        text = f"The duration for timer {name} should be at least {limits.min_timer_seconds} seconds long."
        yield error("service-limits", f"{action.path}.seconds", text)
    elif seconds is not None and seconds > limits.max_timer_seconds:
        text = f"The duration for timer {name} should be at most {limits.max_timer_seconds} seconds long."
        yield error("service-limits", f"{action.path}.seconds", text)


def _sitewise(action: Action) -> Iterator[Finding]:
    members = action.members
    by_alias, by_ids = "propertyAlias" in members, "assetId" in members and "propertyId" in members
    if by_alias == by_ids:
        yield error("structure", action.path, "iotSiteWise needs propertyAlias, or assetId and propertyId.")
    if sum(name.startswith("propertyValue.value.") for name in members) != 1:
        yield error("structure", f"{action.path}.propertyValue", "iotSiteWise needs one value of one type.")


def _counts(definition: Definition, limits: Limits) -> Iterator[Finding]:
    def over(what: str, count: int, most: int, path: str) -> Iterator[Finding]:
        if count > most:
            text = f"Number of {what} exceeded the limit {most} in detector model definition: {count}"
            yield error("service-limits", path, text)

    yield from over("states allowed", len(definition.states), limits.states, "states")
    yield from over("bytes allowed", len(definition.canonical().encode()), limits.definition_bytes, "")
    for state in definition.states:
        events = len(state.on_enter) + len(state.on_input) + len(state.on_exit)
        most = limits.transition_events_per_state
        yield from over("events allowed per state", events, limits.events_per_state, state.path)
        yield from over("transition events allowed per state", len(state.transitions), most, state.path)
        conditions = sum(bool(event.condition) for event in state.events())
        if conditions > limits.conditions_per_state:
            text = (
                f"AWS took {limits.conditions_per_state} trigger expressions per state, {state.name} has {conditions}."
            )
            yield warning("service-limits", state.path, text)
    for event in definition.events():
        yield from over("actions allowed per event", len(event.actions), limits.actions_per_event, event.path)
    for member, most in (("variableName", limits.variables), ("timerName", limits.timers)):
        names = {
            action.members[member]
            for action in definition.actions()
            if action.kind in INTERNAL and member in action.members
        }
        yield from over(f"{member.removesuffix('Name')}s allowed per detector", len(names), most, "")


def _lengths(found: list[ExpressionSite], limits: Limits) -> Iterator[Finding]:
    most = {"condition": limits.condition_characters, "content": limits.content_bytes}
    for place in found:
        allowed = most.get(place.role, limits.value_characters)
        text = place.expression.text
        if place.role == "content" and len(text.encode()) > allowed:
            message = f"Content Expression allowed in payload exceeded the limit {allowed} bytes"
            message += f" in event {place.event.name} in state {place.state.name}."
            yield error("service-limits", place.path, message)
        elif place.role != "content" and len(text) > allowed:
            yield error("service-limits", place.path, f"The expression is longer than {allowed} characters.")


def _inputs(found: list[ExpressionSite], inputs: Mapping[str, tuple[str, ...]] | None) -> Iterator[Finding]:
    used = {name: place.path for place in reversed(found) for name in inputs_in(place.expression)}
    if not any(place.role == "condition" and any(inputs_in(place.expression)) for place in found):
        yield error("structure", "", "Detector Model Definition must use at least one Input in a condition.")
    for name, path in used.items():
        if not _NAME.fullmatch(name):
            text = f"Detector Model Definition contains invalid InputName: {name}"
            yield error("referenced-resource", path, text)
        elif inputs is not None and name not in inputs:
            text = f"Detector Model Definition contains reference to Input '{name}' that does not exist."
            yield error("referenced-resource", path, text)


def _undeclared(found: list[ExpressionSite], inputs: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    may_read = declared_by(inputs)
    for place in found:
        for node in place.expression.nodes():
            if isinstance(node, InputReference) and node.input in inputs and not may_read(node.input, node.path):
                what = ".".join(["$input", node.input, *map(str, node.path)])
                text = f"{what} is always undefined: the input does not declare it."
                yield warning("referenced-resource", place.path, text)
