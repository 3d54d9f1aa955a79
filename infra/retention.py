"""What becomes of a stage's data when its stack is deleted."""

import aws_cdk as cdk

from infra.configuration import Configuration


def removal(configuration: Configuration) -> cdk.RemovalPolicy:
    """What becomes of a stage's data when its stack is deleted."""
    return cdk.RemovalPolicy.RETAIN if configuration.retain else cdk.RemovalPolicy.DESTROY
