"""Whether a principal may do something, and which permissions were needed for all that was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from local.deployment import ACCOUNT
from local.iam.condition import NotEvaluated
from local.iam.denial import Denied
from local.iam.operations import Needed
from local.iam.policy import Decision, Permission, Principal, Request, Statement, decide
from local.iam.request import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from local.iam.condition import Context


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


class Services(Protocol):
    """Whether an AWS service may do what it is about to do. Each raises Denied, NotEvaluated."""

    def check_role(self, role: str, session: str, action: str, resource: str) -> None:
        """Nothing, if the role (an ARN) allows it to whoever has assumed it."""

    def check_service(self, service: str, action: str, resource: str, source: str) -> None:
        """Nothing, if the resource's policy allows it to the service on behalf of `source` (an ARN)."""

    def check_anybody(self, action: str, resource: str, context: Context) -> None:
        """Nothing, if the resource's policy allows it to callers without credentials; `context` is of the call."""

    def check_trust(self, service: str, role: str, source: str) -> None:
        """Nothing, if the role lets the service assume it on behalf of `source` (an ARN)."""


class Unchecked:
    """Services of an AWS that checks nobody."""

    def check_role(self, role: str, session: str, action: str, resource: str) -> None:
        """Nothing."""

    def check_service(self, service: str, action: str, resource: str, source: str) -> None:
        """Nothing."""

    def check_anybody(self, action: str, resource: str, context: Context) -> None:
        """Nothing."""

    def check_trust(self, service: str, role: str, source: str) -> None:
        """Nothing."""


class Access:
    """Decides by the policies of `account`, and remembers which permissions decided alone.

    `refused` has AWS's words for each denial, `faults` what could not be decided on this machine.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._used: dict[tuple[str, Permission], None] = {}  # a set that may grow while it is read
        self.refused: dict[str, None] = {}
        self.faults: dict[str, None] = {}

    def check(self, principal: Principal, service: str, needs: Sequence[Needed]) -> None:
        """Nothing, if a call of the service may do what it needs: of its resources, and of the keys behind them."""
        implied = [one for need in needs for one in self._account.encrypting(need)]
        for request in requests([*needs, *implied], principal, service):
            self._decide(principal, request)

    def check_role(self, role: str, session: str, action: str, resource: str) -> None:
        """As in Services."""
        self.check(Principal(role=role, session=session), action.partition(":")[0], [Needed(action, resource)])

    def check_service(self, service: str, action: str, resource: str, source: str) -> None:
        """As in Services."""
        needed = Needed(action, resource, {"aws:sourcearn": (source,), "aws:sourceaccount": (ACCOUNT,)})
        self.check(Principal(service=service), action.partition(":")[0], [needed])

    def check_anybody(self, action: str, resource: str, context: Context) -> None:
        """As in Services."""
        self.check(Principal(service="*"), action.partition(":")[0], [Needed(action, resource, context)])

    def check_trust(self, service: str, role: str, source: str) -> None:
        """As in Services."""
        context = {"aws:sourcearn": (source,), "aws:sourceaccount": (ACCOUNT,)}
        principal, asked = Principal(service=service), Request("sts:AssumeRole", role, context)
        self._settle(principal, asked, lambda: decide(principal, asked, (), self._account.trust(role)))

    def needed(self) -> dict[str, set[Permission]]:
        """By role, the permissions without which something that was done would have been denied."""
        found: dict[str, set[Permission]] = {}
        for role, permission in list(self._used):
            found.setdefault(role, set()).add(permission)
        return found

    def _decide(self, principal: Principal, request: Request) -> None:
        def by_policies() -> Decision:
            own = self._account.statements(principal.role) if principal.role else ()
            policy = self._account.resource_policy(request.resource)
            return decide(principal, request, own, policy, by_resource=request.action.startswith("kms:"))

        decision = self._settle(principal, request, by_policies)
        if len(decision.permissions) == 1:
            self._used[principal.role, decision.permissions[0]] = None

    def _settle(self, principal: Principal, request: Request, find: Callable[[], Decision]) -> Decision:
        """The decision that was found. Raises Denied, NotEvaluated, and remembers both."""
        try:
            decision = find()
        except NotEvaluated as error:
            self.faults[str(error)] = None
            raise
        if decision.denied:
            denial = Denied(principal, request, decision)
            self.refused[str(denial)] = None
            raise denial
        return decision
