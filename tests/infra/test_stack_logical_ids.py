"""An upgrade replaces nothing that holds state: logical ids, types and create-only properties stay as recorded.

An entry of logical_ids.json is changed by hand, with the reason in the commit: users lose what the resource holds.
"""

import json
from pathlib import Path

import pytest

from local.aws.replacement import create_only

KEPT = {
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
}
RECORDED = json.loads(Path(__file__).with_name("logical_ids.json").read_text("utf-8"))


def kept(template):
    """What the template's resources with state are, by logical id: the type, and what only their creation sets."""
    return {
        name: {
            "type": resource["Type"],
            "create_only": {
                key: value
                for key, value in resource.get("Properties", {}).items()
                if key in create_only(resource["Type"])
            },
        }
        for name, resource in template["Resources"].items()
        if resource["Type"] in KEPT
    }


@pytest.mark.parametrize("stage", RECORDED)
def test_no_resource_with_state_is_replaced(synthesised, stage):
    """Each recorded resource is still there, under its logical id, with its type and its create-only properties."""
    now = kept(synthesised(stage))

    assert {name: now.get(name) for name in RECORDED[stage]} == RECORDED[stage]


@pytest.mark.parametrize("stage", RECORDED)
def test_every_resource_with_state_is_recorded(synthesised, stage):
    """A new one is recorded when it is added, so that it stays from then on."""
    assert kept(synthesised(stage)).keys() == RECORDED[stage].keys()
