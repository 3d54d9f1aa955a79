"""Roles and rights in an embedded AWS that checks them."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from local.iam.denial import Denied
from local.iam.policy import Decision, Principal, Request


class Denying:
    """Rights in which everything is denied that begins so; `asked` has what was asked for."""

    def __init__(self, *denied: str) -> None:
        self.denied = denied
        self.asked: list[tuple[str, ...]] = []

    def check_role(self, *asked: str) -> None:
        self._check(asked, asked[2])

    def check_service(self, *asked: str) -> None:
        self._check(asked, asked[1])

    def check_trust(self, *asked: str) -> None:
        self._check(asked, "sts:AssumeRole")

    def _check(self, asked: tuple[str, ...], action: str) -> None:
        self.asked.append(asked)
        if action.startswith(self.denied):
            denial = Decision(denied="identity-based")
            raise Denied(Principal(service="service"), Request(action, "resource", {}), denial)


@pytest.fixture
def denying() -> type[Denying]:
    """Makes rights in which something is denied."""
    return Denying


@pytest.fixture
def trusting(checked: Any, unique: Callable[[str], str]) -> Callable[..., str]:
    """Makes a role that trusts a service and may do these actions, each on every resource: its ARN."""

    def make(service: str, *actions: str) -> str:
        iam, name = checked.client("iam"), unique("role")
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
        arn = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )["Role"]["Arn"]
        if actions:
            allowed = {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}],
            }
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(allowed))
        return str(arn)

    return make


@pytest.fixture
def checked_queue(checked: Any, unique: Callable[[str], str]) -> SimpleNamespace:
    """A queue: `url`, `arn`, and `bodies()` of what comes within a second."""
    sqs, name = checked.client("sqs"), unique("queue")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]

    def bodies(seconds: int = 1) -> list[str]:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=seconds, MaxNumberOfMessages=10)
        return [one["Body"] for one in answer.get("Messages", ())]

    return SimpleNamespace(url=url, arn=f"arn:aws:sqs:us-east-1:123456789012:{name}", bodies=bodies)
