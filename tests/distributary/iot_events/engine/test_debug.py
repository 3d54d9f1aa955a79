from pathlib import Path

import pytest
from detector_cases import START, model_of

from distributary.iot_events.engine.detector import Detector
from distributary.iot_events.engine.effects import LogRecord
from distributary.iot_events.engine.machine import InputMessage, Timers, step
from distributary.iot_events.values import read_json

CASES = read_json((Path(__file__).parents[3] / "cases" / "detectors" / "debug.json").read_text("utf-8"))["debug"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["is"])
def test_a_debug_record_tells_why(case):
    """The DEBUG record has AWS's members: each condition that was looked at, in order, and what came of it."""
    model = model_of(case)
    detector = Detector(case["m"].get("id"))
    detector, effects = step(model, detector, InputMessage("in", "m0", case["m"]), START * 1000, debug=True)
    if "wake" in case:
        _, effects = step(model, detector, Timers(), (START + case["wake"]) * 1000, debug=True)

    *_, record = effects

    assert isinstance(record, LogRecord)
    assert (record.level, record.text) == ("DEBUG", "Summary of message evaluation")
    assert record.fields == case["record"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["is"])
def test_looking_changes_nothing(case):
    """With and without the record, detector and other effects are the same, and a condition is evaluated once."""
    plain, traced = (
        step(model_of(case), Detector("k"), InputMessage("in", "m0", case["m"]), START * 1000, debug=debug)
        for debug in (False, True)
    )

    assert traced[0] == plain[0]
    assert [one for one in traced[1] if getattr(one, "level", "") != "DEBUG"] == plain[1]
