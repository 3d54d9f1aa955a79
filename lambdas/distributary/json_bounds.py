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


def is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and arrays stand in each other more than so many levels deep; looks once at each value."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        if not level:
            return False
        level = [
            one
            for outer in level
            for one in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(one, dict | list)
        ]
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

    The marks between values are counted first: where they are few, the text need not be looked through.
    """
    if text.count(",") + text.count(":") + 2 * (text.count("[") + text.count("{")) < most:
        return False
    return next(islice(_VALUES.finditer(text), most, None), None) is not None
