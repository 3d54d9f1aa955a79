import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Match, Template

from distributary_cdk.release import Release


@pytest.fixture
def released(stack, configured):
    """The template of a function that is released as configured."""

    def made(**releases):
        function = lambda_.Function(
            stack,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline("def handler(event, context): ..."),
        )
        Release(stack, "Release", function=function, configuration=configured(releases=releases))
        return Template.from_stack(stack)

    return made


def test_at_once(released):
    """The alias points to the newest version, and nothing moves it but the deployment."""
    template = released()

    [version] = template.find_resources("AWS::Lambda::Version")
    [alias] = template.find_resources("AWS::Lambda::Alias").values()
    assert alias["Properties"]["Name"] == "live"
    assert alias["Properties"]["FunctionVersion"] == {"Fn::GetAtt": [version, "Version"]}
    assert "UpdatePolicy" not in alias
    template.resource_count_is("AWS::CodeDeploy::DeploymentGroup", 0)


@pytest.mark.parametrize(
    ("shift", "steps"),
    [
        ("canary-10-percent-5-minutes", "LambdaCanary10Percent5Minutes"),
        ("canary-10-percent-15-minutes", "LambdaCanary10Percent15Minutes"),
        ("linear-10-percent-every-1-minute", "LambdaLinear10PercentEvery1Minute"),
    ],
)
def test_in_steps(released, shift, steps):
    """CodeDeploy moves the alias in the steps that the setting names, and back when the function's alarm rings."""
    template = released(shift=shift)

    [group] = template.find_resources("AWS::CodeDeploy::DeploymentGroup")
    [alarm] = template.find_resources("AWS::CloudWatch::Alarm")
    [alias] = template.find_resources("AWS::Lambda::Alias").values()
    assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"] == {"Ref": group}
    template.has_resource_properties(
        "AWS::CodeDeploy::DeploymentGroup",
        {
            "DeploymentConfigName": f"CodeDeployDefault.{steps}",
            "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": {"Ref": alarm}}]},
            "AutoRollbackConfiguration": {
                "Enabled": True,
                "Events": Match.array_with(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]),
            },
        },
    )


def test_the_brake_rings_at_the_first_error_of_a_minute(released):
    """One minute with one error takes the release back; a minute without calls says nothing."""
    [alarm] = released(shift="canary-10-percent-5-minutes").find_resources("AWS::CloudWatch::Alarm").values()
    [dimension] = alarm["Properties"].pop("Dimensions")

    assert alarm["Properties"] == {
        "AlarmDescription": "docs/how-to/runbook.md#function-errors",
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    assert dimension["Name"] == "FunctionName"


def test_codedeploy_may_move_this_functions_alias_alone(released):
    """And look at alarms, which IAM grants for all or none."""
    template = released(shift="canary-10-percent-5-minutes")
    [function] = template.find_resources("AWS::Lambda::Function")
    [role] = [
        each["Properties"]
        for each in template.find_resources("AWS::IAM::Role").values()
        if "codedeploy" in str(each["Properties"]["AssumeRolePolicyDocument"])
    ]
    [policy] = role["Policies"]
    arn = {"Fn::GetAtt": [function, "Arn"]}

    assert "ManagedPolicyArns" not in role
    assert [(each["Action"], each["Resource"]) for each in policy["PolicyDocument"]["Statement"]] == [
        (["lambda:GetAlias", "lambda:UpdateAlias"], arn),
        (
            ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
            {"Fn::Join": ["", [arn, ":*"]]},
        ),
        ("cloudwatch:DescribeAlarms", "*"),
    ]


def test_commands_know_the_alias(stack, configuration):
    """`make rollback` points it to another version."""
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
    )

    assert Release(stack, "Release", function=function, configuration=configuration).outputs == {
        "IngestAliasName": "live"
    }
