"""Whether a principal may do something, and which permissions were needed for all that was done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from local.iam.denial import Denied
from local.iam.operations import Needed
from local.iam.policy import Permission, Principal, Request, Statement, decide
from local.iam.request import requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Account(Protocol):
    """What an account says about its roles and resources. Each raises NotEvaluated for a policy beyond this machine."""

    def statements(self, role: str) -> Sequence[Statement]:
        """The statements of a role's policies; none for a role that does not exist."""

    def trust(self, role: str) -> Sequence[Statement]:
        """The statements that say who may assume a role."""

    def resource_policy(self, arn: str) -> Sequence[Statement]:
        """The statements of the policy of a resource itself."""

    def encrypting(self, need: Needed) -> Iterable[Needed]:
        """What the action needs of the customer's key that encrypts its resource."""


class Access:
    """Decides by the policies of `account`, and remembers which permissions decided alone."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._used: Counter[tuple[str, Permission]] = Counter()
        self.refused: list[str] = []

    def check(self, principal: Principal, asked: Iterable[Request]) -> None:
        """Nothing, if every request is allowed. Raises Denied, NotEvaluated."""
        for request in asked:
            self._check(principal, request)

    def needs(self, principal: Principal, service: str, needs: Sequence[Needed]) -> list[Request]:
        """The requests of a call: its own, and those to the keys that encrypt what it is about."""
        implied = [one for need in needs for one in self._account.encrypting(need)]
        return requests([*needs, *implied], principal, service)

    def check_service(self, service: str, action: str, resource: str, *, role: str = "", session: str = "") -> None:
        """Nothing, if an AWS service may do this, in the name of a role where one is given. Raises Denied."""
        principal = Principal(role=role, session=session or service, service="" if role else service)
        name = action.partition(":")[0]
        self.check(principal, self.needs(principal, name, [Needed(action, resource)]))

    def check_trust(self, service: str, role: str, source: str, account: str) -> None:
        """Nothing, if the role lets the AWS service assume it for a resource (`source`, an ARN). Raises Denied."""
        context = {"aws:sourcearn": (source,), "aws:sourceaccount": (account,)}
        principal, asked = Principal(service=service), Request("sts:AssumeRole", role, context)
        decision = decide(principal, asked, (), self._account.trust(role))
        if decision.denied:
            raise Denied(principal, asked, decision)

    def needed(self) -> dict[str, set[Permission]]:
        """By role, the permissions without which something that was done would have been denied."""
        found: dict[str, set[Permission]] = {}
        for role, permission in list(self._used):
            found.setdefault(role, set()).add(permission)
        return found

    def _check(self, principal: Principal, request: Request) -> None:
        own = self._account.statements(principal.role) if principal.role else ()
        policy = self._account.resource_policy(request.resource)
        by_resource = request.action.startswith("kms:")
        decision = decide(principal, request, own, policy, by_resource=by_resource)
        if decision.denied:
            error = Denied(principal, request, decision)
            self.refused.append(str(error))
            raise error
        if len(decision.permissions) == 1:
            self._used[principal.role, decision.permissions[0]] += 1
