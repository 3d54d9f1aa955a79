from detector_cases import START, model_of

from distributary.iot_events.engine.detector import Detector
from distributary.iot_events.engine.machine import InputMessage, Timers, step
from distributary.iot_events.engine.state_update import NewState, updated

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
    """An update counts as a cycle: what is sent after it has other ids than what was sent before."""
    now = START * 1000
    detector, before = step(MODEL, Detector("k"), InputMessage("in", "1", {}), now)
    detector = updated(detector, NewState("A", {}, {}), now)
    _, after = step(MODEL, detector, InputMessage("in", "2", {}), now)

    assert before[0].id != after[0].id


def test_a_timer_that_is_not_listed_never_fires():
    """A cleared timer is gone for good."""
    now = START * 1000
    detector, _ = step(MODEL, Detector("k"), InputMessage("in", "1", {}), now)
    detector = updated(detector, NewState("A", {}, {}), now)

    assert step(MODEL, detector, Timers(), now + 100_000) == (detector, [])
