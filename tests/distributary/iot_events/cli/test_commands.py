import json
import subprocess
import sys
from pathlib import Path

import pytest
from detector_cases import definition_of

from distributary.iot_events.cli.commands import main

ROOT = Path(__file__).parents[4]
GOOD = definition_of({"key": "id", "states": {"A": {"input": [["$input.in.v > 1", ["send", "t"]]]}}})
TIMED = definition_of(
    {"key": "id", "states": {"A": {"input": [["currentInput('in')", {"setTimer": {"timerName": "t", "seconds": 5}}]]}}}
)


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Runs a command in a folder with the given files: its status and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(command, **files):
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (tmp_path / f"{name}.json").write_text(text, "utf-8")
        printed = []
        status = main(command.split(), printed.append)
        return status, "".join(printed)

    return run


def test_a_sound_file_passes(call):
    """Status 0, and a count."""
    assert call("check a.json", a=GOOD) == (0, "1 file(s): 0 error(s), 0 warning(s)\n")


def test_each_finding_is_a_line_with_its_file(call):
    """Level, kind, path and text; status 1 with an error in any file."""
    status, text = call("check a.json b.json", a={**GOOD, "key": None}, b=TIMED)

    assert status == 1
    assert text == (
        "a.json: m: WARNING structure key: Without a key, one detector stands for all devices together.\n"
        "b.json: m: ERROR service-limits states[0].onInput.events[0].actions[0].setTimer.seconds: "
        "The duration for timer t should be at least 60 seconds long.\n"
        "2 file(s): 1 error(s), 1 warning(s)\n"
    )


def test_what_cannot_be_read_is_an_error_of_its_file(call):
    """Other files are checked all the same."""
    status, text = call("check a.json b.json", a="{", b=GOOD)

    assert status == 1
    assert text.startswith("a.json: ERROR no JSON")
    assert "2 file(s): 1 error(s)" in text


def test_the_stage_may_differ(call):
    """The minimum of timers and a key may be given."""
    keyless = {**TIMED, "key": None}

    assert call("check a.json --min-timer-seconds 1 --key id", a=keyless) == (
        0,
        "1 file(s): 0 error(s), 0 warning(s)\n",
    )


def test_inputs_that_exist_may_be_given(call):
    """Then a model that reads another is wrong."""
    known = {"inputName": "out", "inputDefinition": {"attributes": [{"jsonPath": "v"}]}}

    status, text = call("check a.json --inputs known.json", a=GOOD, known=known)

    assert status == 1
    assert "reference to Input 'in' that does not exist" in text


@pytest.mark.parametrize(
    "values",
    [{"Name": "p"}, {"Parameters": {"Name": "p"}}, [{"ParameterKey": "Name", "ParameterValue": "p"}]],
)
def test_parameters_are_read_in_every_form(call, values):
    """A mapping, the same under Parameters, or the AWS CLI's list."""
    resource = {
        "Type": "AWS::IoTEvents::DetectorModel",
        "Properties": {**GOOD, "detectorModelName": {"Ref": "Name"}, "key": None},
    }
    template = {"Parameters": {"Name": {"Type": "String"}}, "Resources": {"M": resource}}

    status, text = call("check a.json --parameters values.json", a=template, values=values)

    assert status == 0
    assert text.startswith("a.json: p: WARNING")


@pytest.mark.parametrize("values", [5, [5], [{"Name": "p"}], "{"])
def test_parameters_in_no_form_are_refused(call, values):
    """With the name of the file."""
    assert call("check a.json --parameters values.json", a=GOOD, values=values) == (
        1,
        "values.json: no parameters in any form\n",
    )


def test_a_log_is_replayed(call):
    """Each cycle is printed."""
    log = [{"inputName": "in", "messageId": "x", "payload": {"id": "k", "v": 2}}]

    status, text = call("replay a.json log.json", a=GOOD, log=log)

    assert status == 0
    assert text.splitlines()[0] == '2026-01-01 00:00:00.000 m/k: (new) -> A, by message x {"id":"k","v":2}'
    assert "iotTopicPublish mqttTopic=t" in text


def test_one_of_several_models_is_chosen(call):
    """By its name; without, all are named."""
    unnamed = {name: one for name, one in GOOD.items() if name != "detectorModelName"}
    resource = {"Type": "AWS::IoTEvents::DetectorModel", "Properties": unnamed}
    both = {"Resources": {"Pump": resource, "Fan": resource}}
    log = [{"inputName": "in", "payload": {"id": "k"}}]

    assert call("replay a.json log.json", a=both, log=log) == (1, "choose one with --name: Pump, Fan\n")
    status, text = call("replay a.json log.json --name Fan", a=both, log=log)
    assert status == 0
    assert "Fan/k" in text


@pytest.mark.parametrize("command", ["replay a.json log.json", "replay nowhere.json log.json"])
def test_a_file_that_is_not_there_or_not_text_is_told(call, command, tmp_path):
    """Status 1 and a line, no traceback."""
    (tmp_path / "log.json").write_bytes(b"\xff")
    status, text = call(command, a=GOOD)

    assert status == 1
    assert text.count("\n") == 1


def test_the_module_is_a_command():
    """`python -m distributary.iot_events.cli check` on the shipped models."""
    command = [
        sys.executable,
        "-m",
        "distributary.iot_events.cli",
        "check",
        *map(str, (ROOT / "examples/detectors").glob("*.json")),
    ]

    done = subprocess.run(command, cwd=ROOT / "lambdas", capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 error(s), 0 warning(s)" in done.stdout
