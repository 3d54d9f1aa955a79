"""The functions of the language, as a table: how many arguments each takes, what type it gives, and what it does."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from distributary.iot_events.expression.errors import Unevaluable
from distributary.iot_events.values import UNDEFINED, UNREADABLE, decimal_from, plain

TYPE_NAMES = ("String", "Boolean", "Decimal")
NAMED = frozenset({"timeout", "triggerType", "currentInput"})
"""Functions that ask about the cycle by a name in quotes; `evaluate` answers them."""

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class Function(NamedTuple):
    """`apply` takes the arguments' values; None where the function asks about the cycle instead."""

    arity: int
    result: str
    apply: Callable[..., Any] | None = None


def _on_strings(test: Callable[[str, str], bool]) -> Callable[[Any, Any], Any]:
    def apply(one: Any, other: Any) -> Any:
        return test(one, other) if one.__class__ is str and other.__class__ is str else UNDEFINED

    return apply


def _on_integers(operation: Callable[..., int]) -> Callable[..., Any]:
    def apply(*operands: Any) -> Any:
        return operation(*operands) if all(operand.__class__ is int for operand in operands) else UNDEFINED

    return apply


def _readable(value: Any) -> Any:
    if value is UNREADABLE:
        raise Unevaluable("a number outside 34 digits or exponent ±6143")
    return value


def convert(type_name: str, value: Any) -> Any:
    """The value as a `String`, `Boolean` or `Decimal`; Unevaluable for every pair that the language does not name."""
    kind = value.__class__
    if type_name == "String" and kind in {str, bool, int, Decimal}:
        return plain(value)
    if type_name == "Boolean" and (kind is bool or value in ("true", "false")):
        return value is True or value == "true"
    if type_name == "Decimal" and kind is Decimal:
        return value
    if type_name == "Decimal" and kind is str and _NUMBER.fullmatch(value):
        number = decimal_from(value)
        if isinstance(number, Decimal):
            return number
    raise Unevaluable(f"{type_of(value)} does not convert to {type_name}")


def type_of(value: Any) -> str:
    """The language's word for a value's type."""
    return _TYPE_OF.get(value.__class__) or str(getattr(value, "value", "null"))


_TYPE_OF = {str: "String", int: "Integer", Decimal: "Decimal", bool: "Boolean", dict: "Object", list: "Array"}

FUNCTIONS: dict[str, Function] = {
    "timeout": Function(1, "Boolean"),
    "triggerType": Function(1, "Boolean"),
    "currentInput": Function(1, "Boolean"),
    "isNull": Function(1, "Boolean", lambda value: _readable(value) is None),
    "isUndefined": Function(1, "Boolean", lambda value: _readable(value) is UNDEFINED),
    "convert": Function(2, "", convert),
    "startsWith": Function(2, "Boolean", _on_strings(str.startswith)),
    "endsWith": Function(2, "Boolean", _on_strings(str.endswith)),
    "contains": Function(2, "Boolean", _on_strings(str.__contains__)),
    "bitor": Function(2, "Integer", _on_integers(int.__or__)),
    "bitand": Function(2, "Integer", _on_integers(int.__and__)),
    "bitxor": Function(2, "Integer", _on_integers(int.__xor__)),
    "bitnot": Function(1, "Integer", _on_integers(int.__invert__)),
}
