"""The engine's own cases once more, by boto3: the same detectors, the same actions."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import detector_cases
import pytest
from detector_cases import START, definition_of, model_of

from distributary.iot_events.engine.detector import Detector, describe_variables
from distributary.iot_events.engine.effects import Effect, LogRecord
from distributary.iot_events.engine.machine import Timers, step
from distributary.iot_events.values import keep_json, read_json
from distributary_testing import mock_iot_events

KEY = "_key"
FILES = sorted((Path(__file__).parents[1] / "cases" / "detectors").glob("*.json"))
UNHEARD_OF = {"limits", "merge", "checked"}
"""What a case asks for that is not to be had from AWS."""


def cases_of(file: Path) -> list[dict]:
    """The cases of a file that AWS could have run."""
    document = read_json(file.read_text("utf-8"))
    models = document.get("models", {})
    found = [one for one in document.get("cases", ()) if not one.keys() & UNHEARD_OF]
    return [
        {**one, "model": models.get(one["model"]) if isinstance(one["model"], str) else one["model"]} for one in found
    ]


CASES = [one for file in FILES for one in cases_of(file)]


def time_of(case_step: dict, before: int) -> int:
    """A step's time in milliseconds."""
    return (START + case_step.get("at", before)) * 1000 + case_step.get("ms", 0)


def by_engine(case: dict) -> tuple[dict, dict, list]:
    """Each detector, what it did, and what was logged."""
    model, detectors, effects, at, now = model_of(case), {}, {}, 0, 0
    for number, one in enumerate(case["steps"]):
        key, now, at = one.get("key"), max(now, time_of(one, at)), one.get("at", at)
        detectors[key], more = detector_cases._step(model, detectors.get(key, Detector(key)), one, number, now)
        effects[key] = [*effects.get(key, []), *more]
    for key, detector in list(detectors.items()):
        detectors[key], more = step(model, detector, Timers(), now)
        effects[key] += more
    log = [(one.level, one.text) for many in effects.values() for one in many if isinstance(one, LogRecord)]
    done = {key: [one for one in many if isinstance(one, Effect)] for key, many in effects.items()}
    return detectors, done, log


def make(case: dict, control) -> str | None:
    """Makes the case's model and its inputs; the path of its key."""
    definition = definition_of({**case["model"], **case.get("with", {})})
    key = definition.get("key") or (KEY if any("key" in one for one in case["steps"]) else None)
    for name in {*model_of(case).inputs, *(one.get("of", "in") for one in case["steps"] if "m" in one)}:
        control.create_input(inputName=name, inputDefinition={"attributes": [{"jsonPath": "any"}]})
    made = {**definition, "roleArn": "arn:aws:iam::123456789012:role/any", **({"key": key} if key else {})}
    control.create_detector_model(**without_nulls(made))
    return key


def without_nulls(value):
    """The same as boto3 takes it."""
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


def play(case: dict, data, key: str | None, iot_events) -> None:
    """Puts the case's messages at their times."""
    at = 0
    for number, one in enumerate(case["steps"]):
        time = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=time_of(one, at))
        at = one.get("at", at)
        iot_events.move_to(max(time, iot_events.now))
        if "overwrite" in one:
            which = {"keyValue": one["key"]} if "key" in one else {}
            entry = {"messageId": "any", "detectorModelName": "m", **which, "state": one["overwrite"]}
            entry["state"] = {"variables": [], "timers": [], **entry["state"]}
            assert data.batch_update_detector(detectors=[entry])["batchUpdateDetectorErrorEntries"] == []
        elif "m" in one:
            payload = {**one["m"], **({key: one["key"]} if "key" in one else {})}
            message = {"messageId": one.get("id", f"m{number}"), "inputName": one.get("of", "in")}
            answer = data.batch_put_message(messages=[{**message, "payload": keep_json(payload).encode()}])
            assert answer["BatchPutMessageErrorEntries"] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["is"])
def test_boto3_gets_what_the_engine_gives(case, control, data):
    """Detectors, actions with their ids, and lines of the log are the same by either way."""
    with mock_iot_events(now=datetime.fromtimestamp(START, UTC), min_timer_seconds=1) as iot_events:
        key = make(case, control)
        play(case, data, key, iot_events)
        detectors, done, log = by_engine(case)

        for one, detector in detectors.items():
            which = {"keyValue": one} if one is not None else {}
            if detector.state is None:
                continue
            found = data.describe_detector(detectorModelName="m", **which)["detector"]
            assert found["state"]["stateName"] == detector.state
            assert found["state"]["variables"] == describe_variables(detector.variables)
            timers = {timer["name"]: timer["timestamp"].timestamp() for timer in found["state"]["timers"]}
            assert timers == detector.listed_timers()
            acted = [
                (action.kind, action.id, action.parameters, action.payload)
                for action in iot_events.actions
                if action.key == one
            ]
            assert acted == [(effect.kind, effect.id, effect.parameters, effect.body) for effect in done[one]]
        own = [line for line in iot_events.log if line.text != "an action failed"]
        assert sorted((line.level, line.text) for line in own) == sorted(log)
