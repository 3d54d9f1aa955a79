"""A log group: how long it keeps its lines, and which key encrypts them."""

from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.removal_policy import removal

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


def log_group(scope: Construct, name: str, configuration: Configuration, key: kms.IKey | None) -> logs.LogGroup:
    """A log group of the stage, which forgets after its `log_days`."""
    return logs.LogGroup(
        scope,
        name,
        retention=_DAYS[configuration.functions.log_days],
        encryption_key=key,
        removal_policy=removal(configuration),
    )
