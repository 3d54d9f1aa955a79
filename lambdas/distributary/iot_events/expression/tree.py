"""The tree of an expression: one frozen class a kind of node, each with its column (an operator's is its own)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

Scalar = str | int | Decimal | bool


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, string or Boolean as written."""

    value: Scalar
    column: int


@dataclass(frozen=True, slots=True)
class InputReference:
    """`$input.Name.path[0]`: a string segment is a member's name, an integer an array's index."""

    input: str
    path: tuple[str | int, ...]
    column: int


@dataclass(frozen=True, slots=True)
class VariableReference:
    """`$variable.name`"""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Template:
    """A single-quoted string with `${…}` in it: text and nodes in turn."""

    parts: tuple["str | Node", ...]
    column: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x`, `~x` or `-x`."""

    operator: str
    operand: "Node"
    column: int


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One operator of a chain and what stands at its right."""

    operator: str
    operand: "Node"
    column: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence, from left to right: flat, so that a long sum is no deep tree."""

    first: "Node"
    steps: tuple[ChainLink, ...]
    column: int


@dataclass(frozen=True, slots=True)
class TypeName:
    """The bare word that `convert` takes first."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments, their number checked."""

    function: str
    arguments: tuple["Node", ...]
    column: int


Node = Literal | InputReference | VariableReference | Template | Unary | Chain | TypeName | Call


def is_index(segment: str | int) -> bool:
    """Whether a segment of a path may lead into an array: `[1]`, or `.1`, which is a member of an object as well."""
    return isinstance(segment, int) or (segment.isascii() and segment.isdigit())


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below a node, from left to right."""
    match node:
        case Template():
            return tuple(part for part in node.parts if not isinstance(part, str))
        case Unary():
            return (node.operand,)
        case Chain():
            return (node.first, *(step.operand for step in node.steps))
        case Call():
            return node.arguments
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, each before its children."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(children(current)))
