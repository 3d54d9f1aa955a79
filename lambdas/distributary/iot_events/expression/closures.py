"""What compiled expressions are composed of: each closure takes what its operands were compiled to."""

from collections.abc import Callable
from typing import Any

from distributary.iot_events.expression import operators
from distributary.iot_events.expression.errors import Unevaluable
from distributary.iot_events.expression.scope import Evaluate, Scope
from distributary.iot_events.values import NUMBERS

Apply = Callable[[Scope, Any, Any], Any]
OperatorUse = tuple[Apply, Evaluate, int]
"""What an operator does, its right operand, its column."""


def constant(value: Any) -> Evaluate:
    """Always the value."""
    return lambda _scope: value


def apply_one(function: Callable[[Any], Any], operand: Evaluate, column: int) -> Evaluate:
    """The function of one operand."""

    def apply(scope: Scope) -> Any:
        value = operand(scope)
        try:
            return function(value)
        except (Unevaluable, ArithmeticError) as problem:
            raise operators.located(problem, column) from None

    return apply


def apply_two(left: Evaluate, function: Apply, right: Evaluate, column: int) -> Evaluate:
    """The function of two operands, both evaluated."""

    def apply(scope: Scope) -> Any:
        one, other = left(scope), right(scope)
        try:
            return function(scope, one, other)
        except (Unevaluable, ArithmeticError) as problem:
            raise operators.located(problem, column) from None

    return apply


def fold(first: Evaluate, steps: list[OperatorUse]) -> Evaluate:
    """A chain of operators of one precedence, from the left."""

    def folded(scope: Scope) -> Any:
        value = first(scope)
        for function, operand, column in steps:
            other = operand(scope)
            try:
                value = function(scope, value, other)
            except (Unevaluable, ArithmeticError) as problem:
                raise operators.located(problem, column) from None
        return value

    return folded


def compare_with(test: Callable[[Any, Any], bool], left: Evaluate, bound: Any, step: OperatorUse) -> Evaluate:
    """What most conditions are: something against a constant. Only a number against a number takes the short way."""
    if bound.__class__ not in NUMBERS:
        return apply_two(left, *step)
    function, _, column = step

    def compare(scope: Scope) -> Any:
        value = left(scope)
        if value.__class__ in NUMBERS:
            return test(value, bound)
        try:
            return function(scope, value, bound)
        except Unevaluable as problem:
            raise operators.located(problem, column) from None

    return compare


def all_of(operands: list[tuple[Evaluate, int]]) -> Evaluate:
    """`&&`: operands, each with its column, up to the first that is not true."""
    *early, (last, last_column) = operands

    def conjunction(scope: Scope) -> Any:
        for operand, column in early:
            value = operand(scope)
            if value is not True:
                return value if value is False else operators.undefined_only(value, "&&", column)
        value = last(scope)
        return value if value is True or value is False else operators.undefined_only(value, "&&", last_column)

    return conjunction


def any_of(operands: list[tuple[Evaluate, int]]) -> Evaluate:
    """`||`: operands, each with its column, up to the first that is true."""

    def disjunction(scope: Scope) -> Any:
        for operand, column in operands:
            value = operand(scope)
            if value is True:
                return True
            if value is not False:
                operators.undefined_only(value, "||", column)
        return False

    return disjunction


def _timeout(name: str) -> Evaluate:
    def timeout(scope: Scope) -> bool:
        if name not in scope.expired:
            return False
        scope.asked.add(name)
        return True

    return timeout


def _trigger_type(name: str) -> Evaluate:
    wanted = name.lower()
    return lambda scope: scope.trigger.lower() == wanted


def _current_input(name: str) -> Evaluate:
    return lambda scope: scope.input == name


ASK = {"timeout": _timeout, "triggerType": _trigger_type, "currentInput": _current_input}
"""What asks the cycle instead of an operand, by the function's name."""
