"""What is wrong with JSON text, and where: faults as BadEvent, each with its JSON pointer."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from distributary.errors import BadEvent

MAX_DEPTH = 128
_POINTER_LENGTH = 200
_PATH_LENGTH = 1024 * 1024
"""How much text is read again to say where in it a fault is."""

STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
"""A JSON string as a regular expression that never looks back."""

_SURROGATE = re.compile("[\ud800-\udfff]")
# A quotation mark on its own opens a string that never ends: whoever meets it must stop, or reading becomes quadratic.
_TOKENS = re.compile(rf'{STRING}|"|[\[\]{{}}]|[^"\[\]{{}}]++', re.DOTALL)

JsonPath = Sequence[str | int]


class Repeated(dict[str, Any]):
    """An object in which `name` stood twice."""

    name: str


class NotJson(float):
    """NaN or Infinity, which Python reads and JSON does not know."""


def broken_rule(value: Any) -> BadEvent | None:
    """The first rule that a value breaks which the C scanner let through."""
    return _fault(value, [])


def _fault(value: Any, path: list[str | int]) -> BadEvent | None:
    if isinstance(value, dict | list):
        if len(path) >= MAX_DEPTH:
            return too_deep()
        return _object_fault(value, path) if isinstance(value, dict) else _members_fault(enumerate(value), path)
    if isinstance(value, str) and _SURROGATE.search(value):
        return BadEvent("LoneSurrogate", "half of a surrogate pair stands in a string", pointer(path))
    if isinstance(value, NotJson):
        return BadEvent("InvalidNumber", "NaN and Infinity are no JSON", pointer(path))
    return None


def _object_fault(value: dict[str, Any], path: list[str | int]) -> BadEvent | None:
    if isinstance(value, Repeated):
        return BadEvent("DuplicateKey", "a member's name stands twice in one object", pointer([*path, value.name]))
    if any(_SURROGATE.search(name) for name in value):
        return BadEvent("LoneSurrogate", "half of a surrogate pair stands in a member's name", pointer(path))
    return _members_fault(value.items(), path)


def _members_fault(members: Iterable[tuple[str | int, Any]], path: list[str | int]) -> BadEvent | None:
    path.append(0)  # one list for the whole walk: copying it would cost its depth at every value
    for step, item in members:
        path[-1] = step
        fault = _fault(item, path)
        if fault:
            return fault
    path.pop()
    return None


def pointer(path: JsonPath) -> str:
    """The JSON pointer (RFC 6901) of a path, ending early where names are so long that it would echo a payload."""
    text = ""
    for step in path:
        longer = f"{text}/{str(step).replace('~', '~0').replace('/', '~1')}"
        if len(longer) > _POINTER_LENGTH or _SURROGATE.search(longer):
            break
        text = longer
    return text


def too_deep() -> BadEvent:
    """The fault of a value with more levels than we follow."""
    return BadEvent("TooDeep", f"nested deeper than {MAX_DEPTH} levels")


def malformed(text: str, position: int, what: str, path: JsonPath = (), start: int | None = None) -> BadEvent:
    """The fault at a position: `path` leads to the value that begins at `start`, in which the position lies."""
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    # CPython 3.13 and later blame a trailing comma itself, earlier ones what follows it: the place is one and the same.
    until = position + 1 if what.startswith("Illegal trailing comma") else position
    inside = () if start is None else _path_at(text, start, until)
    return BadEvent("MalformedJson", f"not JSON at line {line}, column {column}: {what}", pointer([*path, *inside]))


def _path_at(text: str, start: int, end: int) -> JsonPath:
    """The path of the value that stands at `end` inside the value that begins at `start`."""
    path: list[str | int | None] = []
    if end - start > _PATH_LENGTH:
        return ()
    for token in _TOKENS.finditer(text, start, end):
        match token[0]:
            case '"':
                break
            case "{":
                path.append(None)
            case "[":
                path.append(0)
            case "}" | "]":
                path.pop()
            case name if name[0] == '"':
                if path and path[-1] is None:
                    path[-1] = json.loads(name)
            case between if "," in between:
                path[-1] = path[-1] + between.count(",") if isinstance(path[-1], int) else None
    return [step for step in path if step is not None]
