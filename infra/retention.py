"""How long things are kept: a stage's data after its stack is deleted, and its logs."""

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.configuration import Configuration

_DAYS = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
}


def removal(configuration: Configuration) -> cdk.RemovalPolicy:
    """What becomes of a stage's data when its stack is deleted."""
    return cdk.RemovalPolicy.RETAIN if configuration.retain else cdk.RemovalPolicy.DESTROY


def log_group(scope: Construct, name: str, configuration: Configuration) -> logs.LogGroup:
    """A log group of the stage, which forgets after its `log_days`."""
    days = _DAYS[configuration.functions.log_days]
    return logs.LogGroup(scope, name, retention=days, removal_policy=removal(configuration))
