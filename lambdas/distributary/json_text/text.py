"""Strict JSON that keeps its written form: posted text is checked and cut into pieces, never written anew.

The C scanner of the standard library does the work. What it lets through and we do not (a name twice, NaN, half a
surrogate pair, deep nesting) is walked for only where a cheap test says that it is there.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from distributary.errors import BadEvent
from distributary.json_text.bounds import has_half_character, is_deeper
from distributary.json_text.fault import (
    MAX_DEPTH,
    STRING,
    JsonPath,
    NotJson,
    Repeated,
    broken_rule,
    malformed,
    too_deep,
)

# Any CPython converts this many digits, whatever its limit (sys.int_info.str_digits_check_threshold); longer numbers
# become floats, mostly infinite, so that no one pays for quadratic time. Their written form stands in the text anyway.
_INTEGER_LENGTH = 640

_BLANK = re.compile(r"[ \t\n\r]*")
# For the lone quotation mark see json_fault.
_BRACKETS = re.compile(rf'{STRING}|"|[\[{{]++|[\]}}]++', re.DOTALL)


class Element(NamedTuple):
    """One JSON value: its text as posted (line breaks between tokens become blanks) and what it means."""

    text: str
    value: Any


def parse_json(text: str) -> Element:
    """The one JSON value that the text is. Raises BadEvent."""
    element = _Scanner().whole(text)
    if isinstance(element, BadEvent):
        raise element
    return element


def cut_lines(text: str) -> Iterator[tuple[int, Element | BadEvent]]:
    """The number and the value of each line that is not blank; a BadEvent takes the place of a line that is no JSON."""
    scanner = _Scanner()
    for number, line in enumerate(text.split("\n"), start=1):
        if blank_end(line, 0) != len(line):
            try:
                yield number, scanner.whole(line)
            except BadEvent as error:
                yield number, error


def cut_array(text: str) -> Iterator[Element | BadEvent]:
    """The elements of the array that the text is, one by one; a BadEvent takes the place of one that breaks a rule.

    Raises BadEvent, its pointer counted from the array, where the text is no JSON, so that no one can cut it.
    """
    scanner = _Scanner()
    position = blank_end(text, blank_end(text, 0) + 1)
    index = 0
    more = not text.startswith("]", position)
    while more:
        element, end = scanner.scan(text, position, (index,))
        yield element
        position = blank_end(text, end)
        more = text.startswith(",", position)
        if more:
            position = blank_end(text, position + 1)
            index += 1
    if not text.startswith("]", position):
        raise malformed(text, position, "expecting ',' or ']'", (index,))
    if blank_end(text, position + 1) != len(text):
        raise malformed(text, blank_end(text, position + 1), "more text after the array")


def blank_end(text: str, start: int) -> int:
    """The first position from `start` on that holds no JSON white space."""
    blank = _BLANK.match(text, start)
    return blank.end() if blank else start


class _Scanner:
    """Reads values out of texts; whatever the C scanner meets that JSON forbids raises a flag."""

    def __init__(self) -> None:
        self._flag = False
        hooks: dict[str, Any] = {"object_pairs_hook": self._object, "parse_constant": self._constant}
        self._decode = json.JSONDecoder(**hooks).raw_decode
        self._decode_long = json.JSONDecoder(**hooks, parse_int=_integer).raw_decode

    def whole(self, text: str) -> Element | BadEvent:
        """The one value of a text. Raises BadEvent where it is malformed."""
        element, end = self.scan(text, blank_end(text, 0), ())
        end = blank_end(text, end)
        if end != len(text):
            raise malformed(text, end, "more text after the value")
        return element

    def scan(self, text: str, start: int, path: JsonPath) -> tuple[Element | BadEvent, int]:
        """The value that begins at `start` and where it ends. Raises BadEvent where there is no end: malformed."""
        self._flag = False
        try:
            value, end = self._value(text, start)
        except json.JSONDecodeError as error:
            raise malformed(text, error.pos, error.msg.strip(": "), path, start) from None
        except RecursionError:
            return too_deep(), _skip(text, start, path)
        piece = text[start:end]
        if self._breaks_a_rule(piece, value):
            fault = broken_rule(value)
            if fault:
                return fault, end
        if "\n" in piece or "\r" in piece:
            # Between tokens only, since a JSON string cannot hold them: one event stays one line.
            piece = piece.replace("\n", " ").replace("\r", " ")
        return Element(piece, value), end

    def _breaks_a_rule(self, piece: str, value: Any) -> bool:
        """Whether it is worth to walk through all of it to say where."""
        deep = piece.count("[") + piece.count("{") > MAX_DEPTH and is_deeper(value, MAX_DEPTH)
        return deep or self._flag or (("\\ud" in piece or "\\uD" in piece) and has_half_character(piece))

    def _value(self, text: str, start: int) -> tuple[Any, int]:
        try:
            return self._decode(text, start)
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer over CPython's limit of 4,300 digits
            return self._decode_long(text, start)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        self._flag = True
        repeated = Repeated(members)
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                repeated.name = name
                break
            seen.add(name)
        return repeated

    def _constant(self, name: str) -> float:
        self._flag = True
        return NotJson(name)


def _skip(text: str, start: int, path: JsonPath) -> int:
    """Where a value ends that is nested too deeply to be read, by its brackets. Raises BadEvent."""
    depth = 0
    for token in _BRACKETS.finditer(text, start):
        run = token[0]
        if run == '"':
            break
        if run[0] in "[{":
            depth += len(run)
        elif run[0] in "]}":
            depth -= len(run)
            if depth <= 0:  # the run of closers may reach beyond this value
                return token.end() + depth
    raise malformed(text, len(text), "brackets that never close", path)


def _integer(text: str) -> float:
    return int(text) if len(text) <= _INTEGER_LENGTH else float(text)
