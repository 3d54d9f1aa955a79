import pytest

from local.iam.denial import Denied

ROLE = "arn:aws:iam::123456789012:role/service/worker"
RULE = "arn:aws:iot:us-east-1:123456789012:rule/r"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def test_a_service_in_the_name_of_a_role_needs_its_permission(served) -> None:
    """What it was denied is kept, in AWS's words."""
    served.allow("sqs:SendMessage", resource="arn:aws:sqs:us-east-1:123456789012:a")
    served.access.check_role(ROLE, "scheduler", "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:a")

    with pytest.raises(Denied, match="assumed-role/worker/scheduler is not authorized to perform: sqs:SendMessage"):
        served.access.check_role(ROLE, "scheduler", "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:b")

    assert [line.rpartition(":b ")[0][-12:] for line in served.access.refused] == ["123456789012"]


def test_a_service_itself_needs_the_resources_permission(served) -> None:
    """On behalf of the resource for which it acts."""
    served.account.resources[FUNCTION] = [
        {
            "Effect": "Allow",
            "Action": "lambda:InvokeFunction",
            "Resource": FUNCTION,
            "Principal": {"Service": "iot.amazonaws.com"},
            "Condition": {"ArnLike": {"AWS:SourceArn": RULE}, "StringEquals": {"AWS:SourceAccount": "123456789012"}},
        }
    ]
    served.access.check_service("iot.amazonaws.com", "lambda:InvokeFunction", FUNCTION, RULE)

    for service, source in (("iot.amazonaws.com", f"{RULE}2"), ("sns.amazonaws.com", RULE)):
        with pytest.raises(Denied, match="because no resource-based policy allows"):
            served.access.check_service(service, "lambda:InvokeFunction", FUNCTION, source)


def test_a_role_must_trust_the_service(served) -> None:
    """For the account and the resource that its trust policy names."""
    served.account.trusting = [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "iot.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}, "ArnLike": {"aws:SourceArn": RULE}},
        }
    ]
    served.access.check_trust("iot.amazonaws.com", ROLE, RULE)

    for service, source in (("iot.amazonaws.com", f"{RULE}2"), ("scheduler.amazonaws.com", RULE)):
        with pytest.raises(Denied, match="is not authorized to perform: sts:AssumeRole"):
            served.access.check_trust(service, ROLE, source)


def test_anybody_needs_the_resources_permission_for_everybody(served) -> None:
    """Whose conditions are about the call."""
    about = {"lambda:functionurlauthtype": ("NONE",)}
    condition = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": FUNCTION, "Condition": condition}
    served.account.resources[FUNCTION] = [{**statement, "Principal": "*"}]
    served.access.check_anybody("lambda:InvokeFunctionUrl", FUNCTION, about)

    with pytest.raises(Denied, match="lambda:InvokeFunctionUrl"):
        served.access.check_anybody("lambda:InvokeFunctionUrl", FUNCTION, {"lambda:functionurlauthtype": ("AWS_IAM",)})
    served.account.resources[FUNCTION] = [{**statement, "Principal": {"Service": "apigateway.amazonaws.com"}}]
    with pytest.raises(Denied, match="because no resource-based policy allows"):
        served.access.check_anybody("lambda:InvokeFunctionUrl", FUNCTION, about)
