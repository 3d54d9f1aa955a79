"""What is wrong with the expressions of rules: mistakes that JMESPath takes without a word among them.

Each fault says what is wrong and what to write, and shows the place under the expression.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import jmespath
from jmespath.exceptions import JMESPathError, LexerError, ParseError
from jmespath.functions import Functions

ATTRIBUTES = frozenset(
    {
        *("specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema"),
        *("dataref", "partitionkey", "explicithashkey", "traceparent", "tracestate"),
    }
)
"""What events have beside their data. A sender may add more: lower-case letters and digits, as CloudEvents have it."""
_EXTENSION = re.compile("[a-z0-9]+")
_TYPES: Mapping[type, str] = {str: "string", bool: "boolean", int: "number", float: "number", list: "array"}


class Expression(NamedTuple):
    """An expression with the names that its events may have: `attributes` of events, `paths` of their data."""

    text: str
    attributes: Collection[str] = ATTRIBUTES
    paths: Collection[str] = ()

    def faults(self) -> Iterator[str]:
        """Each with its place."""
        try:
            tree = jmespath.compile(self.text).parsed
        except JMESPathError as error:
            yield self._shown(_syntax(self.text, error), _position(error))
            return
        for what, word in [*_functions(tree), *_comparisons(tree, self.attributes), *self._names(tree)]:
            found = re.search(rf"(?<![\w'\"]){re.escape(word)}(?![\w'])", self.text)
            yield self._shown(what, found.start() if found else self.text.find(word))

    def _shown(self, what: str, place: int) -> str:
        caret = f"\n    {' ' * place}^" if 0 <= place <= len(self.text) and "\n" not in self.text else ""
        return f"{what}\n    {self.text}{caret}"

    def _names(self, tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Names that no attribute can have, and paths that differ from a declared one by case or a hyphen."""
        for path in _paths(tree):
            first = path[0]
            if first == "data":
                yield from self._alike(path)
            elif first not in self.attributes and not _EXTENSION.fullmatch(first):
                yield (
                    f"no event has an attribute {first!r}; what was posted is under data: data.{_quoted(first)}",
                    first,
                )

    def _alike(self, path: list[str]) -> Iterator[tuple[str, str]]:
        declared = {_folded(one): one for one in self.paths}
        written = ".".join(path[1:])
        for one in self.paths:
            if written == one or written.startswith(f"{one}.") or one.startswith(f"{written}."):
                return
        if meant := declared.get(_folded(written)):
            yield f"did you mean data.{meant}? The rule's input declares {meant!r}", path[-1]


def _syntax(text: str, error: JMESPathError) -> str:
    """What a person who made this mistake needs to read."""
    place = _position(error)
    here = text[place] if 0 <= place < len(text) else ""
    number = re.match(r"-?\d+(\.\d+)?", text[place:]) if place >= 0 else None
    if isinstance(error, LexerError) and here == "=":
        return "equality is =="
    if number and isinstance(error, LexerError | ParseError):
        return f"a number stands in backticks: `{number[0]}`"
    if "Unclosed" in str(error):
        return f"this {here} is never closed"
    if here == "-":
        name = re.search(r"[\w-]+$", text[: place + 1])
        rest = re.match(r"[\w-]*", text[place + 1 :])
        return f'a name with a hyphen stands in quotes: "{name[0] if name else ""}{rest[0] if rest else ""}"'
    if not text.strip():
        return "is empty; a rule without a condition has no `when`"
    return str(error).splitlines()[0].rstrip(":")


def _position(error: JMESPathError) -> int:
    found = getattr(error, "lexer_position", None)
    return getattr(error, "lex_position", -1) if found is None else found


def _functions(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for node in _nodes(tree):
        if node["type"] != "function_expression":
            continue
        name, given = node["value"], node["children"]
        known = Functions.FUNCTION_TABLE.get(name)
        if known is None:
            near = difflib.get_close_matches(name, Functions.FUNCTION_TABLE, n=1)
            yield f"there is no function {name}()" + (f"; did you mean {near[0]}()?" if near else ""), name
            continue
        signature = known["signature"]
        variadic = bool(signature) and signature[-1].get("variadic", False)
        if len(given) < len(signature) or (len(given) > len(signature) and not variadic):
            wanted = f"{len(signature)} or more" if variadic else str(len(signature))
            yield f"{name}() takes {wanted} argument{'' if wanted == '1' else 's'}, not {len(given)}", name
            continue
        for number, (argument, about) in enumerate(zip(given, signature, strict=False), 1):
            kind = _TYPES.get(type(argument.get("value"))) if argument["type"] == "literal" else None
            allowed = about.get("types", [])
            if kind and allowed and not any(one == kind or one.startswith(f"{kind}-") for one in allowed):
                yield f"argument {number} of {name}() must be {' or '.join(allowed)}, not a {kind}", name


def _comparisons(tree: Mapping[str, Any], attributes: Collection[str]) -> Iterator[tuple[str, str]]:
    for node in _nodes(tree):
        if node["type"] != "comparator":
            continue
        left, right = node["children"]
        if left["type"] == right["type"] == "literal" and isinstance(left["value"], str):
            yield f"both sides are texts; the name of an attribute has no quotes: {left['value']}", left["value"]
            continue
        for one in (left, right):
            if one["type"] == "literal" and node["value"] not in ("eq", "ne") and isinstance(one["value"], str):
                yield f"< and > compare numbers, which stand in backticks: `{one['value']}`", one["value"]
    for node in _of_the_event(tree):
        if node["type"] == "comparator":
            for one, other in (node["children"], node["children"][::-1]):
                name = one["value"] if one["type"] == "field" else None
                if name and name not in attributes and name != "data" and _is_attribute(other, attributes):
                    yield f"a text stands in single quotes: '{name}' (an extension of events: @.{name})", name


def _is_attribute(node: Mapping[str, Any], attributes: Collection[str]) -> bool:
    return node["type"] == "field" and node["value"] in attributes


def _paths(tree: Mapping[str, Any]) -> Iterator[list[str]]:
    """The plain paths that begin at the event: `type`, `data.a.b`; of another one, what it begins with."""
    for node in _of_the_event(tree):
        if found := _path(node):
            yield found


def _of_the_event(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The nodes that are evaluated on the event itself, and not on a part of it; of a plain path the whole."""
    yield tree
    if _path(tree) or tree["type"] == "expref":
        return
    for child in tree["children"][: 1 if tree["type"] in _RELATIVE else None]:
        if isinstance(child, Mapping):
            yield from _of_the_event(child)


_RELATIVE = ("subexpression", "projection", "value_projection", "filter_projection", "pipe", "index_expression")


def _path(node: Mapping[str, Any]) -> list[str] | None:
    if node["type"] == "field":
        return [node["value"]]
    if node["type"] != "subexpression":
        return None
    parts = [_path(child) for child in node["children"]]
    return [name for part in parts for name in part or ()] if all(parts) else None


def _nodes(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield tree
    for child in tree["children"]:
        if isinstance(child, Mapping):
            yield from _nodes(child)


def _quoted(name: str) -> str:
    return name if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) else f'"{name}"'


def _folded(path: str) -> str:
    return re.sub("[`_ -]", "", path).lower()
