"""Where a value stands in checked JSON text, and how it is written there: found by skipping, nothing is parsed again.

Texts are what `json_text` has let through: no name twice, nesting within its limit.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from json import JSONDecoder
from typing import Any

from distributary.json_text.fault import STRING

JsonStep = str | int
"""The name of a member, or the number of an element."""

_BLANK = re.compile(r"[ \t\n\r]*")
_BRACKETS = re.compile(rf"{STRING}|[\[{{]++|[\]}}]++", re.DOTALL)
_SCALAR = rf"{STRING}|[^\s\"\[{{,}}\]]++"
_FLAT = rf"[\[{{](?:{STRING}|[^\"\[\]{{}}]++)*+[\]}}]"
_SHALLOW = rf"[\[{{](?:{STRING}|[^\"\[\]{{}}]++|{_FLAT})*+[\]}}]"
# What has at most three levels is passed over by one pattern; deeper values, by their brackets.
_PASSED = rf"(?:{_SCALAR}|[\[{{](?:{STRING}|[^\"\[\]{{}}]++|{_SHALLOW})*+[\]}}])"
_VALUE = re.compile(_PASSED, re.DOTALL)
_read_name = JSONDecoder().raw_decode
_ELEMENTS = re.compile(rf"{_PASSED}\s*+,\s*+", re.DOTALL)


def member(text: str, name: str, *, last: bool = False) -> str:
    """The text of the member `name` of an object that has it; `last` where no other comes behind it."""
    start = _member_start(text, 0, name)
    return text[start:-1].rstrip() if last else text[start : value_end(text, start)]


def written_at(text: str, steps: Sequence[JsonStep]) -> str:
    """The text of the value to which the steps lead, from the outermost value that the text is."""
    start = _blank_end(text, 0)
    for step in steps:
        start = _member_start(text, start, step) if isinstance(step, str) else _element_start(text, start, step)
    return text[start : value_end(text, start)]


def value_end(text: str, start: int) -> int:
    """Where the value ends that begins at `start`."""
    if passed := _VALUE.match(text, start):
        return passed.end()
    depth = 0
    for token in _BRACKETS.finditer(text, start):
        run = token[0]
        if run[0] in "[{":
            depth += len(run)
        elif run[0] in "]}":
            depth -= len(run)
            if depth <= 0:  # the run of closers may reach beyond this value
                return token.end() + depth
    return len(text)


def steps_to(value: Any, wanted: object) -> list[JsonStep] | None:
    """The steps from a value to the very object inside of it; None where it is not there."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        if inner is wanted:
            return [step]
        if isinstance(inner, dict | list) and (more := steps_to(inner, wanted)) is not None:
            return [step, *more]
    return None


def _member_start(text: str, start: int, name: str) -> int:
    """Where the value of a member begins, in the object at `start`."""
    position = _blank_end(text, start + 1)
    while True:
        others = _others(name).match(text, position)
        found, position = _read_name(text, others.end() if others else position)
        position = _blank_end(text, _blank_end(text, position) + 1)
        if found == name:
            return position
        position = _blank_end(text, _blank_end(text, value_end(text, position)) + 1)


def _element_start(text: str, start: int, number: int) -> int:
    """Where an element begins, in the array at `start`."""
    position = _blank_end(text, start + 1)
    for _ in range(number):
        passed = _ELEMENTS.match(text, position)
        position = passed.end() if passed else _blank_end(text, _blank_end(text, value_end(text, position)) + 1)
    return position


@lru_cache(maxsize=64)
def _others(name: str) -> re.Pattern[str]:
    """Members before the one of this name, as many as have names without escapes and values of few levels."""
    other = rf'"(?!{re.escape(name)}")[^"\\]*+"\s*+:\s*+{_PASSED}\s*+,\s*+'
    return re.compile(rf"(?:{other})*+", re.DOTALL)


def _blank_end(text: str, start: int) -> int:
    blank = _BLANK.match(text, start)
    return blank.end() if blank else start
