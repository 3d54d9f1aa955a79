import json

import pytest
from detector_cases import definition_of

from distributary.iot_events.engine.detector import Detector
from distributary.iot_events.engine.machine import InputMessage, step
from distributary.iot_events.limits import AWS_LIMITS
from distributary.iot_events.model.document_forms import read_documents
from distributary.iot_events.runtime.bundled_models import Models, bundle_model
from distributary.iot_events.runtime.detector_item import Version

SUM = {"states": {"S": {"input": [["currentInput('in')", ["set", "n", "$input.in.a + $input.in.b"]]]}}}


@pytest.mark.parametrize(
    ("switches", "variables"),
    [
        ({}, {"n": 7}),
        ({"merge": True}, {"n": 12}),
        ({"declared": {"in": ["a", "b"]}}, {"n": 7}),
        ({"declared": {"in": ["a"]}}, {}),
        ({"declared": {}, "merge": True}, {}),
    ],
    ids=["none", "merge", "declared", "one undeclared", "none declared"],
)
def test_the_switches_of_a_stage_reach_every_model(switches, variables):
    """A payload laid over the last one, or attributes that no input declares hidden."""
    [document] = read_documents(json.dumps(definition_of(SUM)), name="m")
    models = Models([bundle_model(document, None)], AWS_LIMITS, **switches)
    model = models.ready("m", Version("1", models.sha256("m")))
    detector = Detector(None)

    for number, payload in enumerate([{"a": 3, "b": 4}, {"a": 8}]):
        detector, _ = step(model, detector, InputMessage("in", str(number), payload), 1_700_000_000_000 + number)

    assert detector.variables == variables
