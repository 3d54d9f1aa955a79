"""The types that an expression can come to, worked out without running it; what can never fit is a clash."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from distributary.iot_events.expression.functions import FUNCTIONS, type_of
from distributary.iot_events.expression.tree import (
    Call,
    Chain,
    ChainLink,
    InputReference,
    Literal,
    Node,
    Template,
    TypeName,
    Unary,
    VariableReference,
)

Types = frozenset[str] | None
"""Some of Integer, Decimal, String, Boolean; None is anything, as what an input brings."""

NUMERIC_TYPES = frozenset({"Integer", "Decimal"})
BOOLEAN, INTEGER, STRING = frozenset({"Boolean"}), frozenset({"Integer"}), frozenset({"String"})
_LOGIC, _BITS, _EQUALITY = frozenset({"&&", "||"}), frozenset({"|", "^", "&"}), frozenset({"==", "!="})
_ORDER = frozenset({"<", "<=", ">", ">="})
_UNARY = {"!": BOOLEAN, "~": INTEGER, "-": NUMERIC_TYPES}


class Clash(NamedTuple):
    """Types that do not fit: of an operand (or two) of an operator; `certain` where no value of them would."""

    types: tuple[str, ...]
    of: str
    certain: bool


def infer(node: Node, variables: Mapping[str, Types]) -> tuple[Types, list[Clash]]:
    """The types of the node's value and the clashes below it; `variables` are the types of each variable."""
    inference = _Inference(variables)
    return inference.of(node, lenient=False), inference.clashes


def variable_types(assignments: Iterable[tuple[str, Node]]) -> dict[str, Types]:
    """What each variable can hold, from all that is ever assigned to it."""
    assignments = list(assignments)
    types: dict[str, Types] = {name: frozenset() for name, _ in assignments}
    for _ in range(len(assignments) + 1):
        before = dict(types)
        for name, node in assignments:
            types[name] = _either(types[name], infer(node, types)[0])
        if types == before:
            break
    return types


def _either(one: Types, other: Types) -> Types:
    return None if one is None or other is None else one | other


class _Inference:
    def __init__(self, variables: Mapping[str, Types]) -> None:
        self.variables = variables
        self.clashes: list[Clash] = []

    def of(self, node: Node, *, lenient: bool) -> Types:  # noqa: PLR0911 - one a kind of node
        match node:
            case Literal():
                return frozenset({type_of(node.value)})
            case VariableReference():
                return self.variables.get(node.name)
            case InputReference() | TypeName():
                return None
            case Template():
                for part in node.parts:
                    if not isinstance(part, str):
                        self.of(part, lenient=True)
                return STRING
            case Unary():
                return self.unary(node, lenient=lenient)
            case Chain():
                return self.chain(node, lenient=lenient)
            case Call():
                return self.call(node, lenient=lenient)

    def unary(self, node: Unary, *, lenient: bool) -> Types:
        wanted = _UNARY[node.operator]
        types = self.of(node.operand, lenient=lenient)
        self.expect(types, wanted, node.operand, node.operator)
        return wanted if types is None else types & wanted

    def expect(self, types: Types, wanted: frozenset[str], operand: Node, operator: str) -> None:
        if types and types - wanted:
            self.clashes.append(Clash(tuple(sorted(types)), _name(operand, operator), certain=not types & wanted))

    def chain(self, node: Chain, *, lenient: bool) -> Types:
        types, left = self.of(node.first, lenient=lenient), node.first
        for step in node.steps:
            types = self.step(types, left, step, lenient=lenient)
            left = step.operand
        return types

    def step(self, left: Types, node: Node, step: ChainLink, *, lenient: bool) -> Types:
        right = self.of(step.operand, lenient=lenient)
        operator = step.operator
        if operator in _LOGIC or operator in _BITS:
            wanted = BOOLEAN if operator in _LOGIC else INTEGER
            self.expect(left, wanted, node, operator)
            self.expect(right, wanted, step.operand, operator)
            return wanted
        self.pair(left, right, node, step, lenient=lenient)
        if operator in _EQUALITY or operator in _ORDER:
            return BOOLEAN
        return _sum(left, right, lenient=lenient) if operator == "+" else _product(left, right)

    def pair(self, left: Types, right: Types, node: Node, step: ChainLink, *, lenient: bool) -> None:
        if left is None or right is None:
            self.alone(left if right is None else right, step)
            return
        pairs = [_fits(one, other, step.operator, lenient=lenient) for one in left for other in right]
        if not all(pairs):
            of = _name(node if isinstance(node, VariableReference) else step.operand, step.operator)
            self.clashes.append(Clash((*sorted(left), *sorted(right)), of, certain=not any(pairs)))

    def alone(self, types: Types, step: ChainLink) -> None:
        """One side is unknown: only a type that the operator never takes can be told."""
        if types and not any(_fits(one, one, step.operator, lenient=False) for one in types):
            self.clashes.append(Clash(tuple(sorted(types)), step.operator, certain=True))

    def call(self, node: Call, *, lenient: bool) -> Types:
        for argument in node.arguments:
            self.of(argument, lenient=lenient)
        if node.function == "convert" and isinstance(node.arguments[0], TypeName):
            return frozenset({node.arguments[0].name})
        return frozenset({FUNCTIONS[node.function].result})


def _name(node: Node, operator: str) -> str:
    return f"$variable.{node.name}" if isinstance(node, VariableReference) else operator


def _fits(one: str, other: str, operator: str, *, lenient: bool) -> bool:
    if one in NUMERIC_TYPES and other in NUMERIC_TYPES:
        return True
    if operator in _EQUALITY:
        return one == other
    if operator == "+" and lenient and {one, other} <= {*NUMERIC_TYPES, *STRING}:
        return True
    return one == other == "String" and (operator == "+" or operator in _ORDER)


def _product(left: Types, right: Types) -> frozenset[str]:
    if left == INTEGER == right:
        return INTEGER
    if left == frozenset() or right == frozenset():
        return frozenset()
    decimal = frozenset({"Decimal"})
    return decimal if decimal in {left, right} else NUMERIC_TYPES


def _sum(left: Types, right: Types, *, lenient: bool) -> Types:
    if left is None and right is None:
        return None
    strings = [left is None or bool(left & STRING), right is None or bool(right & STRING)]
    numbers = all(types is None or types & NUMERIC_TYPES for types in (left, right))
    joined = STRING if all(strings) or (lenient and any(strings)) else frozenset()
    return joined | (_product(left, right) if numbers else frozenset())
