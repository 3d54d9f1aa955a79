"""A tree to one function of the scope, composed once: what runs per message is closures, no tree and no text.

Undefined is a value and travels (`UNDEFINED`); an invalid operation is the exception `Unevaluable` and ends the whole
expression.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from distributary.iot_events.expression import operators
from distributary.iot_events.expression.closures import (
    ASK,
    all_of,
    any_of,
    apply_one,
    apply_two,
    compare_with,
    constant,
    fold,
)
from distributary.iot_events.expression.errors import Unevaluable
from distributary.iot_events.expression.functions import FUNCTIONS, type_of
from distributary.iot_events.expression.parser import parse_expression
from distributary.iot_events.expression.references import reference, variable
from distributary.iot_events.expression.scope import Evaluate, Scope
from distributary.iot_events.expression.tree import (
    Call,
    Chain,
    InputReference,
    Literal,
    Node,
    Template,
    TypeName,
    Unary,
    VariableReference,
    walk,
)
from distributary.iot_events.values import MOST_TEXT, SCALARS, UNDEFINED, plain


class Expression:
    """An expression, ready to run any number of times."""

    def __init__(self, text: str, *, declared: "Declared | None" = None) -> None:
        self.text = text
        self.tree = parse_expression(text)
        self._declared = declared

    @cached_property
    def run(self) -> Evaluate:
        """The bare function: gives any value of the language, containers and null included, or raises Unevaluable."""
        return _compile(self.tree, lenient=False, declared=self._declared or (lambda _input, _path: True))

    @cached_property
    def scalar(self) -> Evaluate:
        """The function that actions use: gives a scalar, or raises Unevaluable with this text."""
        run = self.run

        def scalar(scope: Scope) -> Any:
            try:
                value = run(scope)
            except Unevaluable as problem:
                raise Unevaluable(problem.reason, problem.column, self.text) from None
            if value.__class__ in SCALARS:
                return value
            raise Unevaluable(f"the result is {type_of(value).lower()}", self.tree.column, self.text)

        return scalar

    def nodes(self) -> tuple[Node, ...]:
        """Every node of the tree."""
        return tuple(walk(self.tree))


Declared = Callable[[str, tuple[str | int, ...]], bool]
"""Whether a path into an input may be read; what may not is undefined."""


def compile_expression(text: str, *, declared: Declared | None = None) -> Expression:
    """The text as a runnable expression; ExpressionError names the column of what is wrong with it."""
    return Expression(text, declared=declared)


def _compile(node: Node, *, lenient: bool, declared: Declared) -> Evaluate:  # noqa: PLR0911 - one a kind of node
    def inner(child: Node) -> Evaluate:
        return _compile(child, lenient=lenient, declared=declared)

    match node:
        case Literal():
            return constant(node.value)
        case VariableReference():
            return variable(node.name)
        case InputReference():
            return reference(node) if declared(node.input, node.path) else constant(UNDEFINED)
        case Unary():
            return apply_one(operators.UNARY[node.operator], inner(node.operand), node.column)
        case Chain():
            return _chain(node, inner, lenient=lenient)
        case Template():
            return _template(node, declared)
        case Call():
            return _call(node, inner)
        case TypeName():
            return constant(node.name)


def _chain(node: Chain, inner: Callable[[Node], Evaluate], *, lenient: bool) -> Evaluate:
    first = inner(node.first)
    operator = node.steps[0].operator
    if operator in {"&&", "||"}:
        operands = [(first, node.first.column), *((inner(step.operand), step.operand.column) for step in node.steps)]
        return all_of(operands) if operator == "&&" else any_of(operands)
    table = operators.LENIENT if lenient else operators.BINARY
    steps = [(table[step.operator], inner(step.operand), step.column) for step in node.steps]
    last = node.steps[0].operand
    if len(steps) == 1 and operator in operators.COMPARISONS and isinstance(last, Literal):
        return compare_with(operators.COMPARISONS[operator], first, last.value, steps[0])
    return apply_two(first, *steps[0]) if len(steps) == 1 else fold(first, steps)


def _template(node: Template, declared: Declared) -> Evaluate:
    parts: list[tuple[Evaluate, int]] = [
        (constant(part), node.column)
        if isinstance(part, str)
        else (_compile(part, lenient=True, declared=declared), part.column)
        for part in node.parts
    ]

    def fill(scope: Scope) -> str:
        texts, length = [], 0
        for part, column in parts:
            value = part(scope)
            if value.__class__ not in SCALARS:
                raise Unevaluable(f"{type_of(value).lower()} inside ${{}}", column)
            texts.append(plain(value))
            length += len(texts[-1])
            if length > MOST_TEXT:
                raise Unevaluable(f"a string longer than {MOST_TEXT} characters", column)
        return "".join(texts)

    return fill


def _call(node: Call, inner: Callable[[Node], Evaluate]) -> Evaluate:
    function = FUNCTIONS[node.function]
    arguments = [inner(argument) for argument in node.arguments]
    if function.apply is None:
        argument = node.arguments[0]
        return ASK[node.function](str(argument.value) if isinstance(argument, Literal) else "")
    if len(arguments) == 1:
        return apply_one(function.apply, arguments[0], node.column)
    plainly = function.apply
    return apply_two(arguments[0], lambda _scope, one, other: plainly(one, other), arguments[1], node.column)
