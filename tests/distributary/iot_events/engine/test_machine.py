from pathlib import Path

import pytest
from detector_cases import run

from distributary.iot_events.values import read_json

CASES = Path(__file__).parents[3] / "cases" / "detectors"


def cases():
    """Every case of every file that holds steps, with the model it names."""
    for path in sorted(CASES.glob("*.json")):
        shared = read_json(path.read_text("utf-8"))
        for case in shared.get("cases", ()):
            model = case.get("model", shared.get("model"))
            found = shared["models"][model] if isinstance(model, str) else model
            yield pytest.param({**case, "model": found}, id=f"{path.stem}: {case['is']}")


@pytest.mark.parametrize("case", list(cases()))
def test_a_detector_does_what_its_case_says(case):
    """After each step, state, variables, timers, effects and log are as the case says, and nothing else happened."""
    run(case)


def test_there_are_enough_cases():
    """At least 80 detector cases, no two of one name."""
    names = [parameter.id for parameter in cases()]
    assert len(names) >= 80
    assert len(names) == len(set(names))
