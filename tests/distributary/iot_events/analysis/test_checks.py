from pathlib import Path

import pytest
from detector_cases import definition_of

from distributary.errors import BadDefinition
from distributary.iot_events.analysis.load import check_text, load_text
from distributary.iot_events.limits import Limits
from distributary.iot_events.values import read_json, write_json

CASES = read_json((Path(__file__).parents[3] / "cases" / "detectors" / "findings.json").read_text("utf-8"))["findings"]


def text_of(case):
    """The case's model as a file would hold it."""
    if "model" in case:
        return write_json(definition_of(case["model"]))
    return write_json({"detectorModelDefinition": case["raw"], "key": "id", "evaluationMethod": case.get("method")})


def findings_of(case):
    """What is found, in the order in which it is."""
    limits = Limits(**case.get("limits", {}))
    switches = {name: case[name] for name in ("inputs", "declared_only") if name in case}
    ((_, findings),) = check_text(text_of(case), name="m", limits=limits, **switches)
    return [finding for finding in findings if case.get("info") or finding.level != "INFO"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["is"])
def test_a_model_has_the_findings_of_its_case(case):
    """Every finding with its level, AWS's kind, its path and what is wrong, and no other."""
    found = [f"{one.level} {one.kind} {one.path or 'model'} {one.message}" for one in findings_of(case)]

    assert len(found) == len(case["found"]), found
    for text, wanted in zip(found, case["found"], strict=True):
        level, kind, path, fragment = wanted.split(" ", 3)
        assert text.startswith(f"{level} {kind} {path} ")
        assert fragment in text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["is"])
def test_errors_and_nothing_else_keep_a_model_from_loading(case):
    """A model loads unless it has an ERROR; then all of them are named at once, each with its place."""
    limits = Limits(**case.get("limits", {}))
    errors = [f"m: {one}" for one in findings_of({**case, "inputs": None}) if one.level == "ERROR"]

    if errors:
        with pytest.raises(BadDefinition) as caught:
            load_text(text_of(case), name="m", limits=limits)
        assert list(caught.value.faults) == errors
    else:
        assert [one.name for one in load_text(text_of(case), name="m", limits=limits)] == ["m"]
