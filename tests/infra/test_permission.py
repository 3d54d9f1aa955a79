from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from distributary_cdk.encryption import own_key
from distributary_cdk.permission import allow, statements


def test_allow(stack):
    """A grantee's role may do these actions on this resource, and nothing else."""
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))

    allow(role, "arn:aws:sqs:eu-west-1:123456789012:one", "sqs:SendMessage", "sqs:GetQueueUrl")

    [policy] = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["sqs:GetQueueUrl", "sqs:SendMessage"],
            "Resource": "arn:aws:sqs:eu-west-1:123456789012:one",
        }
    ]


def test_allow_under_conditions(stack):
    """The conditions are the statement's."""
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    conditions = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}

    allow(role, "arn:aws:sqs:eu-west-1:123456789012:one", "sqs:SendMessage", conditions=conditions)

    [policy] = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Condition"] == conditions


def test_who_may_do_it_may_use_the_key_of_what_it_is_done_to(stack, configured):
    """In the statement after it; the conditions of the first are none of the key's."""
    key = own_key(stack, configured(encryption="own-key"))
    conditions = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}

    own, use = statements("arn:aws:any", "sqs:SendMessage", "sqs:ReceiveMessage", key=key, conditions=conditions)

    assert (own.actions, own.resources, own.conditions) == (
        ["sqs:SendMessage", "sqs:ReceiveMessage"],
        ["arn:aws:any"],
        conditions,
    )
    assert (use.actions, use.resources) == (["kms:GenerateDataKey", "kms:Decrypt"], [key.key_arn])
    assert list(use.conditions["StringEquals"]) == ["kms:ViaService"]
