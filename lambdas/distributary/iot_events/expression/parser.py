"""Tokens to a tree, by operator precedence: JavaScript's, as the CDK's construct library renders parentheses for it."""

import re
from decimal import Decimal
from functools import lru_cache

from distributary.iot_events.expression.errors import ExpressionError
from distributary.iot_events.expression.functions import FUNCTIONS, NAMED, TYPE_NAMES
from distributary.iot_events.expression.lexer import Token, tokens
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
from distributary.iot_events.values import decimal_from, integer_from

MOST_EXPRESSION_NESTING = 32
"""Parentheses, calls, templates and unary operators inside each other."""

_LEVELS = (("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
_POWER = {operator: power for power, operators in enumerate(_LEVELS, 1) for operator in operators}
_SEGMENT = re.compile(r"\.(?:`([^`]*)`|([A-Za-z0-9_]+))|\[([0-9]+)\]")


@lru_cache(maxsize=4096)  # reading, checking and compiling a model each look at every expression
def parse_expression(expression: str) -> Node:
    """The expression's tree; ExpressionError names the column of the first thing that is wrong."""
    return _Parser(expression).parse()


class _Parser:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.rest = iter(list(tokens(expression)))  # all of them first: what starts no token is the plainer error
        self.token = next(self.rest)
        self.depth = 0

    def parse(self) -> Node:
        node = self.operators(1)
        if self.token.kind != "end":
            raise self.wrong(f"{self.token.text!r} is not expected here")
        return node

    def wrong(self, reason: str, token: Token | None = None) -> ExpressionError:
        return ExpressionError(self.expression, (token or self.token).column, reason)

    def take(self, kind: str | None = None) -> Token:
        if kind is not None and self.token.kind != kind:
            raise self.wrong(f"{kind!r} is missing")
        taken = self.token
        if taken.kind != "end":
            self.token = next(self.rest)
        return taken

    def operators(self, least: int) -> Node:
        node = self.operand()
        while (power := _POWER.get(self.token.kind, 0)) >= least:
            steps = []
            while _POWER.get(self.token.kind) == power:
                operator = self.take()
                steps.append(ChainLink(operator.kind, self.operators(power + 1), operator.column))
            node = Chain(node, tuple(steps), node.column)
        return node

    def operand(self) -> Node:
        if self.depth == MOST_EXPRESSION_NESTING:
            raise self.wrong(f"nested more than {MOST_EXPRESSION_NESTING} deep")
        self.depth += 1
        node = self.prefix()
        self.depth -= 1
        return node

    def prefix(self) -> Node:  # noqa: PLR0911 - one a kind of operand
        token = self.take()
        match token.kind:
            case "-" if self.token.kind == "number":
                return self.number(self.take(), sign="-")
            case "!" | "~" | "-":
                return Unary(token.kind, self.operand(), token.column)
            case "(":
                node = self.operators(1)
                self.take(")")
                return node
            case "number":
                return self.number(token)
            case "string":
                return Literal(token.text, token.column)
            case "'":
                return self.template(token)
            case "reference":
                return self.reference(token)
            case "name":
                return self.name(token)
        raise self.wrong("a value is missing" if token.kind == "end" else f"{token.text!r} is not expected here", token)

    def number(self, token: Token, sign: str = "") -> Literal:
        digits = sign + (token.text.lstrip("0") or "0")
        value = decimal_from(digits) if "." in digits else integer_from(digits)
        if not isinstance(value, (int, Decimal)):
            raise self.wrong("a number of more than 34 digits", token)
        return Literal(value, token.column)

    def template(self, opening: Token) -> Node:
        parts: list[str | Node] = []
        while self.token.kind != "'":
            if self.token.kind == "text":
                parts.append(self.take().text)
            else:
                self.take("${")
                parts.append(self.operators(1))
                self.take("}")
        self.take("'")
        if all(isinstance(part, str) for part in parts):
            return Literal("".join(str(part) for part in parts), opening.column)
        return Template(tuple(parts), opening.column)

    def reference(self, token: Token) -> Node:
        path = [int(index) if index else quoted or name for quoted, name, index in _SEGMENT.findall(token.text)]
        if not all(isinstance(part, int) or part for part in path):
            raise self.wrong("a reference with an empty segment", token)
        first, *others = path
        if isinstance(first, int):
            raise self.wrong("a reference starts with a name, not an index", token)
        if token.text.startswith("$input"):
            return InputReference(first, tuple(others), token.column)
        if others:
            raise self.wrong("a variable has no members", token)
        return VariableReference(first, token.column)

    def name(self, token: Token) -> Node:
        if token.text in {"true", "false"}:
            return Literal(token.text == "true", token.column)
        if token.text not in FUNCTIONS:
            raise self.wrong(f"unknown name {token.text!r}", token)
        self.take("(")
        arguments = self.arguments(token)
        if len(arguments) != FUNCTIONS[token.text].arity:
            raise self.wrong(
                f"{token.text} takes {FUNCTIONS[token.text].arity} argument(s), not {len(arguments)}", token
            )
        if token.text in NAMED and not (isinstance(arguments[0], Literal) and isinstance(arguments[0].value, str)):
            raise self.wrong(f"{token.text} takes a name in quotes", token)
        return Call(token.text, arguments, token.column)

    def arguments(self, function: Token) -> tuple[Node, ...]:
        arguments: list[Node] = []
        while self.token.kind != ")":
            if arguments:
                self.take(",")
            if function.text == "convert" and not arguments:
                arguments.append(self.type_name())
            else:
                arguments.append(self.operators(1))
        self.take(")")
        return tuple(arguments)

    def type_name(self) -> TypeName:
        token = self.take()
        if token.kind != "name" or token.text not in TYPE_NAMES:
            raise self.wrong(f"convert takes one of {', '.join(TYPE_NAMES)} first", token)
        return TypeName(token.text, token.column)
