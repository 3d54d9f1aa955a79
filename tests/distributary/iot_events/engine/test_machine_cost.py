import json
import sys

import pytest

from distributary.iot_events.analysis.load import load_text
from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.engine.detector import Detector
from distributary.iot_events.engine.machine import InputMessage, step
from distributary.iot_events.values import read_object


def event(name: str, threshold: int, **more) -> dict:
    """An event that looks at the reading and does nothing."""
    return {"eventName": name, "condition": f"$input.reading.a < 9 && $input.reading.a > {threshold}", **more}


def state(name: str, events: int) -> dict:
    """A state with so many events and as many transitions; none of them is ever taken."""
    transitions = [event(f"t{number}", 100 + number, nextState=name) for number in range(events)]
    return {
        "stateName": name,
        "onInput": {
            "events": [event(f"e{number}", 200 + number) for number in range(events)],
            "transitionEvents": transitions,
        },
    }


def model(own: int, others: int) -> Model:
    """A model whose detectors stay in a state with so many events, beside 19 states of so many others."""
    states = [state("Here", own), *(state(f"S{number}", others) for number in range(19))]
    definition = {"initialStateName": "Here", "states": states}
    text = json.dumps({"detectorModelName": "m", "key": "d", "detectorModelDefinition": definition})
    (found,) = load_text(text, name="m")
    return Model(found)


def calls(model: Model) -> int:
    """How many Python functions one step runs, the model's expressions compiled before."""
    message = InputMessage("reading", "1", read_object('{"d": "k", "a": 3}'))
    detector, _ = step(model, Detector("k"), message, 0)
    count = 0

    def note(_frame, what, _argument) -> None:
        nonlocal count
        count += what == "call"

    former = sys.getprofile()
    sys.setprofile(note)
    try:
        step(model, detector, message, 1)
    finally:
        sys.setprofile(former)
    return count


@pytest.mark.parametrize("own", [1, 5])
def test_a_step_costs_what_the_events_of_its_state_cost(own) -> None:
    """The same number of functions run whatever else the model has."""
    assert calls(model(own, 0)) == calls(model(own, 20))


def test_a_step_costs_the_same_for_each_event_more() -> None:
    """Ten events cost ten times what one more costs: nothing looks at all of them for each."""
    one, two, ten = (calls(model(own, 0)) for own in (1, 2, 10))

    assert two > one
    assert ten - one == 9 * (two - one)
