"""Findings of cdk-nag that are accepted: each is acknowledged where its resource is made, with the reason."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import IConstruct


def acknowledge(resource: IConstruct, finding: str, reason: str) -> None:
    """Accept this finding, by its exact id, of the resource and what lies below it."""
    cdk.Validations.of(resource).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))


def acknowledge_wildcard(grantee: iam.IGrantable, resource: str, reason: str) -> None:
    """Accept that a policy of the grantee's role names this resource, an ARN that holds a `*`."""
    role = grantee.grant_principal
    if isinstance(role, iam.Role):
        text = _written(cdk.Stack.of(role).resolve(resource))
        acknowledge(role, f"AwsSolutions-IAM5[Resource::{text}]", reason)


def _written(value: Any) -> str:
    """A template's value as cdk-nag writes it in a finding's id."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(map(_written, value["Fn::Join"][1]))
    return f"<{value['Ref']}>" if "Ref" in value else f"<{'.'.join(value['Fn::GetAtt'])}>"
