"""The construct that holds one Distributary: what exists once for each of them hangs there, never on the stack."""

from collections.abc import Mapping
from types import MappingProxyType

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct, IConstruct

DEFAULT = "Default"
"""The id that the CDK leaves out of logical ids."""


class Home(Construct):
    """One Distributary with everything in it; a stack may hold several.

    `key` encrypts all that it stores, where its owner brought one. `keys_of_others` are by service: what encrypts a
    stream or bucket that the owner brought, or None. `arns_of_others` are what these are, by the path of what they
    stand for.
    """

    key: kms.IKey | None = None
    keys_of_others: Mapping[str, kms.IKey | None] = MappingProxyType({})
    arns_of_others: Mapping[str, str] = MappingProxyType({})


def home(scope: IConstruct) -> IConstruct:
    """The Distributary that the construct is part of; its stack where it is part of none."""
    return next((each for each in reversed(scope.node.scopes) if isinstance(each, Home)), cdk.Stack.of(scope))


def ids_below(scope: IConstruct) -> list[str]:
    """The ids of the construct and those around it, from below its Distributary on."""
    return scope.node.path.removeprefix(home(scope).node.path).strip("/").split("/")


def place_in_stack(scope: IConstruct) -> str:
    """The path of the construct's Distributary below its stack, as in `Events`; empty for one with the id Default."""
    stack = cdk.Stack.of(scope)
    path = home(scope).node.path.removeprefix(stack.node.path).strip("/")
    return "-".join(part for part in path.split("/") if part not in ("", DEFAULT))


def unique_name(scope: IConstruct) -> str:
    """The name of the construct's Distributary in its account and region: the stack's name, then the place in it."""
    return "-".join(filter(None, (cdk.Stack.of(scope).stack_name, place_in_stack(scope))))
