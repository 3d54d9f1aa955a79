import json
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

from distributary.errors import BadDefinition, SettingsError
from distributary.sinks.registry import SINK_NAMES
from distributary_cdk.configuration import Configuration
from distributary_cdk.configuration_file import read, said
from distributary_cdk.prop_faults import known

ROOT = Path(__file__).parent.parent.parent
CASES = json.loads((ROOT / "tests/cases/configuration.json").read_text())

# What a case's lines stand before: usable rules, nothing but a stage, or nothing at all.
RULES = """
[[rules]]
sinks = ["firehose", "kinesis", "iot_events"]
input = "telemetry"
[inputs.telemetry]
attributes = ["deviceId"]
key        = "deviceId"
[stages.plain]
"""
BASES = {True: RULES, False: "\n[stages.plain]\n", None: ""}

NAMES = {
    name: name
    for name in (
        *("message_queue_arn", "dead_message_queue_url", "detector_table_name", "action_queue_url", "wake_queue_url"),
        *("schedule_group_name", "schedule_role_arn", "wake_dead_letter_arn"),
    )
}


@pytest.fixture
def file(tmp_path):
    """Where a test writes its configuration."""
    return tmp_path / "distributary.toml"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_faults(case, file):
    """Each fault is listed under its place, and no other is."""
    file.write_text("\n".join(case["toml"]) + BASES[case.get("base", True)])

    found = faults_of(file)

    assert len(found) == len(case["faults"]), found
    for expected in case["faults"]:
        assert any(fault.startswith(expected) for fault in found), (expected, found)


def faults_of(file):
    """What reading the file complains about."""
    try:
        read(file, "plain")
    except SettingsError as error:
        return error.faults
    return ()


def test_shipped_stages():
    """The shipped presets: dev and local can be removed and cost little, prod keeps everything and grows by itself."""
    dev, prod, local = (read(ROOT / "distributary.toml", stage) for stage in ("dev", "prod", "local"))

    assert (dev.retain, prod.retain, local.retain) == (False, True, False)
    assert [each.bucket.empty_on_destroy for each in (dev, prod, local)] == [True, False, True]
    assert [each.kinesis.mode for each in (dev, prod, local)] == ["provisioned", "on-demand", "provisioned"]
    assert [each.kinesis.retention_hours for each in (dev, prod, local)] == [24, 168, 24]
    assert local.firehose.buffer_seconds == 1
    assert [each.http.cors_origins for each in (dev, prod, local)] == [(), (), ("*",)]


def test_shipped_rules_reach_every_sink():
    """The shipped configuration sends every event to all three sinks."""
    [rule] = read(ROOT / "distributary.toml", "dev").rules

    assert rule["sinks"] == ["firehose", "kinesis", "iot_events"]
    assert "when" not in rule


def test_shipped_values_are_the_defaults(file):
    """What the file's comments call defaults are the values that hold when a line is left out."""
    file.write_text(RULES)
    shipped = read(ROOT / "distributary.toml", "prod")
    plain = read(file, "plain")

    given = {"rules", "tests", "inputs", "kinesis", "functions", "log_sample"}  # the last three, prod overrides
    for name in {*known(Configuration)} - given - {"stage"}:
        assert getattr(shipped, name) == getattr(plain, name), name


def test_shipped_file_names_every_key():
    """The shipped file documents itself: every key that can be set is written down in it."""
    text = (ROOT / "distributary.toml").read_text()

    hints = get_type_hints(Configuration)
    for name in known(Configuration):
        for key in names_in(name, hints[name]):
            assert f"{key} " in text or f"{key}]" in text or f"{key}." in text or key == "stage", key


def hints(kind):
    """The type of each field."""
    return [(field.name, get_type_hints(kind)[field.name]) for field in fields(kind)]


def names_in(name, hint):
    """The names of a setting: those of its members, where it is a table."""
    if not is_dataclass(hint):
        return [name]
    hints = get_type_hints(hint)
    return [name, *(key for member in known(hint) for key in names_in(member, hints[member]))]


def test_unknown_stage():
    """A stage that the file does not have is a fault that names those it has."""
    with pytest.raises(SettingsError, match=r"stages: there is no 'staging'; there are dev, prod, local"):
        read(ROOT / "distributary.toml", "staging")


def test_missing_file(tmp_path):
    """A file that cannot be read is a fault, not a crash."""
    with pytest.raises(SettingsError, match=r"distributary\.toml: .*No such file"):
        read(tmp_path / "distributary.toml", "dev")


def test_preset_overrides(file):
    """A preset replaces the value it names and keeps the rest of its section; a list is replaced as a whole."""
    file.write_text(
        RULES + "[kinesis]\nshards = 3\nretention_hours = 48\n"
        "[stages.big.kinesis]\nshards = 9\n[[stages.big.rules]]\nsinks = ['kinesis']\n"
    )

    big, plain = read(file, "big"), read(file, "plain")

    assert (big.kinesis.shards, big.kinesis.retention_hours) == (9, 48)
    assert (plain.kinesis.shards, plain.kinesis.retention_hours) == (3, 48)
    assert big.rules == ({"sinks": ["kinesis"]},)
    assert big.stage == "big"


def test_every_setting_is_configurable(file):
    """Each field of Settings is a name that the stack knows or a value of the file: none is left at its default."""
    known = (
        "delivery_stream_name",
        "stream_name",
        "message_queue_url",
        "key_table_name",
        "key_secret_arn",
        "bucket_name",
    )
    queues = [f"{sink}_{kind}_url" for sink in SINK_NAMES for kind in ("spill", "set_aside")]
    names = {name: f"the {name}" for name in (*known, *queues)}
    file.write_text(
        'envelope = "none"\nsource = "s"\ntype = "t"\nmax_events = 7\nstream_alias = "a"\nretry_seconds = 1.5\n'
        'log_level = "DEBUG"\nlog_sample = 0.5\n[firehose]\njoin = false\naliases = ["f"]\n'
        'delimiter = "none"\n[kinesis]\nmax_record_kib = 2048\naliases = ["k"]\n'
        "[redrive]\npause_seconds = 600\ndays = 1.0\n"
        "[detectors]\nmin_timer_seconds = 7\n[http]\nsniff_json = false\n[iot_events]\n"
        'provider = "endpoint"\nendpoint = "https://iot.example"\nstrict = true\n'
        "[stages.open]\nauth = 'open'\n"  # which tokens contradict
        'envelope = "cloudevents"\n[stages.open.http]\nkeep_headers = ["user-agent"]\n'
        '[stages.tokens.http.jwt]\nissuer = "https://issuer.example"\naudience = ["a"]\nsinks_claim = "scope"\n' + RULES
    )
    settings = [read(file, stage).settings(**names) for stage in ("open", "tokens")]

    for parts in zip(*settings, strict=True):
        for field in fields(parts[0]):
            values = {getattr(part, field.name) for part in parts}
            assert values - {field.default}, f"{type(parts[0]).__name__}.{field.name}"
            kind = str if field.default is MISSING else type(field.default)
            assert {type(value) for value in values} == {kind}, field.name


def test_each_fault_names_its_own_file(tmp_path):
    """A wrong model is no fault of the configuration, and that is named once."""
    told = said(BadDefinition(["detectors/a.json: no JSON", "inputs/b.json: none", "detectors.debug[0]: must be"]))

    assert told.splitlines() == [
        "The stack cannot be synthesised:",
        "detectors/a.json: no JSON",
        "inputs/b.json: none",
        "distributary.toml: detectors.debug[0]: must be",
    ]
    with pytest.raises(SettingsError) as error:
        read(tmp_path / "distributary.toml", "dev")
    assert said(error.value).splitlines()[1].startswith("distributary.toml: [Errno 2]")


def test_the_folders_of_the_models(file):
    """As the file sees them, those of a stage in place of the others; only `detectors`, the default, may be missing."""
    file.write_text(RULES + '[stages.shop.detectors]\nfolders = ["detectors", "their/models"]\n')
    own, theirs = file.parent / "detectors", file.parent / "their/models"

    assert read(file, "plain").model_folders == ()
    with pytest.raises(SettingsError) as error:
        read(file, "shop")
    theirs.mkdir(parents=True)
    without = read(file, "shop").model_folders
    own.mkdir()

    told = f"distributary.toml: detectors.folders = 'their/models': for stage shop there is no folder {theirs}; "
    assert said(error.value, file).splitlines()[1:] == [told + "create it, or leave it out of the list"]
    assert without == (theirs,)
    assert read(file, "shop").model_folders == (own, theirs)
    assert read(file, "plain").model_folders == (own,)
