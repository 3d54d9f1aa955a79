"""How a new version of a function reaches the callers: behind an alias, at once or in steps, and back if it fails."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.findings import acknowledge_wildcard
from distributary_cdk.part import Part
from distributary_cdk.permission import statements

_ALIAS = "live"
_SHIFTS = {
    "canary-10-percent-5-minutes": codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
    "canary-10-percent-15-minutes": codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_15_MINUTES,
    "linear-10-percent-every-1-minute": codedeploy.LambdaDeploymentConfig.LINEAR_10_PERCENT_EVERY_1_MINUTE,
}


class Release(Part, Construct):
    """`alias` is what callers reach: the newest version of the function, once all of its share is there.

    Versions stay when a newer one is released, so that the alias can be pointed to one of them again.
    """

    def __init__(
        self, scope: Construct, name: str, *, function: lambda_.Function, configuration: Configuration
    ) -> None:
        super().__init__(scope, name)
        self._function = function
        self.outputs = {"IngestAliasName": _ALIAS}
        self.brake: cloudwatch.Alarm | None = None
        self.alias = lambda_.Alias(self, "Live", alias_name=_ALIAS, version=function.current_version)
        if configuration.releases.shift != "at-once":
            self._in_steps(_SHIFTS[configuration.releases.shift])

    def _in_steps(self, steps: codedeploy.ILambdaDeploymentConfig) -> None:
        """CodeDeploy moves the share of calls, and all of it back when the function fails meanwhile."""
        errors = self._function.metric_errors(statistic="Sum", period=cdk.Duration.minutes(1))
        self.brake = cloudwatch.Alarm(
            self,
            "Brake",
            alarm_description="docs/how-to/runbook.md#function-errors",
            metric=errors,
            threshold=0,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            alias=self.alias,
            alarms=[self.brake],
            deployment_config=steps,
            role=self._role().without_policy_updates(),
        )

    def _role(self) -> iam.Role:
        """What CodeDeploy does to this function, of what AWS's own policy for it allows with every function.

        Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
        """
        versions = f"{self._function.function_arn}:*"
        moving = ("lambda:GetAlias", "lambda:UpdateAlias")
        needed = [
            *statements(self._function.function_arn, *moving),
            *statements(versions, *moving, "lambda:GetProvisionedConcurrencyConfig"),
            # An alarm can be described by name, but who asks for one of any kind is checked against all.
            *statements("*", "cloudwatch:DescribeAlarms"),
        ]
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
            inline_policies={"Shift": iam.PolicyDocument(statements=needed)},
        )
        acknowledge_wildcard(
            role, versions, "The function's one alias and its versions, whose numbers nobody knows beforehand."
        )
        acknowledge_wildcard(
            role,
            "*",
            "DescribeAlarms of alarms of any kind is checked against all of them; it reads, and nothing secret.",
        )
        return role
