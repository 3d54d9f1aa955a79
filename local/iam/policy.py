"""Policy statements, and what they decide about a request.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from local.iam.condition import Condition, NotEvaluated, conditions_of, listed, text_of
from local.iam.pattern import matches_action, matches_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
ROOT = "arn:aws:iam::{account}:root"


@dataclass(frozen=True)
class Principal:
    """Who asks: a role (its ARN) in the name of a session, or an AWS service (`iot.amazonaws.com`)."""

    role: str = ""
    session: str = ""
    service: str = ""

    @property
    def account(self) -> str:
        """The role's account; empty for a service."""
        return self.role.split(":")[4] if self.role else ""

    @property
    def arn(self) -> str:
        """As AWS's messages name it."""
        if not self.role:
            return self.service
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role.rpartition('/')[2]}/{self.session}"


class Request(NamedTuple):
    """One action on one resource (an ARN, or `*`), and what conditions may ask about."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]]


class Permission(NamedTuple):
    """One action on one resource as a statement writes them; `statement` counts from 0 in the policy."""

    policy: str
    statement: int
    action: str
    resource: str


@dataclass(frozen=True)
class Statement:
    """A statement of the policy called `policy`."""

    policy: str
    number: int
    allow: bool
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()  # (AWS or Service, whom); empty in a role's own policy
    conditions: tuple[Condition, ...] = ()

    def permissions(self, request: Request) -> list[Permission]:
        """What of this statement covers the request; nothing where it does not apply."""
        actions = covering(self.actions, self.not_actions, request.action, matches_action)
        resources = covering(self.resources, self.not_resources, request.resource, matches_arn)
        if not (actions and resources and all(one.holds(request.context) for one in self.conditions)):
            return []
        return [Permission(self.policy, self.number, action, resource) for action in actions for resource in resources]

    def names(self, principal: Principal) -> bool:
        """Whether the statement is about exactly this principal, or about everybody."""
        return any(
            whom in {"*", principal.role, principal.arn, principal.service} - {""} for _, whom in self.principals
        )

    def names_account(self, principal: Principal) -> bool:
        """Whether the statement is about all of the principal's account: its roles' own policies then decide."""
        account = principal.account
        return any(kind == "AWS" and whom in {account, ROOT.format(account=account)} for kind, whom in self.principals)


def covering(
    given: Sequence[str], excluded: Sequence[str], wanted: str, match: Callable[[str, str], bool]
) -> list[str]:
    """The patterns that cover what is wanted; `not …` where it is none of the excluded."""
    if excluded:
        return [] if any(match(pattern, wanted) for pattern in excluded) else [f"not {', '.join(excluded)}"]
    return [pattern for pattern in given if match(pattern, wanted)]


@dataclass(frozen=True)
class Decision:
    """`permissions` of the role allowed it, or the resource's own policy; `denied` is the kind of policy that did not.

    `explicit`: a Deny statement denies, instead of no statement allowing.
    """

    permissions: tuple[Permission, ...] = ()
    denied: str = ""
    explicit: bool = False


def decide(
    principal: Principal,
    request: Request,
    own: Iterable[Statement],
    resource: Sequence[Statement] = (),
    *,
    by_resource: bool = False,
) -> Decision:
    """The decision from the role's `own` statements and those of the resource's policy.

    `by_resource`: the resource's policy must allow too, be it the account as a whole, as a KMS key's has to.
    """
    about = [one for one in resource if one.names(principal) or one.names_account(principal)]
    own = list(own)
    if any(not one.allow and one.permissions(request) for one in about):
        return Decision(denied="resource-based", explicit=True)
    if any(not one.allow and one.permissions(request) for one in own):
        return Decision(denied="identity-based", explicit=True)
    allowing = [one for one in about if one.allow and one.permissions(request)]
    if any(one.names(principal) for one in allowing):
        return Decision()
    if by_resource and not allowing:
        return Decision(denied="resource-based")
    found = tuple(permission for one in own if one.allow for permission in one.permissions(request))
    if found:
        return Decision(found)
    return Decision(denied="identity-based" if principal.role else "resource-based")


@lru_cache(maxsize=512)
def parsed(policy: str, document: str) -> tuple[Statement, ...]:
    """The statements of a policy document in JSON. Raises NotEvaluated."""
    return tuple(
        statement(policy, number, one) for number, one in enumerate(listed(json.loads(document).get("Statement", [])))
    )


def statement(policy: str, number: int, given: Mapping[str, Any]) -> Statement:
    """One statement of a document. Raises NotEvaluated."""
    place = f"{policy}, statement {number}"
    if unknown := given.keys() - ELEMENTS:
        raise NotEvaluated(f"{place}: {', '.join(sorted(unknown))} is not evaluated here: see {__name__}")

    def texts(name: str) -> tuple[str, ...]:
        return tuple(text_of(value, place) for value in listed(given.get(name, ())))

    return Statement(
        policy=policy,
        number=number,
        allow=given["Effect"] == "Allow",
        actions=texts("Action"),
        resources=texts("Resource") or (() if "NotResource" in given else ("*",)),  # a trust policy has none
        not_actions=texts("NotAction"),
        not_resources=texts("NotResource"),
        principals=tuple(principals(given.get("Principal", {}), place)),
        conditions=tuple(conditions_of(given.get("Condition") or {}, place)),
    )


def principals(given: Any, place: str) -> list[tuple[str, str]]:
    """Whom a resource's policy is about. Raises NotEvaluated for other kinds than AWS and Service."""
    kinds = {"AWS": given} if isinstance(given, str) else given
    if unknown := kinds.keys() - {"AWS", "Service"}:
        raise NotEvaluated(f"{place}: a principal of kind {', '.join(sorted(unknown))} is not evaluated here")
    return [(kind, str(whom)) for kind, whoms in kinds.items() for whom in listed(whoms)]
