import json
import runpy
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from any_settings import any_settings

from distributary.errors import BadDefinition
from distributary.iot_events.limits import AWS_LIMITS
from distributary.iot_events.runtime.bundled_models import Models
from distributary_cdk.detector_models import bundled_by, models_of, read_models
from distributary_cdk.function import environment_of
from distributary_cdk.iot_rule import IotRule

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def configuration(configuration):
    """The shipped configuration of stage dev, with the samples."""
    return replace(configuration, models=ROOT / "examples/detectors")


@pytest.fixture
def root(tmp_path):
    """A project with the samples as its models."""
    shutil.copytree(ROOT / "examples/detectors", tmp_path / "detectors")
    (tmp_path / "inputs").mkdir()
    return tmp_path


def beside(root, configuration):
    """The configuration with the folders of this project."""
    return replace(configuration, models=root / "detectors", input_files=root / "inputs")


def test_the_samples_are_read(configuration):
    """With what they read, their keys, and nothing to warn of."""
    models = read_models(configuration)

    assert {row["model"]: (row["key"], row["inputs"]) for row in models.readers} == {
        "device_heartbeat": ("deviceId", ["telemetry"]),
        "temperature_alarm": ("deviceId", ["alarm_command", "telemetry"]),
    }
    assert models.warnings == ()


def test_every_error_of_every_file_is_named(configuration, root):
    """The file, the model, the path; also a name that stands twice."""
    broken = json.loads((root / "detectors/device_heartbeat.json").read_text())
    broken["detectorModelDefinition"]["initialStateName"] = "Nowhere"
    broken["detectorModelName"] = "broken"
    (root / "detectors/broken.json").write_text(json.dumps(broken))
    (root / "detectors/noise.json").write_text("{")
    shutil.copy(root / "detectors/device_heartbeat.json", root / "detectors/twice.json")

    with pytest.raises(BadDefinition) as error:
        read_models(beside(root, configuration))

    places = [fault.split(":")[0] for fault in error.value.faults]
    assert places == ["detectors/broken.json", "detectors/noise.json", "detectors/twice.json"]


@pytest.mark.parametrize("folder", ["detectors", "inputs"])
def test_a_file_that_cannot_be_read_is_named(configuration, root, folder):
    """What is no text, and what is no file."""
    (root / folder / "a.json").write_bytes(b"\xff\xfe")
    (root / folder / "b.json").mkdir()

    with pytest.raises(BadDefinition) as error:
        read_models(beside(root, configuration))

    assert [fault.split(":")[0] for fault in error.value.faults] == [f"{folder}/a.json", f"{folder}/b.json"]


def test_a_stage_may_have_several_folders(configuration, root):
    """The models of all; one that stands in two of them is a fault."""
    theirs = root / "theirs"
    theirs.mkdir()
    (root / "detectors/device_heartbeat.json").rename(theirs / "device_heartbeat.json")
    both = replace(configuration, models=(root / "detectors", theirs))
    files = read_models(both).files
    shutil.copy(root / "detectors/temperature_alarm.json", theirs)

    assert files == {
        "device_heartbeat": "theirs/device_heartbeat.json",
        "temperature_alarm": "detectors/temperature_alarm.json",
    }
    with pytest.raises(
        BadDefinition, match=r"theirs/temperature_alarm\.json: there is another model temperature_alarm"
    ):
        read_models(both)


def test_a_model_that_is_removed_is_not_in_a_file(configuration):
    """What the deployment would start and stop at once."""
    detectors = replace(configuration.detectors, remove=("gone", "device_heartbeat"))

    with pytest.raises(BadDefinition) as error:
        read_models(replace(configuration, detectors=detectors))

    [fault] = error.value.faults
    assert fault.startswith("detectors.remove = 'device_heartbeat': ")
    assert fault.endswith("detectors/device_heartbeat.json has this model")


def test_a_rule_whose_events_nobody_would_take_is_told(configuration):
    """Its only sink is `iot_events`, and no model reads its input: each event would be answered 400."""
    rules = (
        {"when": "type == 'alone'", "sinks": ["iot_events"], "input": "telemetry"},
        {"sinks": ["kinesis", "iot_events"], "input": "telemetry"},
    )
    stage = replace(configuration, rules=rules)

    assert read_models(stage).warnings == ()
    [told] = read_models(replace(stage, models=())).warnings
    assert told.startswith(
        "rules[0]: its events are rejected (NothingToDo): no detector model reads the input telemetry"
    )


def test_models_are_known_by_their_files(configuration, monkeypatch):
    """As whoever runs the command sees them, for what is found out about them later."""
    monkeypatch.chdir(ROOT)
    assert read_models(configuration).files == {
        "device_heartbeat": "examples/detectors/device_heartbeat.json",
        "temperature_alarm": "examples/detectors/temperature_alarm.json",
    }


def test_a_model_without_a_key_has_the_one_of_its_inputs(configuration, root):
    """Where they agree on one; else there is one detector for all devices, and a warning."""
    keyless = json.loads((root / "detectors/device_heartbeat.json").read_text())
    del keyless["key"]
    (root / "detectors/device_heartbeat.json").write_text(json.dumps(keyless))

    [given] = [row for row in read_models(beside(root, configuration)).readers if row["model"] == "device_heartbeat"]

    assert given["key"] == "deviceId"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"model": "gone"}, "there is no model 'gone'"),
        ({"key": "d1"}, "there is no model None; there are device_heartbeat, temperature_alarm"),
        ({"model": "device_heartbeat", "keys": "d1"}, "must be"),
        ({"model": "device_heartbeat", "key": 7}, "must be"),
    ],
)
def test_a_detector_to_debug_is_one_that_can_be(configuration, row, told):
    """A misspelt one would be logged never, and nobody told."""
    named = replace(
        configuration, detectors=replace(configuration.detectors, debug=({"model": "device_heartbeat"}, row))
    )

    with pytest.raises(BadDefinition) as error:
        read_models(named)

    [fault] = error.value.faults
    assert fault.startswith(f"detectors.debug[1]: {told}")


def test_inputs_of_files_are_known_too(configuration, root):
    """A message to one is accepted, though no model reads it."""
    definition = {"inputName": "pressure", "inputDefinition": {"attributes": [{"jsonPath": "p"}]}}
    (root / "inputs/pressure.json").write_text(json.dumps(definition))

    assert set(read_models(beside(root, configuration)).inputs) == {"telemetry", "pressure"}


def test_a_file_names_what_has_no_name(configuration, root):
    """By its own name, up to the first dot."""
    nameless = json.loads((root / "detectors/device_heartbeat.json").read_text())
    del nameless["detectorModelName"]
    (root / "detectors/plain.v2.json").write_text(json.dumps(nameless))
    definition = {"inputDefinition": {"attributes": [{"jsonPath": "p"}]}}
    (root / "inputs/pressure.v2.json").write_text(json.dumps(definition))
    models = read_models(beside(root, configuration))

    assert models.files["plain"] == "detectors/plain.v2.json"
    assert "pressure" in models.inputs


def test_every_fault_of_an_input_is_named(configuration, root):
    """A line for each, under the file's name."""
    (root / "inputs/a.json").write_text('{"inputName": "a b", "inputDefinition": {"attributes": [{"jsonPath": 1}]}}')

    with pytest.raises(BadDefinition) as error:
        read_models(beside(root, configuration))

    name, attributes = error.value.faults
    assert name.startswith("inputs/a.json: inputName: 'a b' does not match")
    assert attributes.startswith("inputs/a.json: inputDefinition.attributes: ")


def test_who_carries_what(configuration, configured):
    """Definitions go to who runs them, routes to who takes messages; nothing where another service runs them."""
    assert {"models", "inputs", "debug", "switches"} == set(bundled_by("run_detectors", configuration))
    assert {"models"} == set(bundled_by("serve_detectors", configuration))
    assert {"readers", "inputs"} == set(bundled_by("ingest", configuration))
    sql = "SELECT * FROM 'a'"
    rules = [
        IotRule(name="One", sql=sql, input="telemetry", batch=True),
        IotRule(name="Two", sql=sql, input="alarm_command"),
    ]
    taken = bundled_by("take_messages", configured(iot_rules=rules))
    assert {"readers", "inputs", "iot_rules"} == set(taken)
    assert taken["iot_rules"] == {
        "One": {"input": "telemetry", "batch": True},
        "Two": {"input": "alarm_command", "batch": False},
    }
    assert models_of(configured(iot_events={"provider": "endpoint", "endpoint": "https://iot.example"})).readers == []


def test_what_a_stage_says_of_its_detectors_reaches_who_runs_them(configuration, tmp_path, monkeypatch):
    """The pairs to debug, and the inputs whose late messages are dropped."""
    detectors = replace(
        configuration.detectors, debug=({"model": "device_heartbeat"}, {"model": "temperature_alarm", "key": "d1"})
    )
    inputs = {**configuration.inputs, "telemetry": {"attributes": ["deviceId"], "late": "drop"}}
    stage = replace(configuration, detectors=detectors, inputs=inputs)
    (tmp_path / "configuration.json").write_text(json.dumps(bundled_by("run_detectors", stage)))
    shutil.copy(ROOT / "lambdas/run_detectors/handler.py", tmp_path)
    names = ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    for name, value in {
        **dict.fromkeys(names, "any-1"),
        **environment_of("run_detectors", any_settings()),
    }.items():
        monkeypatch.setenv(name, value)

    runner = runpy.run_path(str(tmp_path / "handler.py"))["handle"]._runner

    assert runner.debugged == {("device_heartbeat", None), ("temperature_alarm", "d1")}
    assert runner.dropping == {"telemetry"}


def test_an_undeclared_attribute_that_a_model_reads_is_told_where_none_may_be_read(configuration, root):
    """With `declared_only`: the model's condition would never be true."""
    only = replace(
        configuration,
        detectors=replace(configuration.detectors, declared_only=True),
        inputs={"telemetry": {"attributes": ["deviceId"]}, "alarm_command": {"attributes": ["command"]}},
    )

    assert read_models(beside(root, replace(only, detectors=configuration.detectors))).warnings == ()
    told = read_models(beside(root, only)).warnings

    assert told
    assert all("temperature" in one for one in told)
    with pytest.raises(BadDefinition, match="alarm_command"):
        read_models(beside(root, replace(only, inputs={"telemetry": {"attributes": ["temperature"]}})))


def test_functions_read_the_definitions_that_the_template_names(configuration, root):
    """Else no function would ever find its own definition active: also with a key that the configuration gives."""
    named = replace(
        configuration, inputs={**configuration.inputs, "telemetry": {"attributes": ["deviceId"], "key": "deviceId"}}
    )
    keyless = json.loads((root / "detectors/device_heartbeat.json").read_text())
    del keyless["key"]
    (root / "detectors/device_heartbeat.json").write_text(json.dumps(keyless))

    models = read_models(beside(root, named))

    told = {definition.name: definition.sha256() for definition in models.definitions}
    bundled = Models(models.bundled, AWS_LIMITS)
    assert told == {name: bundled.sha256(name) for name in bundled.names()}
    assert bundled.definition("device_heartbeat").key == "deviceId"
