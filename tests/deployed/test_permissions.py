"""What functions may do, checked at each call of all tests of this folder: so these tests run last (conftest.py)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from local.aws.account import MotoAccount
from local.iam.condition import listed
from local.iam.policy import Permission

EXCEPTIONS = json.loads((Path(__file__).parents[1] / "cases/permissions.json").read_text())
STACK = "distributary-local"


class Given(NamedTuple):
    """A permission of a function's role: one action on one resource, as the deployed policy has it."""

    function: str
    permission: Permission

    def is_for(self, exception: dict[str, str]) -> bool:
        """Whether the exception is about it."""
        return (
            self.function.startswith(exception["function"])
            and self.permission.action == exception["action"]
            and exception["resource"] in self.permission.resource
        )

    def __str__(self) -> str:
        one = self.permission
        return f"{self.function}: {one.action} on {one.resource} ({one.policy}, statement {one.statement})"


def functions_roles(local) -> Iterator[tuple[str, str, int]]:
    """Each function of the template: its logical id, its role's ARN, how many statements the template gives it."""
    client = local.aws.client("cloudformation")
    template = client.get_template(StackName=STACK)["TemplateBody"]["Resources"]
    policies = [one["Properties"] for one in template.values() if one["Type"] == "AWS::IAM::Policy"]
    for name, resource in template.items():
        if resource["Type"] == "AWS::Lambda::Function":
            [role, _] = resource["Properties"]["Role"]["Fn::GetAtt"]
            inline = template[role]["Properties"].get("Policies", [])
            documents = [
                one["PolicyDocument"]
                for one in (*inline, *policies)
                if "Roles" not in one or {"Ref": role} in one["Roles"]
            ]
            found = client.describe_stack_resource(StackName=STACK, LogicalResourceId=role)["StackResourceDetail"]
            arn = f"arn:aws:iam::123456789012:role/{found['PhysicalResourceId']}"
            yield name, arn, sum(len(listed(one["Statement"])) for one in documents)


def given(local) -> Iterator[tuple[str, Given]]:
    """Each permission of each function's role, with the role."""
    for function, role, statements in functions_roles(local):
        own = MotoAccount().statements(role)
        assert len(own) == statements, f"{function}: the deployed role has {len(own)} statements, not {statements}"
        for one in own:
            for action in one.actions:
                for resource in one.resources:
                    yield role, Given(function, Permission(one.policy, one.number, action, resource))


@pytest.mark.usefixtures("whole")
def test_every_permission_is_needed(local) -> None:
    """Without any one of them a call would have been denied, in some test of this folder; exceptions have a reason."""
    needed = local.access.needed()
    unused = [one for role, one in given(local) if one.permission not in needed.get(role, ())]
    excepted = [one for one in EXCEPTIONS if any(given.is_for(one) for given in unused)]

    surplus = [str(one) for one in unused if not any(one.is_for(exception) for exception in EXCEPTIONS)]
    assert not surplus, "\n".join(["remove, or use in a test, or except in tests/cases/permissions.json:", *surplus])
    assert excepted == EXCEPTIONS, "an exception is about a permission that is used, or that is gone"
    assert all(one["reason"] for one in EXCEPTIONS)


def test_every_call_could_be_decided(local) -> None:
    """No operation without known needs, no policy beyond what is evaluated on this machine."""
    assert not local.access.faults, "\n".join(local.access.faults)


def test_nothing_was_denied(local) -> None:
    """Whatever the tests of this folder made the functions and the services do."""
    assert not local.access.refused, "\n".join(local.access.refused)
