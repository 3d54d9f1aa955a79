from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from infra.permission import allow


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
