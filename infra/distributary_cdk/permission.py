"""What a role may do, action by action: the constructs' own grants allow more than we need."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import aws_iam as iam
from constructs import IConstruct

from distributary_cdk.encryption import uses

Conditions = Mapping[str, Mapping[str, object]]


def allow(grantee: iam.IGrantable, resource: str, *actions: str, conditions: Conditions | None = None) -> None:
    """Let the grantee's role do these actions on this one resource (an ARN) of the stack, under these conditions."""
    for statement in statements(cast("IConstruct", grantee), resource, *actions, conditions=conditions):
        grantee.grant_principal.add_to_principal_policy(statement)


def statements(
    scope: IConstruct, resource: str, *actions: str, conditions: Conditions | None = None
) -> list[iam.PolicyStatement]:
    """What these actions on this one resource take: themselves, and the use of the key that encrypts it."""
    own = iam.PolicyStatement(actions=[*actions], resources=[resource], conditions=conditions)
    return [own, *uses(scope, *actions)]
