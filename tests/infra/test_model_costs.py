import re
from dataclasses import replace
from pathlib import Path

import pytest

from distributary.iot_events.analysis.load import load_text
from distributary_cdk.detector_models import read_models
from distributary_cdk.model_costs import READ, STORED, WOKEN, price, told

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "examples/detectors"


def sample(name):
    """One of the sample models."""
    [definition] = load_text((SAMPLES / f"{name}.json").read_text("utf-8"), name=name)
    return definition


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("temperature_alarm", (0.31, 1.94), (0.96, 2.66)),
        ("device_heartbeat", (0.31, 1.94), (1.29, 3.60)),
    ],
)
def test_what_a_model_adds(name, least, most):
    """From a message that changes nothing to one that is stored and resets a timer."""
    assert [(round(one.ten, 2), round(one.one, 2)) for one in price(sample(name))] == [least, most]


def test_the_numbers_are_those_of_the_documents():
    """The heartbeat of docs/operating.md is read, stored and woken."""
    text = (ROOT / "docs/operating.md").read_text("utf-8")
    [row] = re.findall(r"\| \*\*sum\*\* \|(.*)\|", text)
    _, _, ten, one = (float(cell.strip(" *")) for cell in row.split("|"))
    heartbeat = READ + STORED + WOKEN

    assert (round(heartbeat.ten, 2), round(heartbeat.one, 2)) == (ten, one)


def test_what_the_synthesis_tells(configuration):
    """A line for each model, or that there are none."""
    models = read_models(replace(configuration, models=SAMPLES)).definitions

    assert list(told(())) == ["No detector models: events skip the sink iot_events, and pay nothing for it."]
    first, *lines = told(models)
    assert "$ per million messages" in first
    stored = "(as far as each message is stored)"
    heartbeat = f"0.31 to 1.29 {stored} where ten come in a request, 1.94 to 3.60 {stored} where one does"
    alarm = f"0.31 to 0.96 {stored} where ten come in a request, 1.94 to 2.66 {stored} where one does"
    assert lines == [
        f"device_heartbeat (reads telemetry): {heartbeat}",
        f"temperature_alarm (reads alarm_command, telemetry): {alarm}",
    ]
