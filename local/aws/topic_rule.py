"""The SQL of topic rules, as much of it as is evaluated on this machine.

`SELECT *` or members and expressions `AS` names, `FROM` a topic filter, `WHERE` comparisons with AND, OR and NOT;
functions topic, timestamp, newuuid and concat. Everything else is an error when the rule is made.
"""

from __future__ import annotations

import base64
import json
import operator
import re
import time
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:''|[^'])*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*(?:\.\w+)*)"
    r"|(?P<sign><>|<=|>=|!=|[=<>(),*])|(?P<rest>\S))"
)
CONSTANTS = {"true": True, "false": False, "null": None}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {"=": operator.eq, "<>": operator.ne, "!=": operator.ne}
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
UNDEFINED = object()


class NotEvaluatedHere(Exception):
    """SQL that AWS may know and this machine does not."""


class Published(NamedTuple):
    """One MQTT message: `value` is its JSON, UNDEFINED where it is none."""

    topic: str
    value: Any
    payload: bytes


Expression = Callable[[Published], Any]


class TopicRule(NamedTuple):
    """A compiled statement."""

    columns: list[tuple[str, Expression]]
    filter: str
    where: Expression

    def hand_over(self, topic: str, payload: bytes) -> str | None:
        """The JSON text that the actions get of a message; None where the rule is not for it.

        A payload that is selected whole keeps its text, and so its numbers: 1e400 is none of Python's.
        """
        selected = self.select(topic, payload)
        whole = [name for name, _ in self.columns] == ["*"] and read(payload) is not UNDEFINED
        return None if selected is UNDEFINED else payload.decode() if whole else json.dumps(selected)

    def select(self, topic: str, payload: bytes) -> Any:
        """What the actions get of a message; UNDEFINED where the rule is not for it."""
        message = Published(topic, read(payload), payload)
        if not matches(self.filter, topic) or self.where(message) is not True:
            return UNDEFINED
        if [name for name, _ in self.columns] == ["*"]:
            # What is no JSON comes to a function in base64.
            return base64.b64encode(payload).decode() if message.value is UNDEFINED else message.value
        selected: dict[str, Any] = {}
        for name, column in self.columns:
            value = column(message)
            if name == "*":
                selected |= value if isinstance(value, dict) else {}
            elif value is not UNDEFINED:
                selected[name] = value
        return selected


def read(payload: bytes) -> Any:
    """The JSON that a payload is, or UNDEFINED."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return UNDEFINED


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic filter takes the topic."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for number, level in enumerate(wanted):
        if level == "#":
            return True
        if number >= len(levels) or level not in {"+", levels[number]}:
            return False
    return len(wanted) == len(levels)


def compiled(sql: str) -> TopicRule:
    """The statement; raises NotEvaluatedHere with the place that is not understood."""
    return _Parser(sql).statement()


class _Parser:
    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._tokens = [(found.lastgroup or "", found[found.lastgroup or 0]) for found in TOKEN.finditer(sql)]
        self._place = 0

    def statement(self) -> TopicRule:
        self._expect("SELECT")
        columns = [self._column()]
        while self._took(","):
            columns.append(self._column())
        self._expect("FROM")
        topic_filter = self._text()
        where = self._either() if self._took("WHERE") else _constant(True)
        if self._place < len(self._tokens):
            raise self._error()
        return TopicRule(columns, topic_filter, where)

    def _column(self) -> tuple[str, Expression]:
        if self._took("*"):
            return "*", lambda message: message.value
        kind, text = self._peek()
        value = self._operand()
        if self._took("AS"):
            return self._name(), value
        if kind != "name" or self._tokens[self._place - 1][1] == ")":
            raise self._error()
        return text.rpartition(".")[2], value

    def _either(self) -> Expression:
        terms = [self._both()]
        while self._took("OR"):
            terms.append(self._both())
        return lambda message: any(term(message) is True for term in terms)

    def _both(self) -> Expression:
        terms = [self._test()]
        while self._took("AND"):
            terms.append(self._test())
        return lambda message: all(term(message) is True for term in terms)

    def _test(self) -> Expression:
        if self._took("NOT"):
            inner = self._test()
            return lambda message: inner(message) is False
        left = self._operand()
        _, sign = self._peek()
        if sign not in {*COMPARISONS, *ORDERS}:
            return left
        self._place += 1
        right = self._operand()
        return lambda message: _compared(sign, left(message), right(message))

    def _operand(self) -> Expression:
        if self._took("("):
            inner = self._either()
            self._expect(")")
            return inner
        kind, text = self._peek()
        if kind == "text":
            return _constant(self._text())
        self._place += 1
        if kind == "number":
            return _constant(json.loads(text))
        if kind != "name":
            self._place -= 1
            raise self._error()
        if text.lower() in CONSTANTS:
            return _constant(CONSTANTS[text.lower()])
        return self._function(text) if self._took("(") else _member(text.split("."))

    def _function(self, name: str) -> Expression:
        arguments = []
        while not self._took(")"):
            arguments.append(self._operand())
            if self._peek()[1] != ")":
                self._expect(",")
        if name == "topic":
            return lambda message: _topic(message.topic, *(one(message) for one in arguments))
        if name == "concat":
            return lambda message: _joined([one(message) for one in arguments])
        if name == "timestamp":
            return lambda _message: int(time.time() * 1000)
        if name == "newuuid":
            return lambda _message: str(uuid.uuid4())
        raise NotEvaluatedHere(f"{name}() is not evaluated on this machine: {self._sql}")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("", "")

    def _took(self, word: str) -> bool:
        found = self._peek()[1].upper() == word
        self._place += found
        return found

    def _expect(self, word: str) -> None:
        if not self._took(word):
            raise self._error()

    def _name(self) -> str:
        kind, text = self._peek()
        if kind != "name":
            raise self._error()
        self._place += 1
        return text

    def _text(self) -> str:
        kind, text = self._peek()
        if kind != "text":
            raise self._error()
        self._place += 1
        return text[1:-1].replace("''", "'")

    def _error(self) -> NotEvaluatedHere:
        at = self._peek()[1] or "its end"
        return NotEvaluatedHere(f"this SQL is not evaluated on this machine, from {at} on: {self._sql}")


def _constant(value: Any) -> Expression:
    return lambda _message: value


def _member(path: list[str]) -> Expression:
    def look(message: Published) -> Any:
        value = message.value
        for name in path:
            value = value.get(name, UNDEFINED) if isinstance(value, dict) else UNDEFINED
        return value

    return look


def _topic(topic: str, segment: Any = 0) -> Any:
    levels = topic.split("/")
    if segment == 0:
        return topic
    return levels[segment - 1] if 1 <= segment <= len(levels) else UNDEFINED


def _joined(values: list[Any]) -> Any:
    if any(value is UNDEFINED for value in values):
        return UNDEFINED
    return "".join(value if isinstance(value, str) else json.dumps(value) for value in values)


def _compared(sign: str, left: Any, right: Any) -> bool:
    """Numbers with numbers, else only equal types are equal; nothing is true of what is undefined."""
    if left is UNDEFINED or right is UNDEFINED:
        return False
    numbers = all(type(one) in (int, float) for one in (left, right))
    if sign in ORDERS:
        return numbers and ORDERS[sign](left, right)
    return COMPARISONS[sign]((left, numbers or type(left)), (right, numbers or type(right)))
