"""What a role may do, action by action: the constructs' own grants allow more than we need."""

from aws_cdk import aws_iam as iam


def allow(grantee: iam.IGrantable, resource: str, *actions: str) -> None:
    """Let the grantee's role do these actions on this one resource (an ARN)."""
    statement = iam.PolicyStatement(actions=[*actions], resources=[resource])
    grantee.grant_principal.add_to_principal_policy(statement)
