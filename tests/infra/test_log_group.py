from typing import get_args, get_type_hints

import pytest
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template

from distributary_cdk.configuration import FunctionsProps
from distributary_cdk.log_group import log_group


@pytest.mark.parametrize(
    ("retain", "policy", "replaced"), [(True, "RetainExceptOnCreate", "Retain"), (False, "Delete", "Delete")]
)
def test_log_group(stack, configured, retain, policy, replaced):
    """A log group forgets after the configured days, and stays or goes with the stack as the stage says."""
    log_group(stack, "Logs", configured(retain=retain, functions={"log_days": 7}), None)

    Template.from_stack(stack).has_resource(
        "AWS::Logs::LogGroup",
        {"Properties": {"RetentionInDays": 7}, "DeletionPolicy": policy, "UpdateReplacePolicy": replaced},
    )


def test_every_choice_of_days(stack, configured):
    """Each number of days that the configuration takes is one that CloudWatch takes, and means that many days."""
    choices = get_args(get_type_hints(FunctionsProps)["log_days"])

    for days in choices:
        log_group(stack, f"Logs{days}", configured(functions={"log_days": days}), None)

    groups = Template.from_stack(stack).find_resources("AWS::Logs::LogGroup")
    assert {name[4:-8]: group["Properties"]["RetentionInDays"] for name, group in groups.items()} == {
        str(days): days for days in choices
    }


def test_a_log_group_is_encrypted_with_the_stages_own_key(stack, configured):
    """Where it has one."""
    key = kms.Key(stack, "Key")
    log_group(stack, "Logs", configured(), key)

    Template.from_stack(stack).has_resource_properties("AWS::Logs::LogGroup", {"KmsKeyId": stack.resolve(key.key_arn)})
