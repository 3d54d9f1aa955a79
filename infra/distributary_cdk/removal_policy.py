"""What becomes of a stage's data when its stack is deleted, or its first deployment fails."""

import aws_cdk as cdk

from distributary_cdk.configuration import Configuration

KEPT_BUT_FOR_A_FAILED_CREATION = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE


def removal(configuration: Configuration) -> cdk.RemovalPolicy:
    """What becomes of a resource with data when its stack is deleted.

    A stage that retains keeps it, unless the operation that created it failed: it is empty then, and would be left to
    nobody, at a stream's price a month for each try.
    """
    return KEPT_BUT_FOR_A_FAILED_CREATION if configuration.retain else cdk.RemovalPolicy.DESTROY


def protected_removal(configuration: Configuration) -> cdk.RemovalPolicy:
    """What becomes of a resource that is also protected from deletion: a rollback could not delete it either."""
    return cdk.RemovalPolicy.RETAIN if configuration.retain else cdk.RemovalPolicy.DESTROY
