"""Text to tokens, in one pass over the text however deeply templates nest."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from distributary.iot_events.expression.errors import ExpressionError

EXPRESSION_CHARACTERS = 4 * 1024
"""No longer text is looked at, whatever the limits of a stage are."""


class Token(NamedTuple):
    """A piece of the text: `kind` is the sign itself, or number, string, text, name, reference or end."""

    kind: str
    text: str
    column: int


_IDENTIFIER = r"(?:[A-Za-z][A-Za-z0-9_]*|`[^`]*`|[0-9]{1,9})"
_CODE = re.compile(
    rf"""(?P<space>\s+)
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<reference>\$(?:input|variable)(?:\.{_IDENTIFIER}|\[[0-9]{{1,9}}\])+)
    |(?P<name>[A-Za-z][A-Za-z0-9_]*)
    |(?P<operator>\|\||&&|==|!=|<=|>=|[-|^&<>+*/!~(),])
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<quote>')
    |(?P<close>}})""",
    re.VERBOSE | re.DOTALL,
)
_TEXT = re.compile(r"(?P<text>(?:[^'\\$]|\\.|\$(?!\{))+)|(?P<open>\$\{)|(?P<quote>')", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"'": "'", '"': '"', "\\": "\\", "n": "\n", "t": "\t", "r": "\r"}


def tokens(expression: str) -> Iterator[Token]:
    """The expression's tokens, the last of kind `end`; ExpressionError at the first character that starts none."""
    if len(expression) > EXPRESSION_CHARACTERS:
        raise ExpressionError(expression, EXPRESSION_CHARACTERS, f"longer than {EXPRESSION_CHARACTERS} characters")
    position = 0
    quotes: list[int] = []  # columns of the single-quoted strings that are open around this place
    in_text = False
    while position < len(expression):
        match = (_TEXT if in_text else _CODE).match(expression, position)
        if match is None:
            raise ExpressionError(expression, position + 1, _why(expression, position))
        kind = str(match.lastgroup)
        if kind != "space":
            yield _token(expression, kind, match)
        if kind == "quote":
            in_text = not in_text
            _open_or_close(quotes, position + 1, opened=in_text)
        elif kind == "open":
            in_text = False
        elif kind == "close":
            if not quotes:
                raise ExpressionError(expression, position + 1, "a } that closes nothing")
            in_text = True
        position = match.end()
    if quotes:
        raise ExpressionError(expression, quotes[-1], "a string that does not end")
    yield Token("end", "", len(expression) + 1)


def _open_or_close(quotes: list[int], column: int, *, opened: bool) -> None:
    if opened:
        quotes.append(column)
    else:
        quotes.pop()


def _token(expression: str, kind: str, match: re.Match[str]) -> Token:
    text, column = match.group(), match.start() + 1
    if kind in {"operator", "quote", "open", "close"}:
        return Token(text, text, column)
    if kind == "string":
        return Token(kind, _unescape(expression, text[1:-1], column + 1), column)
    if kind == "text":
        return Token(kind, _unescape(expression, text, column), column)
    return Token(kind, text, column)


def _unescape(expression: str, text: str, column: int) -> str:
    def character(match: re.Match[str]) -> str:
        try:
            return _ESCAPES[match.group(1)]
        except KeyError:
            raise ExpressionError(expression, column + match.start(), f"unknown escape {match.group()}") from None

    return _ESCAPE.sub(character, text)


def _why(expression: str, position: int) -> str:
    character = expression[position]
    if character == '"':
        return "a string that does not end"
    if character == "$":
        return "a reference is $input.Name.path or $variable.name"
    return f"{character!r} starts nothing that an expression knows"
