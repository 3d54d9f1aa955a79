"""Cheap answers about JSON text and values, whatever a stranger wrote: one look, nothing is written anew."""

import re
from itertools import islice
from typing import Any

# Text without a backslash, escapes that are whole characters, and escaped surrogates in pairs: never looks back.
_WHOLE = re.compile(
    r"(?:[^\\]++|\\(?:[^u]|u(?![dD][89a-fA-F])|u[dD][89abAB]..\\u[dD][c-fC-F]))*+",
    re.DOTALL,
)
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# A string that never ends takes all the rest: whoever went on behind its quotation mark would meet it again and again.
_VALUES = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{]|[^\s\[\]{},:"]++', re.DOTALL)
_CONTAINERS = (dict, list)
_TOGETHER = 256
"""Of a million lists one level after the other, each was out of the processor's cache when its turn came."""


def is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and arrays stand in each other more than so many levels deep; looks once at each value."""
    return _reaches([value] if isinstance(value, _CONTAINERS) else [], levels)


def _reaches(level: list[Any], levels: int) -> bool:
    """Whether anything is left so many levels below these; a few at a time, as they lie together in memory."""
    while level and levels:
        if len(level) > _TOGETHER:
            parts = range(0, len(level), _TOGETHER)
            return any(_reaches(level[start : start + _TOGETHER], levels) for start in parts)
        level = [
            one
            for outer in level
            for one in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(one, _CONTAINERS)
        ]
        levels -= 1
    return bool(level)


def has_half_character(text: str) -> bool:
    """Whether JSON text has half a surrogate pair, as it is or escaped."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return True
    return _ESCAPED_SURROGATE.search(text) is not None and not _WHOLE.fullmatch(text)


def has_more_values(text: str, most: int) -> bool:
    """Whether JSON text has more than so many values: objects, arrays, strings (names included), numbers, literals.

    The marks around values are counted first, which is all that is needed where no string has many of them.
    """
    inside = text.count("[") + text.count("{") - text.count("[]") - text.count("{}")
    if text.count(",") + text.count(":") + inside < most:
        return False
    return next(islice(_VALUES.finditer(text), most, None), None) is not None
