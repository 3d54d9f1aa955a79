"""A metric that the functions embed in their log lines, as alarms and graphs name it."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from distributary.metrics import NAMESPACE


def embedded_metric(name: str, statistic: str, *, stage: str, minutes: int = 5) -> cloudwatch.Metric:
    """The metric of that name in this stage."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"stage": stage},
        statistic=statistic,
        period=cdk.Duration.minutes(minutes),
    )
