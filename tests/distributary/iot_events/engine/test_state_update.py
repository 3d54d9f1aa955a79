import pytest
from detector_cases import START, model_of

from distributary.iot_events.engine.detector import Detector
from distributary.iot_events.engine.machine import Message, Timers, step
from distributary.iot_events.engine.state_update import BadState, overwrite

MODEL = model_of(
    {
        "model": {
            "states": {
                "A": {
                    "enter": [[None, ["timer", "t", "60"]]],
                    "input": [["currentInput('in') || timeout('t')", ["send", "x"]]],
                }
            }
        },
        "limits": {"variables": 1, "timers": 1},
    }
)


def test_an_id_is_not_used_twice():
    """Overwriting counts as a cycle: what is sent after it has other ids than what was sent before."""
    now = START * 1000
    detector, before = step(MODEL, Detector("k"), Message("in", "1", {}), now)
    detector = overwrite(MODEL, detector, {"stateName": "A", "variables": [], "timers": []}, now)
    _, after = step(MODEL, detector, Message("in", "2", {}), now)

    assert before[0].id != after[0].id


def test_a_timer_that_is_not_listed_never_fires():
    """A cleared timer is gone for good."""
    now = START * 1000
    detector, _ = step(MODEL, Detector("k"), Message("in", "1", {}), now)
    detector = overwrite(MODEL, detector, {"stateName": "A"}, now)

    assert step(MODEL, detector, Timers(), now + 100_000) == (detector, [])


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"stateName": "Z"}, "no state Z"),
        ({"stateName": "A", "variables": [{"name": "x", "value": "normal"}]}, "variable x: no JSON"),
        (
            {"stateName": "A", "variables": [{"name": n, "value": "1"} for n in "ab"]},
            "variables in the detector exceeds the limit 1",
        ),
        ({"stateName": "A", "timers": [{"name": "t", "seconds": 0}]}, "timer t: a duration of less than 1 seconds"),
        (
            {"stateName": "A", "timers": [{"name": n, "seconds": 60} for n in "ab"]},
            "timers in the detector exceeds the limit 1",
        ),
    ],
)
def test_a_state_that_cannot_be_is_refused(wanted, reason):
    """An unknown state, a value that is no literal, a duration outside the limits, too many of anything."""
    with pytest.raises(BadState, match=reason):
        overwrite(MODEL, Detector("k", "A"), wanted, START * 1000)
