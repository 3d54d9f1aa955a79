"""Whether the tables of `distributary.toml` are rules and inputs: every fault, with its place."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

from distributary.sinks.registry import SINK_NAMES

# https://docs.aws.amazon.com/iotevents/latest/apireference/API_CreateInput.html and …/API_Attribute.html
_INPUT_NAME = re.compile("[a-zA-Z][a-zA-Z0-9_]{0,127}")
_ATTRIBUTE = re.compile(r"(?=.{1,128}$)(`[\w\- ]+`|[\w\-]+)(\.(`[\w\- ]+`|[\w\-]+))*", re.ASCII)
_MAX_ATTRIBUTES = 200

Explain = Callable[[str, Mapping[str, Any]], Iterator[str]]
"""What is wrong with an expression of a rule."""


def faults_of(
    rules: Sequence[Any],
    inputs: Mapping[str, Any],
    sinks: Collection[str] = SINK_NAMES,
    explain: "Explain | None" = None,
) -> Iterator[str]:
    """Each fault as `place: what is wrong`; `sinks` are those that the stage has.

    `explain` looks at an expression of a rule more closely than a function needs to.
    """
    explain = explain or _faults_of_expression
    yield from _list_faults(rules)
    for index, rule in enumerate(rules):
        yield from (f"rules[{index}]{fault}" for fault in _rule_faults(rule, inputs, sinks, explain))
    for name, table in inputs.items():
        yield from (f"inputs.{name}{fault}" for fault in _input_faults(name, table))


def _list_faults(rules: Sequence[Any]) -> Iterator[str]:
    if not rules:
        yield "rules: there is none, so every event would be rejected"
    for index, rule in enumerate(rules[:-1]):
        if isinstance(rule, Mapping) and "when" not in rule:
            yield f"rules[{index + 1}]: is never reached, since rules[{index}] has no `when`"
            return


def _rule_faults(rule: Any, inputs: Mapping[str, Any], known: Collection[str], explain: "Explain") -> Iterator[str]:
    if not isinstance(rule, Mapping):
        yield ": must be a table"
        return
    yield from _unknown(rule, ("when", "sinks", "partition_key", "input"))
    yield from _sinks_faults(rule.get("sinks"), known)
    for name in ("when", "partition_key"):
        if name in rule:
            yield from (f".{name}: {fault}" for fault in _expression_faults(rule[name], rule, explain))
    chosen = rule["sinks"] if isinstance(rule.get("sinks"), list | tuple) else ()
    if "input" in rule:
        if not isinstance(rule["input"], str) or rule["input"] not in inputs:
            yield f".input: there is no input {rule['input']!r}"
        elif "iot_events" not in chosen:
            yield ".input: iot_events is not among the sinks"
    elif "iot_events" in chosen:
        yield ".input: iot_events needs one"


def _sinks_faults(sinks: object, known: Collection[str]) -> Iterator[str]:
    if not isinstance(sinks, list | tuple) or not sinks:
        yield f".sinks: must be a list of {', '.join(known)}"
        return
    for sink in sinks:
        if sink not in known:
            whose = ", the sinks of this stage" if sink in SINK_NAMES else ""
            yield f".sinks: {sink!r} is none of {', '.join(known)}{whose}"
        elif sinks.count(sink) > 1:
            yield f".sinks: {sink} stands there twice"
            return


def _expression_faults(text: object, rule: Mapping[str, Any], explain: "Explain") -> Iterator[str]:
    if isinstance(text, Mapping):
        members = " && ".join(f"{name} == '{value}'" for name, value in text.items())
        yield f'must be one expression, such as "{members}"'
    elif not isinstance(text, str):
        yield f"{text!r} is not a JMESPath expression"
    else:
        yield from explain(text, rule)


def _faults_of_expression(text: str, _rule: Mapping[str, Any]) -> Iterator[str]:
    try:
        tree = jmespath.compile(text).parsed
    except JMESPathError as error:
        yield "; ".join(line.strip() for line in str(error).splitlines()[:-1])
        return
    yield from (f"there is no function {name}()" for name in _functions(tree) if name not in Functions.FUNCTION_TABLE)


def _functions(tree: Mapping[str, Any]) -> Iterator[str]:
    if tree["type"] == "function_expression":
        yield tree["value"]
    for child in tree["children"]:
        if isinstance(child, Mapping):
            yield from _functions(child)


def _input_faults(name: str, table: Any) -> Iterator[str]:
    if not _INPUT_NAME.fullmatch(name):
        yield ": its name must be a letter and then letters, digits and _, at most 128 in all"
    if not isinstance(table, Mapping):
        yield ": must be a table"
        return
    yield from _unknown(table, ("attributes", "key", "dedup", "late"))
    attributes = table.get("attributes")
    if not isinstance(attributes, list | tuple) or not 1 <= len(attributes) <= _MAX_ATTRIBUTES:
        yield f".attributes: must be a list of 1 to {_MAX_ATTRIBUTES} paths"
    else:
        yield from (f".attributes: {path!r} is not a path" for path in attributes if not _is_path(path))
    if "key" in table and not _is_path(table["key"]):
        yield f".key: {table['key']!r} is not a path"
    if not isinstance(table.get("dedup", True), bool):
        yield f".dedup: {table['dedup']!r} is not true or false"
    if table.get("late", "drop") != "drop":
        yield f".late: {table['late']!r} is not 'drop'"


def _is_path(path: object) -> bool:
    return isinstance(path, str) and bool(_ATTRIBUTE.fullmatch(path))


def _unknown(table: Mapping[str, Any], known: Sequence[str]) -> Iterator[str]:
    yield from (f".{name}: is not one of {', '.join(known)}" for name in table if name not in known)
