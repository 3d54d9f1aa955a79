"""The construct that holds one Distributary: what exists once for each of them hangs there, never on the stack."""

import aws_cdk as cdk
from constructs import Construct, IConstruct

DEFAULT = "Default"
"""The id that the CDK leaves out of logical ids."""


class Home(Construct):
    """One Distributary with everything in it; a stack may hold several."""


def home(scope: IConstruct) -> IConstruct:
    """The Distributary that the construct is part of; its stack where it is part of none."""
    return next((each for each in reversed(scope.node.scopes) if isinstance(each, Home)), cdk.Stack.of(scope))


def place_in_stack(scope: IConstruct) -> str:
    """The path of the construct's Distributary below its stack, as in `Events`; empty for one with the id Default."""
    stack = cdk.Stack.of(scope)
    path = home(scope).node.path.removeprefix(stack.node.path).strip("/")
    return "-".join(part for part in path.split("/") if part not in ("", DEFAULT))


def unique_name(scope: IConstruct) -> str:
    """The name of the construct's Distributary in its account and region: the stack's name, then the place in it."""
    return "-".join(filter(None, (cdk.Stack.of(scope).stack_name, place_in_stack(scope))))
