"""The findings about data types: what can never fit where it stands, and the types that variables come to have."""

from collections.abc import Iterator, Mapping

from distributary.iot_events.analysis.expression_sites import ExpressionSite
from distributary.iot_events.analysis.inference import BOOLEAN, NUMERIC_TYPES, STRING, Types, infer, variable_types
from distributary.iot_events.expression.tree import Template
from distributary.iot_events.model.finding import Finding, Level


def type_findings(found: list[ExpressionSite]) -> Iterator[Finding]:
    """All of kind data-type: certain ones are errors, those that only some values meet are warnings."""
    values = [place for place in found if place.role == "value" and place.action]
    named = [(str(place.action.members["variableName"]), place) for place in values if place.action]
    variables = variable_types([(name, place.expression.tree) for name, place in named])
    first: dict[str, str] = {}
    for name, place in named:
        first.setdefault(name, place.path)
    for name, path in first.items():
        if types := variables[name]:
            text = f"Inferred data types [{', '.join(sorted(types))}] for $variable.{name}"
            yield Finding("INFO", "data-type", path, text)
    for place in found:
        yield from _at(place, variables)


def _at(place: ExpressionSite, variables: Mapping[str, Types]) -> Iterator[Finding]:
    text = place.expression.text
    types, clashes = infer(place.expression.tree, variables)
    for clash in clashes:
        level: Level = "ERROR" if clash.certain else "WARNING"
        found = f"Incompatible data types [{', '.join(clash.types)}] found for {clash.of}"
        yield Finding(level, "data-type", place.path, f"{found} in the following expression: {text}")
    if types and not clashes:
        yield from _wanted(place, types, text)
    if _is_json(place):
        yield from _json(place, variables)


def _is_json(place: ExpressionSite) -> bool:
    payload = place.action.payload if place.action else None
    return place.role == "content" and payload is not None and payload.type == "JSON"


def _wanted(place: ExpressionSite, types: frozenset[str], text: str) -> Iterator[Finding]:
    if place.role == "condition" and not types & BOOLEAN:
        yield Finding("ERROR", "data-type", place.path, f"Expression {text} is not a valid condition expression.")
    if place.role == "duration" and place.action and not types & (NUMERIC_TYPES | STRING):
        timer = place.action.members["timerName"]
        message = f"Duration expression {text} for timer {timer} is not valid, it must return a number."
        yield Finding("ERROR", "data-type", place.path, message)
    if _is_json(place) and not types & STRING:
        message = f"A payload of type JSON must be a String, but {text} is [{', '.join(sorted(types))}]."
        yield Finding("ERROR", "data-type", place.path, message)


def _json(place: ExpressionSite, variables: Mapping[str, Types]) -> Iterator[Finding]:
    """A string put into JSON outside quotes makes it no JSON."""
    tree = place.expression.tree
    quoted = False
    for part in tree.parts if isinstance(tree, Template) else ():
        if isinstance(part, str):
            quoted ^= part.replace('\\"', "").count('"') % 2 == 1
        elif not quoted and (types := infer(part, variables)[0]) and types & STRING:
            message = f"The JSON will not parse: a String outside quotes, at column {part.column}."
            yield Finding("WARNING", "data-type", place.path, message)
