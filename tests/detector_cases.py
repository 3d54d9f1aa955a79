"""How the detector cases of tests/cases/detectors are written: a short form of models, and steps with their outcome.

A model is `{"initial": "A", "states": {"A": {"enter": [EVENT], "input": [EVENT], "go": [MOVE], "exit": [EVENT]}}}`; an
EVENT is `[condition or null, ACTION…]`, a MOVE `[condition, next state, ACTION…]`, an ACTION a short list or an object
of AWS's own. Where names do not matter, an event is called after its place (`A.input.0`).
"""

import json
from typing import Any

from distributary.iot_events.analysis.load import load_text
from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.engine.detector import Detector, read_detector, variables_from, write_detector
from distributary.iot_events.engine.effects import Effect, LogRecord
from distributary.iot_events.engine.machine import InputMessage, Timers, step
from distributary.iot_events.engine.state_update import NewState, updated
from distributary.iot_events.limits import Limits
from distributary.iot_events.values import keep_json, same_tree, write_json

START = 1_700_000_000
"""The second at which every case begins."""

_GROUPS = {"enter": ("onEnter", "events"), "input": ("onInput", "events"), "go": ("onInput", "transitionEvents")}
_GROUPS["exit"] = ("onExit", "events")


def definition_of(model: dict[str, Any]) -> dict[str, Any]:
    """The short form as the API's JSON."""
    if "detectorModelDefinition" in model:
        return model
    states = [_state(name, one) for name, one in model["states"].items()]
    body = {"states": states, "initialStateName": model.get("initial", states[0]["stateName"])}
    named = {"detectorModelName": "m", "detectorModelDefinition": body}
    return {**named, **{name: model[short] for short, name in _MEMBERS.items() if short in model}}


_MEMBERS = {"key": "key", "method": "evaluationMethod"}


def _state(name: str, short: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {"stateName": name}
    for group, events in short.items():
        cycle, member = _GROUPS[group]
        state.setdefault(cycle, {})[member] = [
            _event(f"{name}.{group}.{place}", event, transition=group == "go") for place, event in enumerate(events)
        ]
    return state


def _event(name: str, short: list[Any], *, transition: bool) -> dict[str, Any]:
    condition, *rest = short
    event = {"eventName": name, "condition": condition}
    if transition:
        event["nextState"] = rest.pop(0)
    return {**event, "actions": [one if isinstance(one, dict) else _action(*one) for one in rest]}


def _action(verb: str, *words: Any) -> dict[str, Any]:
    match verb:
        case "set":
            return {"setVariable": {"variableName": words[0], "value": words[1]}}
        case "timer":
            return {"setTimer": {"timerName": words[0], "durationExpression": words[1]}}
        case "reset" | "clear":
            return {f"{verb}Timer": {"timerName": words[0]}}
        case "send":
            payload = {"contentExpression": words[2], "type": words[1]} if words[1:] else None
            return {"iotTopicPublish": {"mqttTopic": words[0], "payload": payload}}
    raise ValueError(verb)


def model_of(case: dict[str, Any]) -> Model:
    """The case's model, with the limits and switches that it names."""
    text = write_json(definition_of({**case["model"], **case.get("with", {})}))
    limits = Limits(**{"min_timer_seconds": 1, **case.get("limits", {})})
    (definition,) = load_text(text, name="m", limits=limits) if case.get("checked", True) else unchecked(text)
    return Model(definition, limits=limits, merge=case.get("merge", False))


def unchecked(text: str) -> list[Any]:
    """A model that the analysis would refuse."""
    from distributary.iot_events.model.document import read_definition  # noqa: PLC0415 - only here
    from distributary.iot_events.model.document_forms import read_documents  # noqa: PLC0415 - only here

    return [read_definition(document).definition for document in read_documents(text, name="m")]


def run(case: dict[str, Any]) -> None:
    """Runs a case: after each step, everything that it does not name must be as it was, or empty."""
    model, detectors, at = model_of(case), {}, 0
    for number, one in enumerate(case["steps"]):
        at = one.get("at", at)
        before = detectors.get(one.get("key"), Detector(one.get("key")))
        after, effects = _step(model, before, one, number, (START + at) * 1000 + one.get("ms", 0))
        detectors[one.get("key")] = after
        _compare(f"step {number}", one, before, after, effects)
        if after.state is not None:
            kept = read_detector(write_detector(after), key=after.key, created=after.created, updated=after.updated)
            assert same_tree(kept.inputs, after.inputs)
            assert kept == after, f"step {number}: not as it was kept"


def _step(model: Model, before: Detector, one: dict[str, Any], number: int, now: int) -> tuple[Detector, list[Any]]:
    if "overwrite" in one:
        return updated(before, _new_state(one["overwrite"]), now), []
    if "m" not in one:
        return step(model, before, Timers(), now)
    return step(model, before, InputMessage(one.get("of", "in"), one.get("id", f"m{number}"), one["m"]), now)


def _new_state(given: dict[str, Any]) -> NewState:
    timers = {timer["name"]: timer["seconds"] for timer in given.get("timers", [])}
    return NewState(given["stateName"], variables_from(given.get("variables", [])), timers)


def _compare(where: str, one: dict[str, Any], before: Detector, after: Detector, effects: list[Any]) -> None:
    if one.get("same") or "same" in one:
        assert (after is before) == one["same"], f"{where}: unchanged is {after is before}"
    assert after.state == one.get("state", before.state), f"{where}: state {after.state}"
    expected = {**({} if "overwrite" in one else before.variables), **one.get("vars", {})}
    assert keep_json(dict(sorted(after.variables.items()))) == keep_json(dict(sorted(expected.items()))), where
    if "timers" in one:
        due = {name: due - START for name, due in after.listed_timers().items()}
        assert due == one["timers"], f"{where}: timers {due}"
    _compare_sent(where, one.get("sent", []), [effect for effect in effects if isinstance(effect, Effect)])
    logged = [f"{record.level} {record.text}" for record in effects if isinstance(record, LogRecord)]
    assert len(logged) == len(one.get("log", [])), f"{where}: {logged}"
    for text, wanted in zip(logged, one.get("log", []), strict=True):
        level, _, fragment = wanted.partition(" ")
        assert text.startswith(level) and fragment in text, f"{where}: {text}"  # noqa: PT018 - one line of a log


def _compare_sent(where: str, wanted: list[Any], sent: list[Effect]) -> None:
    short = [effect.parameters.get("mqttTopic", effect.kind) for effect in sent]
    assert len(short) == len(wanted), f"{where}: sent {short}"
    for expected, effect in zip(wanted, sent, strict=True):
        if isinstance(expected, str):
            assert effect.parameters.get("mqttTopic", effect.kind) == expected, f"{where}: sent {short}"
            continue
        for member in expected.keys() - {"body"}:
            found = getattr(effect, member)
            assert found == expected[member], f"{where}: {member} {found}"
        if "body" in expected and not isinstance(expected["body"], dict):
            assert effect.body == expected["body"], where
        elif "body" in expected:
            _contains(where, json.loads(str(effect.body)), json.loads(write_json(expected["body"])))


def _contains(where: str, found: Any, expected: Any) -> None:
    """Every member that is expected is there; an expected leaf is equal."""
    if isinstance(expected, dict) and expected:
        for name, inner in expected.items():
            assert name in found, f"{where}: no {name} in {found}"
            _contains(where, found[name], inner)
    else:
        assert found == expected, f"{where}: {found} is not {expected}"
