from dataclasses import replace
from pathlib import Path

import pytest

from commands.cost.detectors import HEARTBEAT, Model, running
from commands.cost.prices import read_prices
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
        ("temperature_alarm", (0.29, 1.71), (0.93, 2.41)),
        ("device_heartbeat", (0.29, 1.71), (1.13, 3.30)),
    ],
)
def test_what_a_model_adds(name, least, most):
    """From a message that changes nothing to one that is stored and resets a timer."""
    assert [(round(one.ten, 2), round(one.one, 2)) for one in price(sample(name))] == [least, most]


@pytest.mark.parametrize(("together", "kind"), [(10, "ten"), (1, "one")])
def test_the_numbers_are_those_of_make_cost(together, kind):
    """A message is read, a heartbeat's also stored, and its detector woken."""
    prices = read_prices()

    def dollars(model):
        return sum(part.dollars for part in running(model, together, prices))

    reader = Model("reader", writes=0.0)
    heartbeat = READ + STORED + WOKEN

    assert getattr(READ, kind) == pytest.approx(dollars(reader), abs=0.001)
    assert getattr(heartbeat, kind) == pytest.approx(dollars(HEARTBEAT), abs=0.001)


def test_what_the_synthesis_tells(configuration):
    """A line for each model, or that there are none."""
    models = read_models(replace(configuration, models=SAMPLES)).definitions

    assert list(told(())) == ["No detector models: events skip the sink iot_events, and pay nothing for it."]
    first, *lines = told(models)
    assert "$ per million messages" in first
    stored = "(as far as each message is stored)"
    heartbeat = f"0.29 to 1.13 {stored} where ten come in a request, 1.71 to 3.30 {stored} where one does"
    alarm = f"0.29 to 0.93 {stored} where ten come in a request, 1.71 to 2.41 {stored} where one does"
    assert lines == [
        f"device_heartbeat (reads telemetry): {heartbeat}",
        f"temperature_alarm (reads alarm_command, telemetry): {alarm}",
    ]
