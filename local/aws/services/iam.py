"""IAM whose roles follow their template: moto 5.2.5 forgets the policies and the trust of a role that is updated."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.iam.models import Role, iam_backends

from local.deployment import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def following_templates() -> Iterator[None]:
    """Inside it, an update of a role changes what its template says of policies and trust."""
    own = vars(Role)["update_from_cloudformation_json"]

    def update(_kind: type[Role], /, **given: Any) -> Role:
        role: Role = own.__get__(None, Role)(**given)
        follow(role, given["cloudformation_json"]["Properties"])
        return role

    Role.update_from_cloudformation_json = classmethod(update)  # type: ignore[method-assign, assignment]  # no hook
    try:
        yield
    finally:
        Role.update_from_cloudformation_json = own  # type: ignore[method-assign]  # likewise


def follow(role: Role, properties: Mapping[str, Any]) -> None:
    """Gives the role the trust and the inline policies of these properties; those of AWS::IAM::Policy stay."""
    policies = list(iam_backends[ACCOUNT]["aws"].inline_policies.values())
    others = {one.policy_name for one in policies if role.name in (one.role_names or ())}
    wanted = {one["PolicyName"]: one["PolicyDocument"] for one in properties.get("Policies", ())}
    for name in role.policies.keys() - wanted.keys() - others:
        role.delete_policy(name)
    for name, document in wanted.items():
        role.put_policy(name, document)
    role.assume_role_policy_document = json.dumps(properties["AssumeRolePolicyDocument"])
