"""`[[tests]]`: an event, and what the rules must make of it; they run at each synth."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from distributary.errors import BadDefinition
from distributary_cdk.configuration import Configuration
from distributary_cdk.rule_plan import RulePlan

_MEMBERS = ("name", "event", "expect")
_CLOUD_EVENT = "application/cloudevents+json"


def check_rules(configuration: Configuration) -> None:
    """Nothing, where each test has what it expects. Raises BadDefinition with every difference."""
    if not configuration.tests:
        return
    plan = RulePlan(configuration)
    faults = [
        f"tests[{number}]{_named(table)}: {fault}"
        for number, table in enumerate(configuration.tests)
        for fault in _faults(table, configuration, plan)
    ]
    if faults:
        raise BadDefinition(faults)


def _named(table: Mapping[str, Any]) -> str:
    return f" {table['name']!r}" if "name" in table else ""


def _faults(table: Mapping[str, Any], configuration: Configuration, plan: RulePlan) -> Iterator[str]:
    unknown = [name for name in table if name not in _MEMBERS]
    event, expected = table.get("event"), table.get("expect")
    if unknown:
        yield f"{unknown[0]} is not one of {', '.join(_MEMBERS)}"
    elif not isinstance(event, Mapping):
        yield 'event: must be a table of CloudEvents attributes and data, such as {type = "a", data = {x = 1}}'
    elif not isinstance(expected, Mapping) or not expected.keys() <= _FOUND.keys() or not expected:
        yield f"expect: must be a table of {', '.join(_FOUND)}"
    else:
        given = {"specversion": "1.0", "id": "test", "source": configuration.source, "type": configuration.type}
        entry = _entry(plan.of(json.dumps({**given, **event}).encode(), _CLOUD_EVENT))
        for name, value in expected.items():
            found = _FOUND[name](entry)
            if found != value:
                yield f"expected {name} = {_shown(value)}, found {_shown(found)}{_why(entry)}"


def _entry(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The plan of the one event; a body that cannot be taken counts as its rejection."""
    [entry] = answer.get("events") or [{"error": {"code": answer.get("code"), "detail": answer.get("detail")}}]
    found: Mapping[str, Any] = entry
    return found


def _sinks(entry: Mapping[str, Any], *, skipped: bool) -> list[str]:
    return [name for name, record in entry.get("sinks", {}).items() if ("skipped" in record) is skipped]


def _of(sink: str, member: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda entry: entry.get("sinks", {}).get(sink, {}).get(member)


_FOUND: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "rule": lambda entry: entry.get("rule"),
    "sinks": lambda entry: _sinks(entry, skipped=False),
    "skipped": lambda entry: _sinks(entry, skipped=True),
    "partition_key": _of("kinesis", "partitionKey"),
    "input": _of("iot_events", "inputName"),
    "rejected": lambda entry: entry.get("error", {}).get("code"),
}


def _shown(value: object) -> str:
    return "nothing" if value is None else json.dumps(value)


def _why(entry: Mapping[str, Any]) -> str:
    detail = entry.get("error", {}).get("detail")
    return f" ({detail})" if detail else ""
