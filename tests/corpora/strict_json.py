"""JSON as the contract takes it, said a second time and slowly: what a body holds, and what is wrong with each value.

Nothing of it is the library's: it is what the library is compared with.
"""

import json
import re
import sys
from typing import Any, NamedTuple

MOST_LEVELS = 128
BLANKS = " \t\n\r"
SURROGATE = re.compile("[\ud800-\udfff]")


class Element(NamedTuple):
    """One value: its text as it must arrive, and whether it may be taken."""

    text: str
    good: bool


class Twice(list[Any]):
    """An object that names a member twice."""


def element(text: str) -> Element | None:
    """The one value that the text is; None where it is no JSON."""
    found = _scan(text, _skipped(text, 0))
    if found is None or _skipped(text, found[1]) != len(text):
        return None
    return found[0]


def elements(text: str) -> list[Element] | None:
    """The elements of the array that the text is; None where it is no JSON."""
    place = _skipped(text, _skipped(text, 0) + 1)
    found: list[Element] = []
    if text.startswith("]", place):
        return found if _skipped(text, place + 1) == len(text) else None
    while True:
        one = _scan(text, place)
        if one is None:
            return None
        found.append(one[0])
        place = _skipped(text, one[1])
        if text.startswith("]", place):
            return found if _skipped(text, place + 1) == len(text) else None
        if not text.startswith(",", place):
            return None
        place = _skipped(text, place + 1)


def members(text: str) -> dict[str, str]:
    """The text of each member's value, of an object that `element` calls good."""
    found: dict[str, str] = {}
    place = _skipped(text, _skipped(text, 0) + 1)
    while not text.startswith("}", place):
        name, place = DECODER.raw_decode(text, place)
        start = _skipped(text, _skipped(text, place) + 1)
        _, end = DECODER.raw_decode(text, start)
        found[name] = text[start:end]
        place = _skipped(text, end)
        if text.startswith(",", place):
            place = _skipped(text, place + 1)
    return found


def _scan(text: str, start: int) -> tuple[Element, int] | None:
    try:
        value, end = DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    piece = text[start:end]
    return Element(piece.replace("\n", " ").replace("\r", " "), _is_good(value)), end


def _skipped(text: str, start: int) -> int:
    while start < len(text) and text[start] in BLANKS:
        start += 1
    return start


def _is_good(value: Any) -> bool:
    level, depth = [value], 0
    while level:
        if any(isinstance(one, Twice) or one is NO_NUMBER or _has_half(one) for one in level):
            return False
        level = [inner for one in level if isinstance(one, dict | list) for inner in _inside(one)]
        depth += 1
        if depth >= MOST_LEVELS and any(isinstance(one, dict | list) for one in level):
            return False
    return True


def _inside(value: dict[str, Any] | list[Any]) -> list[Any]:
    return [*value.keys(), *value.values()] if isinstance(value, dict) else value


def _has_half(value: Any) -> bool:
    return isinstance(value, str) and SURROGATE.search(value) is not None


def _object(pairs: list[tuple[str, Any]]) -> Any:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Twice()


NO_NUMBER = object()
DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=lambda _: NO_NUMBER, parse_int=lambda _: 0, parse_float=lambda _: 0.0
)
sys.setrecursionlimit(20_000)
