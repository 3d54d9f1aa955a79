"""Permissions of a role, action by action: the CDK's own grants allow more than is needed."""

from collections.abc import Mapping

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from distributary_cdk.encryption import uses

Conditions = Mapping[str, Mapping[str, object]]


def allow(
    grantee: iam.IGrantable,
    resource: str,
    *actions: str,
    key: kms.IKey | None = None,
    conditions: Conditions | None = None,
) -> None:
    """Let the grantee's role do these actions on this one resource (an ARN), which `key` encrypts."""
    for statement in statements(resource, *actions, key=key, conditions=conditions):
        grantee.grant_principal.add_to_principal_policy(statement)


def statements(
    resource: str, *actions: str, key: kms.IKey | None = None, conditions: Conditions | None = None
) -> list[iam.PolicyStatement]:
    """The statements for these actions on this one resource: the actions themselves, and the use of its key."""
    own = iam.PolicyStatement(actions=[*actions], resources=[resource], conditions=conditions)
    return [own, *uses(key, *actions)]
