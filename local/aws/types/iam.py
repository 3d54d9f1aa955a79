"""AWS IAM: roles and the inline policies beside them."""

import json
from typing import Any

from local.aws.instance import Unsupported
from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties

OF_AWS = "arn:aws:iam::aws:policy/"  # policies that moto does not carry; nothing here asks for what they allow


def changed_role(state: Properties) -> Properties:
    """UpdateRole's and UpdateAssumeRolePolicy's parameters."""
    return {"Description": "", **state, "PolicyDocument": state["AssumeRolePolicyDocument"]}


def set_the_rest(client: Any, state: Properties) -> None:
    """Policies are calls of their own: those of the template are put, those that it no longer has are deleted."""
    wanted = {(state["RoleName"], one["PolicyName"]): one["PolicyDocument"] for one in state.get("Policies", [])}
    put_policies(client, state, wanted)
    attach(client, state, [arn for arn in state.get("ManagedPolicyArns", []) if not arn.startswith(OF_AWS)])


def put_policies(client: Any, state: Properties, wanted: dict[tuple[str, str], Any]) -> None:
    """Puts inline policies by role and name, and deletes those that this resource had put otherwise."""
    for role, name in set(state.get("Put", ())) - wanted.keys():
        client.delete_role_policy(RoleName=role, PolicyName=name)
    for (role, name), document in wanted.items():
        client.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    state["Put"] = tuple(wanted)


def attach(client: Any, state: Properties, wanted: list[str]) -> None:
    """Attaches managed policies, and detaches those that this resource had attached otherwise."""
    for arn in set(state.get("Attached", ())) - set(wanted):
        client.detach_role_policy(RoleName=state["RoleName"], PolicyArn=arn)
    for arn in wanted:
        client.attach_role_policy(RoleName=state["RoleName"], PolicyArn=arn)
    state["Attached"] = tuple(wanted)


def without_policies(client: Any, state: Properties) -> None:
    """A role can be deleted only without policies."""
    put_policies(client, state, {})
    attach(client, state, [])


def set_policy(client: Any, state: Properties) -> None:
    """The policy is put into each role."""
    if others := [kind for kind in ("Groups", "Users") if state.get(kind)]:
        raise Unsupported(f"only roles have policies on this machine, not {', '.join(others)}")
    put_policies(client, state, {(role, state["PolicyName"]): state["PolicyDocument"] for role in state["Roles"]})


def without_policy(client: Any, state: Properties) -> None:
    """The policy is deleted from each role."""
    put_policies(client, state, {})


TYPES = (
    ResourceType(
        name="AWS::IAM::Role",
        service="iam",
        create="CreateRole",
        update=("UpdateRole", "UpdateAssumeRolePolicy"),
        delete="DeleteRole",
        ref="{RoleName}",
        attributes={"Arn": "{Role[Arn]}", "RoleId": "{Role[RoleId]}"},
        named_by="RoleName",
        change=changed_role,
        beyond_create=("ManagedPolicyArns", "Policies"),
        in_place=("AssumeRolePolicyDocument",),
        after=set_the_rest,
        before_delete=without_policies,
    ),
    ResourceType(
        name="AWS::IAM::Policy",
        service="iam",
        attributes={"Id": "{PhysicalName}"},
        after=set_policy,
        before_delete=without_policy,
    ),
)
