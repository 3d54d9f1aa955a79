"""References to functions: how an input's payload is walked along a path, and a variable looked up."""

from typing import Any

from distributary.iot_events.expression.scope import Evaluate, Scope
from distributary.iot_events.expression.tree import InputReference, is_index
from distributary.iot_events.values import UNDEFINED


def variable(name: str) -> Evaluate:
    """The variable's value, or UNDEFINED."""

    def read(scope: Scope) -> Any:
        return scope.variables.get(name, UNDEFINED)

    return read


def reference(node: InputReference) -> Evaluate:
    """Whatever is at the path in the input's payload, or UNDEFINED."""
    name, path = node.input, node.path
    if not any(map(is_index, path)):
        return _member(name, path)

    def at_path(scope: Scope) -> Any:
        value = scope.inputs.get(name, UNDEFINED)
        for segment in path:
            value = _descend(value, segment)
        return value

    return at_path


def _member(name: str, path: tuple[str | int, ...]) -> Evaluate:
    """The short way for a path without an array: subscripting by a name fails on everything but an object."""
    if len(path) == 1:
        return _own_member(name, path[0])

    def at_member(scope: Scope) -> Any:
        value = scope.inputs.get(name, UNDEFINED)
        try:
            for member in path:
                value = value[member]
        except (KeyError, TypeError):
            return UNDEFINED
        return value

    return at_member


def _own_member(name: str, member: str | int) -> Evaluate:
    """The shortest, for what most payloads are: an object of numbers."""

    def at_own_member(scope: Scope) -> Any:
        try:
            return scope.inputs[name][member]
        except (KeyError, TypeError):
            return UNDEFINED

    return at_own_member


def _descend(value: Any, segment: str | int) -> Any:
    kind = value.__class__
    if kind is dict and segment.__class__ is str:
        return value.get(segment, UNDEFINED)
    if kind is list and is_index(segment):
        index = int(segment)
        return value[index] if index < len(value) else UNDEFINED
    return UNDEFINED
