"""A stage deploys the sinks that it names, and those that it keeps until they are empty."""

import json
from itertools import combinations

import pytest
from aws_cdk.assertions import Template

from distributary.errors import BadDefinition, SettingsError
from distributary.sinks.registry import SINK_NAMES
from distributary_cdk.configuration import Configuration
from distributary_cdk.configuration_file import read
from distributary_cdk.stack import DistributaryStack

CHOICES = [choice for number in (1, 2, 3) for choice in combinations(SINK_NAMES, number)]
OWN = {
    "firehose": ("Delivery", "SpillFirehose"),
    "kinesis": ("StreamsStream", "SpillKinesis"),
    "iot_events": ("IotEvents", "SpillIotEvents", "Detectors"),
}
"""How the logical ids of a sink's own resources begin."""


def stage_of(sinks: tuple[str, ...], **more) -> Configuration:
    """A stage with these sinks and a rule to all of them."""
    rules = ({"sinks": [*sinks], **({"input": "telemetry"} if "iot_events" in sinks else {})},)
    inputs = {"telemetry": {"attributes": ["deviceId", "temperature"], "key": "deviceId"}}
    return Configuration(stage="chosen", sinks=sinks, rules=rules, inputs=inputs, **more)


@pytest.fixture
def template(new_app):
    """Synthesises a stage."""

    def synthesised(configuration: Configuration):
        return Template.from_stack(DistributaryStack(new_app(), "chosen", configuration=configuration)).to_json()

    return synthesised


@pytest.mark.parametrize("sinks", CHOICES, ids="+".join)
def test_what_is_absent_is_not_deployed(template, sinks):
    """Of an absent sink there is no resource, output, alarm, graph or setting; of the others there is all."""
    made = template(stage_of(sinks))

    ids = made["Resources"]
    for name, starts in OWN.items():
        found = [one for one in ids if one.startswith((*starts, f"Streams{starts[0]}"))]
        assert bool(found) == (name in sinks), name
        assert (f"{name.title().replace('_', '')}SpillQueueUrl" in made["Outputs"]) == (name in sinks)
        assert any(name in str(one) for one in alarms(ids)) == (name in sinks)
    assert made["Outputs"]["Sinks"]["Value"] == ",".join(sinks)
    assert variables(ids, "Ingest")["DISTRIBUTARY_SINKS"] == ",".join(sinks)
    assert ("DetectorTableName" in made["Outputs"]) == ("iot_events" in sinks)
    assert "GET /detectors/{model}" in routes(ids) or "iot_events" not in sinks
    dashboard = json.dumps([one for one in ids.values() if one["Type"] == "AWS::CloudWatch::Dashboard"])
    assert {name for name in SINK_NAMES if f"delivered_{name}" in dashboard} == {*sinks}


def test_a_kept_sink_is_drained_and_gets_nothing_new(template):
    """Its stream, its queues and redrive stay; ingest and health do not know it any more."""
    ids = (made := template(stage_of(("firehose",), keep=("kinesis",))))["Resources"]

    assert any(one.startswith("StreamsStream") for one in ids)
    assert made["Outputs"]["KeptSinks"]["Value"] == "kinesis"
    assert {"KinesisSpillQueueUrl", "KinesisSetAsideQueueUrl"} <= made["Outputs"].keys()
    assert variables(ids, "Redrive")["DISTRIBUTARY_SINKS"] == "firehose,kinesis"
    assert variables(ids, "Ingest")["DISTRIBUTARY_SINKS"] == "firehose"
    assert variables(ids, "CheckHealth")["DISTRIBUTARY_SINKS"] == "firehose"
    policies = {name: json.dumps(one) for name, one in ids.items() if one["Type"] == "AWS::IAM::Policy"}
    able = {name for name, text in policies.items() if "kinesis:PutRecords" in text}
    assert [name.startswith("Redrive") for name in able] == [True]


FILE = '{lists}\n[[rules]]\nsinks = ["firehose"]\n[stages.dev]\n'


@pytest.mark.parametrize(
    ("lists", "fault"),
    [
        ("sinks = []", "sinks: must name one of firehose, kinesis, iot_events at least"),
        ('sinks = ["firehose", "sqs"]', "sinks = 'sqs': must be one of firehose, kinesis, iot_events"),
        ('sinks = ["firehose", "firehose"]', "sinks = 'firehose': stands in sinks already"),
        ('remove = ["firehose"]', "remove = 'firehose': stands in sinks already"),
        (
            'sinks = ["firehose"]\nremove = ["kinesis"]\nkeep = ["kinesis"]',
            "keep = 'kinesis': stands in remove already",
        ),
        (
            'sinks = ["kinesis"]',
            "rules[0].sinks: 'firehose' is none of kinesis, the sinks of this stage",
        ),
    ],
)
def test_faults(tmp_path, lists, fault):
    """Each fault of the three lists, and a rule to an absent sink, fails with its place."""
    file = tmp_path / "distributary.toml"
    file.write_text(FILE.format(lists=lists))

    with pytest.raises((SettingsError, BadDefinition)) as caught:
        read(file, "dev")

    assert fault in caught.value.faults


def test_topic_rules_need_the_sink(configurations, tmp_path):
    """A row of `[[iot_rules]]` in a stage without iot_events fails."""
    file = tmp_path / "distributary.toml"
    rule = '[[iot_rules]]\nname = "t"\nsql = "SELECT * FROM \'a\'"\ninput = "i"\n'
    file.write_text('sinks = ["firehose"]\n' + rule + FILE.format(lists=""))

    with pytest.raises(SettingsError, match="iot_rules: send to inputs, and iot_events is not among the sinks"):
        read(file, "dev")


def alarms(ids):
    """The alarms among the resources."""
    return [one for one in ids.values() if one["Type"] == "AWS::CloudWatch::Alarm"]


def routes(ids):
    """The route keys among the resources."""
    return {one["Properties"]["RouteKey"] for one in ids.values() if one["Type"] == "AWS::ApiGatewayV2::Route"}


def variables(ids, function):
    """The environment of a function."""
    [found] = [
        one["Properties"]["Environment"]["Variables"]
        for name, one in ids.items()
        if one["Type"] == "AWS::Lambda::Function" and one["Properties"].get("Environment") and name.startswith(function)
    ]
    return found
