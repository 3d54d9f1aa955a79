"""What goes where: the operator's ordered rules, compiled once; the first whose condition is true decides."""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from distributary.errors import BadDefinition, BadEvent
from distributary.events import Event, Route, SinkName
from distributary.ingest.rule_faults import faults_of
from distributary.iot_events.input import Input, read_inputs
from distributary.json_text.place import JsonStep, steps_to, written_at
from distributary.sinks.registry import SINK_NAMES

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html
MAX_PARTITION_KEY = 256
MAX_HASH_KEY = 2**128 - 1

_DECIMAL = re.compile("0|[1-9][0-9]{0,38}")
# What an expression raises on data that it does not fit: the library's own errors, and Python's from its functions.
_MISFIT = (JMESPathError, ArithmeticError, LookupError, TypeError, ValueError)


class _Rule(NamedTuple):
    sinks: tuple[SinkName, ...]
    when: ParsedResult | None
    partition_key: ParsedResult | None
    input: str | None


class Rules:
    """The rules of one stage and the inputs they name."""

    def __init__(self, rules: Sequence[_Rule], inputs: Mapping[str, Input]) -> None:
        self._rules = tuple(rules)
        self.inputs = inputs

    @classmethod
    def from_tables(
        cls,
        rules: Sequence[Mapping[str, Any]],
        inputs: Mapping[str, Mapping[str, Any]],
        sinks: Collection[SinkName] = SINK_NAMES,
    ) -> "Rules":
        """The rules that the tables of `distributary.toml` describe, for a stage with these sinks.

        Raises BadDefinition with every fault.
        """
        faults = [*faults_of(rules, inputs, sinks)]
        if faults:
            raise BadDefinition(faults)
        return cls([_rule(rule) for rule in rules], read_inputs(inputs))

    def route(self, event: Event) -> Route:
        """Where the event goes. Raises BadEvent where no rule takes it or its keys cannot be used."""
        seen = _Seen(event)
        for number, rule in enumerate(self._rules, 1):
            if rule.when is None or seen.is_true(rule.when):
                if "kinesis" not in rule.sinks:
                    return Route(rule.sinks, input=rule.input, rule=number)
                return Route(rule.sinks, seen.partition_key(rule.partition_key), _hash_key(event), rule.input, number)
        raise BadEvent("NoRule", "no rule takes this event")


class _Seen:
    """An event as expressions see it: its attributes, and `data` as a value."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._object: Mapping[str, Any] | None = None

    def is_true(self, when: ParsedResult) -> bool:
        """Whether the condition holds, with JMESPath's truth; one that does not fit the event does not hold."""
        try:
            found = self._search(when)
        except _MISFIT:
            return False
        return found is not None and found is not False and found not in ("", [], {})

    def partition_key(self, path: ParsedResult | None) -> str:
        """At most 256 characters. Raises BadEvent for a value that is no string, number or Boolean."""
        key = self._key(path) if path else ""
        key = key or _text(self._event.attributes.get("partitionkey")) or self._event.id
        # Counted in UTF-16 as Java does it, so that no reading of "256 characters" refuses it.
        if len(key) * 2 > MAX_PARTITION_KEY and len(key.encode("utf-16-le")) > 2 * MAX_PARTITION_KEY:
            return hashlib.sha256(key.encode()).hexdigest()
        return key

    def _key(self, path: ParsedResult) -> str:
        try:
            found = self._search(path)
            if isinstance(found, float) or (found == 0 and found is not False):
                found = self._as_written(path, found)
        except _MISFIT as error:
            raise BadEvent("InvalidPartitionKey", "the rule's partition_key does not fit this event") from error
        if not isinstance(found, str | int | float | None):
            raise BadEvent("InvalidPartitionKey", "the partition key must be a string, a number or a Boolean")
        return _text(found)

    def _as_written(self, path: ParsedResult, found: float) -> Any:
        """The number in its posted form, where the expression passes it on: `1.10` and `-0` are their own keys."""
        if not isinstance(self._event.data, str):
            return found
        steps = _steps(path.parsed, self._event.value)
        if steps is None and isinstance(found, float):  # chosen by a filter, say; a number that it reckons is nowhere
            steps = [] if found is self._event.value else steps_to(self._event.value, found)
        return found if steps is None else written_at(self._event.data, steps)

    def _search(self, expression: ParsedResult) -> Any:
        if self._object is None:
            has_value = isinstance(self._event.data, str)
            self._object = {**self._event.attributes, **({"data": self._event.value} if has_value else {})}
        return expression.search(self._object)


def _steps(node: Mapping[str, Any], value: Any) -> list[JsonStep] | None:
    """Where in the data a plain path such as `data.a[0].b` leads; None for any other expression."""
    names = _names(node)
    if names is None or names[0] != "data":
        return None
    steps: list[JsonStep] = []
    for name in names[1:]:
        if isinstance(name, int) and isinstance(value, list):
            name = name % len(value)  # noqa: PLW2901 - counted from the end or not
        steps.append(name)
        value = value[name]
    return steps


def _names(node: Mapping[str, Any]) -> list[JsonStep] | None:
    if node["type"] in {"field", "index"}:
        return [node["value"]]
    if node["type"] not in {"subexpression", "index_expression"}:
        return None
    parts = [_names(child) for child in node["children"]]
    return None if None in parts else [name for part in parts if part for name in part]


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _hash_key(event: Event) -> str | None:
    key = event.attributes.get("explicithashkey")
    if key is None:
        return None
    if not _DECIMAL.fullmatch(str(key)) or int(key) > MAX_HASH_KEY:
        raise BadEvent(
            "InvalidExplicitHashKey", "explicithashkey must be a decimal from 0 to 2^128-1", "/explicithashkey"
        )
    return str(key)


def _rule(table: Mapping[str, Any]) -> _Rule:
    when, key = table.get("when"), table.get("partition_key")
    return _Rule(
        sinks=tuple(table["sinks"]),
        when=jmespath.compile(when) if when is not None else None,
        partition_key=jmespath.compile(key) if key is not None else None,
        input=table.get("input"),
    )
