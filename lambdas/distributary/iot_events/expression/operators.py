"""What each operator does with two values, or one: results as values, type clashes as Unevaluable."""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from distributary.iot_events.expression.errors import Unevaluable
from distributary.iot_events.expression.functions import type_of
from distributary.iot_events.values import (
    ARITHMETIC,
    LEAST_INTEGER,
    MOST_INTEGER,
    MOST_TEXT,
    NUMBERS,
    UNDEFINED,
    UNREADABLE,
    plain,
)


def located(problem: Exception, column: int) -> Unevaluable:
    """The problem, at the innermost operator that had it."""
    if isinstance(problem, Unevaluable):
        return Unevaluable(problem.reason, problem.column or column)
    return Unevaluable(_ARITHMETIC.get(problem.__class__.__name__, "a result outside exponent ±6143"), column)


_ARITHMETIC = {"DivisionByZero": "division by zero", "ZeroDivisionError": "division by zero"}


def undefined_only(value: Any, symbol: str, column: int) -> Any:
    """UNDEFINED where the value is undefined or null; Unevaluable for everything else."""
    if value is UNDEFINED or value is None:
        return UNDEFINED
    raise Unevaluable(f"{symbol} takes Booleans, not {type_of(value)}", column)


def _clash(symbol: str, one: Any, other: Any) -> Any:
    """UNDEFINED if a side is undefined, which passes through every operator; else the types do not fit."""
    if UNREADABLE in (one, other):
        raise Unevaluable("a number outside 34 digits or exponent ±6143")
    if one is UNDEFINED or one is None or other is UNDEFINED or other is None:
        return UNDEFINED
    raise Unevaluable(f"incompatible data types [{type_of(one)}, {type_of(other)}] for {symbol}")


def _integer(value: int) -> int | Decimal:
    return value if LEAST_INTEGER <= value <= MOST_INTEGER else ARITHMETIC.create_decimal(value)


def _joined(one: str, other: str) -> str:
    if len(one) + len(other) > MOST_TEXT:
        raise Unevaluable(f"a string longer than {MOST_TEXT} characters")
    return one + other


def _number_operation(
    symbol: str, on_integers: Callable[[int, int], int], on_decimals: Callable[[Any, Any], Decimal]
) -> Callable[[Any, Any, Any], Any]:
    def apply(_scope: Any, one: Any, other: Any) -> Any:
        if one.__class__ is int and other.__class__ is int:
            value = on_integers(one, other)
            return value if LEAST_INTEGER <= value <= MOST_INTEGER else ARITHMETIC.create_decimal(value)
        if one.__class__ in NUMBERS and other.__class__ in NUMBERS:
            return on_decimals(one, other)
        return _clash(symbol, one, other)

    return apply


def _divide(dividend: int, divisor: int) -> int:
    """Toward zero, as Java does it."""
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


_add_numbers = _number_operation("+", operator.add, ARITHMETIC.add)


def _add(scope: Any, one: Any, other: Any) -> Any:
    if one.__class__ is str and other.__class__ is str:
        return _joined(one, other)
    return _add_numbers(scope, one, other)


def _add_in_template(scope: Any, one: Any, other: Any) -> Any:
    kinds = {one.__class__, other.__class__}
    if str in kinds and kinds <= {str, int, Decimal}:
        return _joined(plain(one), plain(other))
    return _add_numbers(scope, one, other)


def _bitwise(symbol: str, operation: Callable[[int, int], int]) -> Callable[[Any, Any, Any], Any]:
    def apply(_scope: Any, one: Any, other: Any) -> Any:
        if one.__class__ is int and other.__class__ is int:
            return operation(one, other)
        return _clash(symbol, one, other)

    return apply


def _ordered(symbol: str, test: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Any], Any]:
    def apply(_scope: Any, one: Any, other: Any) -> Any:
        if one.__class__ in NUMBERS and other.__class__ in NUMBERS:
            return test(one, other)
        if one.__class__ is str and other.__class__ is str:
            return test(one, other)
        return _clash(symbol, one, other)

    return apply


_COMPARABLE = frozenset({str, bool})


def _equality(symbol: str, *, negated: bool) -> Callable[[Any, Any, Any], Any]:
    """`==` of an undefined side is undefined, `!=` is true: models test with it whether a variable was ever set."""

    def apply(scope: Any, one: Any, other: Any) -> Any:
        kind = one.__class__
        if (kind is other.__class__ and kind in _COMPARABLE) or (kind in NUMBERS and other.__class__ in NUMBERS):
            return (one == other) is not negated
        if {kind, other.__class__} <= {str, bool, int, Decimal}:
            scope.remarks.append(_incompatible(symbol, one, other))
            return negated
        return _clash(symbol, one, other) if not negated else _clash(symbol, one, other) is UNDEFINED

    return apply


def _incompatible(symbol: str, one: Any, other: Any) -> Unevaluable:
    return Unevaluable(f"incompatible data types [{type_of(one)}, {type_of(other)}] for {symbol}")


def _not(value: Any) -> Any:
    return not value if value is True or value is False else undefined_only(value, "!", 0)


def _invert(value: Any) -> Any:
    return ~value if value.__class__ is int else _undefined_operand("~ takes an integer", value)


def _negate(value: Any) -> Any:
    if value.__class__ is int:
        return _integer(-value)
    if value.__class__ is Decimal:
        return value.copy_negate()
    return _undefined_operand("- takes a number", value)


def _undefined_operand(rule: str, value: Any) -> Any:
    if value is UNDEFINED or value is None:
        return UNDEFINED
    raise Unevaluable(f"{rule}, not {type_of(value)}")


UNARY: dict[str, Callable[[Any], Any]] = {"!": _not, "~": _invert, "-": _negate}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
BINARY: dict[str, Callable[[Any, Any, Any], Any]] = {
    "+": _add,
    "-": _number_operation("-", operator.sub, ARITHMETIC.subtract),
    "*": _number_operation("*", operator.mul, ARITHMETIC.multiply),
    "/": _number_operation("/", _divide, ARITHMETIC.divide),
    "|": _bitwise("|", operator.or_),
    "^": _bitwise("^", operator.xor),
    "&": _bitwise("&", operator.and_),
    "==": _equality("==", negated=False),
    "!=": _equality("!=", negated=True),
    **{symbol: _ordered(symbol, COMPARISONS[symbol]) for symbol in ("<", "<=", ">", ">=")},
}
LENIENT = {**BINARY, "+": _add_in_template}
"""The same inside `${…}`, where a string plus a number joins."""
