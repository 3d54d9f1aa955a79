import json
import re
from pathlib import Path

import pytest

from distributary.iot_events.analysis.load import check_text, load_text
from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.engine.detector import Detector, write_detector
from distributary.iot_events.engine.machine import InputMessage, Timers, step
from distributary.iot_events.values import read_object

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "examples" / "detectors"
FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_model_is_sound(file):
    """Neither ERROR nor WARNING, named as its file, and its item stays under 1 KB."""
    ((definition, findings),) = check_text(file.read_text("utf-8"), name=file.stem)
    assert definition.name == file.stem
    assert [str(one) for one in findings if one.level != "INFO"] == []

    payload = {"deviceId": "a-device-of-some-name", "temperature": 31.25, "much": "more" * 1000}
    detector, _ = step(Model(definition), Detector("k"), InputMessage("telemetry", "1", payload), 1_700_000_000_000)
    assert len(write_detector(detector)) < 1024


class Bench:
    """A shipped model with one detector under test; `at` is in seconds."""

    def __init__(self, name):
        (definition,) = load_text((FOLDER / f"{name}.json").read_text("utf-8"), name=name)
        self.model, self.detector = Model(definition), Detector("d1")

    def step(self, at, trigger):
        """Takes a step; gives the names of the events that told somebody."""
        self.detector, effects = step(self.model, self.detector, trigger, (1_700_000_000 + at) * 1000)
        assert [one.text for one in effects if hasattr(one, "text")] == []
        assert {one.parameters["mqttTopic"] for one in effects} <= {
            "distributary/alarms/temperature/d1",
            "distributary/alarms/heartbeat/d1",
        }
        return [json.loads(one.body)["eventName"] for one in effects]

    def reading(self, at, **values):
        """Sends telemetry."""
        return self.step(at, InputMessage("telemetry", "1", read_object(json.dumps({"deviceId": "d1", **values}))))

    def command(self, at, word):
        """Sends a command."""
        return self.step(at, InputMessage("alarm_command", "1", {"deviceId": "d1", "command": word}))

    def wait(self, at):
        """Lets time pass."""
        return self.step(at, Timers())

    @property
    def state(self):
        """The detector's state."""
        return self.detector.state


def test_the_alarm_is_raised_above_one_threshold_and_cleared_below_another():
    """Between the two nothing changes: a reading that wavers around a threshold raises one alarm."""
    bench = Bench("temperature_alarm")

    told = [bench.reading(at, temperature=value) for at, value in enumerate([29, 30.5, 29, 31, 26, 24.9, 26, 30.0])]

    assert told == [[], ["raised"], [], [], [], ["clear"], [], []]
    assert bench.state == "Normal"


def test_an_acknowledged_alarm_is_quiet_until_it_is_over():
    """Acknowledging says that somebody knows; the end is still told."""
    bench = Bench("temperature_alarm")
    bench.reading(0, temperature=35)

    assert bench.command(1, "acknowledge") == []
    assert bench.state == "Acknowledged"
    assert bench.reading(2, temperature=36) == []
    assert bench.reading(3, temperature=20) == ["clear"]


def test_a_snoozed_alarm_comes_back_if_it_is_still_hot():
    """After an hour: raised again, or over without a word."""
    bench = Bench("temperature_alarm")
    bench.reading(0, temperature=35)
    assert bench.command(1, "snooze") == []
    assert bench.reading(2, temperature=36) == []
    assert bench.wait(3601) == ["raised"]

    bench.command(3602, "snooze")
    bench.reading(3603, temperature=20)
    assert bench.wait(3602 + 3600) == []
    assert bench.state == "Normal"


def test_a_snooze_can_be_ended():
    """The command `wake` raises the alarm at once, and the timer is gone."""
    bench = Bench("temperature_alarm")
    bench.reading(0, temperature=35)
    bench.command(1, "snooze")

    assert bench.command(2, "wake") == ["raised"]
    assert bench.wait(10_000) == []


def test_the_alarm_takes_no_notice_of_what_is_not_for_it():
    """Telemetry without a temperature, with null, and unknown commands change nothing."""
    bench = Bench("temperature_alarm")
    assert bench.reading(0) == []
    assert bench.reading(1, temperature=None) == []
    assert bench.command(2, "dance") == []
    bench.reading(3, temperature=35)
    assert bench.reading(4) == []
    assert bench.state == "Alarm"


def test_a_device_that_falls_silent_is_told_of_once_and_when_it_is_back():
    """Five minutes without telemetry, counted from the last."""
    bench = Bench("device_heartbeat")
    assert bench.reading(0) == []
    assert bench.reading(200) == []
    assert bench.wait(499) == []
    assert bench.wait(500) == ["silent"]
    assert bench.wait(5000) == []
    assert bench.reading(5001, temperature=20) == ["back"]
    assert bench.wait(5301) == ["silent"]


def test_the_alarm_model_that_the_docs_convert_runs():
    """The detector model of docs/how-to/migrate-from-iot-events.md: sound, and it acts at every change of state."""
    told = (ROOT / "docs" / "how-to" / "migrate-from-iot-events.md").read_text("utf-8")
    [text] = [
        block for block in re.findall(r"```json\n(.*?)```", told, re.DOTALL) if "detectorModelDefinition" in block
    ]
    ((definition, findings),) = check_text(text, name="docs")
    assert [one for one in findings if one.level != "INFO"] == []

    model, detector, told = Model(definition), Detector("d1"), []
    for number, payload in enumerate([{"temperature": 31}, {}, {"temperature": 32}, {"temperature": 30}]):
        message = InputMessage("telemetry", str(number), {"deviceId": "d1", **payload})
        detector, effects = step(model, detector, message, 1_700_000_000_000 + number)
        told.append((detector.state, [effect.kind for effect in effects]))

    assert told == [("ACTIVE", ["sns"]), ("ACTIVE", []), ("ACTIVE", []), ("NORMAL", ["sns"])]
