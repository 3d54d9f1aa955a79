import json

import pytest

from local.deployment import NotCreated

QUEUE = {"Type": "AWS::SQS::Queue"}
ODD = {"Type": "AWS::Nobody::Knows"}
NAMES = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
BAD = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "no spaces allowed"}}


def verified(aws, stack, resources, outputs=None):
    """What the verification says of the stack."""
    template = {"Resources": resources, "Outputs": outputs or {}}
    return aws.inside(f"verification.verify({stack.name!r}, {json.dumps(template)})")


def test_a_stack_as_its_template_says_gives_its_outputs(aws, stack):
    """Nothing is missing."""
    stack.deploy({"Queue": QUEUE}, {"Url": {"Ref": "Queue"}})

    outputs = verified(aws, stack, {"Queue": QUEUE}, {"Url": {"Value": {"Ref": "Queue"}}})

    assert outputs["Url"].startswith(aws.endpoint)


def test_each_resource_that_failed_is_named_with_its_type_and_error(aws, stack):
    """An unknown type and a failing creator; not the others, which the rollback has deleted."""
    stack.deploy({"Good": QUEUE, "Odd": ODD, "Bad": BAD})

    with pytest.raises(NotCreated) as told:
        verified(aws, stack, {"Good": QUEUE, "Odd": ODD, "Bad": BAD})

    assert str(told.value).splitlines() == [
        f"{stack.name}: not created on this machine:",
        "  Odd (AWS::Nobody::Knows): there is no AWS::Nobody::Knows on this machine",
        f"  Bad (AWS::SQS::Queue): CreateQueue: InvalidParameterValue: {NAMES}",
    ]


def test_a_resource_that_the_deployment_left_out_is_named(aws, stack):
    """Though the stack is complete."""
    stack.deploy({"Good": QUEUE})

    with pytest.raises(NotCreated, match=r"  Forgotten \(AWS::SQS::Queue\): the deployment left it out"):
        verified(aws, stack, {"Good": QUEUE, "Forgotten": QUEUE})


def test_a_change_that_failed_is_named(aws, stack):
    """A resource that exists but is not as the template says."""
    stack.deploy({"Queue": QUEUE})
    changed = {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {"maxReceiveCount": 3}}}
    stack.deploy({"Queue": changed})

    with pytest.raises(NotCreated, match=r"Queue \(AWS::SQS::Queue\): SetQueueAttributes: InvalidParameterValue"):
        verified(aws, stack, {"Queue": changed})


def test_an_output_without_a_value_is_named(aws, stack):
    """The template promises it."""
    stack.deploy({"Queue": QUEUE})

    with pytest.raises(NotCreated, match="outputs without a value: Url"):
        verified(aws, stack, {"Queue": QUEUE}, {"Url": {"Value": "x"}})


def test_what_a_condition_leaves_out_is_not_missed(aws, stack):
    """Its condition is false."""
    conditions = {"Never": {"Fn::Equals": ["a", "b"]}}
    resources = {"Good": QUEUE, "Odd": ODD | {"Condition": "Never"}}
    stack.deploy(resources, Conditions=conditions)

    assert verified(aws, stack, resources) == {}
