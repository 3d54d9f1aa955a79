"""The language is data: every case of tests/cases/expressions, named by its file and its expression."""

import json
from pathlib import Path

import pytest

from distributary.iot_events.expression.errors import ExpressionError, Unevaluable
from distributary.iot_events.expression.evaluate import compile_expression
from distributary.iot_events.expression.scope import Scope
from distributary.iot_events.values import read_json, same

CASES = Path(__file__).parents[3] / "cases" / "expressions"


def cases():
    """Every case of every file, with what its file shares."""
    for path in sorted(CASES.glob("*.json")):
        shared = read_json(path.read_text("utf-8"))
        for case in shared.pop("cases"):
            yield pytest.param({**shared, **case}, id=f"{path.stem}: {case['expression'][:60]}")


def scope_of(case):
    """What the case's expression can see."""
    return Scope(
        case.get("inputs", {}),
        case.get("variables", {}),
        input=case.get("trigger", "Reading"),
        expired=frozenset(case.get("expired", [])),
    )


def compiled(case):
    """The case's expression, with the paths that may be read if the case names them."""
    declared = case.get("declared")
    return compile_expression(
        case["expression"],
        declared=declared and (lambda name, path: ".".join([name, *map(str, path)]) in declared),
    )


def outcome(case):
    """What the case's expression comes to, in the words of the case."""
    scope = scope_of(case)
    try:
        value = compiled(case).scalar(scope)
    except ExpressionError as problem:
        return scope, {"error": problem.reason, "column": problem.column}
    except Unevaluable as problem:
        if problem.reason in {"the result is undefined", "the result is null"}:
            return scope, {"undefined": True}
        return scope, {"invalid": problem.reason, "column": problem.column, "named": problem.expression}
    return scope, {"value": value}


@pytest.mark.parametrize("case", list(cases()))
def test_an_expression_comes_to_what_its_case_says(case):
    """An expression comes to a value, to undefined, or to an error that names the place."""
    scope, found = outcome(case)
    (kind,) = {"value", "undefined", "invalid", "error"} & set(case)
    assert kind in found, found
    if kind == "value":
        assert same(found["value"], case["value"]), found
    elif kind != "undefined":
        assert case[kind] in found[kind]
        assert found.get("named", case["expression"]) == case["expression"]
        assert found["column"] == case.get("column", found["column"])
    assert [
        remark.reason for remark in scope.remarks if case.get("remark", "") in remark.reason
    ] or "remark" not in case
    assert sorted(scope.asked) == case.get("asked", sorted(scope.asked))


def test_there_are_enough_cases():
    """At least 150 expressions stand in the cases, none twice with the same surroundings."""
    seen = [json.dumps(parameter.values[0], default=str, sort_keys=True) for parameter in cases()]
    assert len(seen) >= 150
    assert len(seen) == len(set(seen))


def nested(opening: str, middle: str, closing: str, depth: int) -> str:
    """The middle inside so many pairs."""
    return opening * depth + middle + closing * depth


HOSTILE = {
    "parentheses at the limit": (nested("(", "1", ")", 31), 1),
    "every precedence at every level": (nested("0 | 0 ^ 1 & 2 + 1 * (", "1", ")", 31), None),
    "a long sum": ("+".join(["1"] * 2000), 2000),
    "a long disjunction": (" || ".join(["false"] * 400), False),
    "comparisons of comparisons": (nested("(", "$variable.text == 1", " == 1)", 31), False),
    "a template of many long strings": (f"'{'${$variable.long}' * 200}'", Unevaluable),
    "a sum of many long strings": (" + ".join(["$variable.long"] * 200), Unevaluable),
    "searches in long strings": (" || ".join(["contains($variable.long, 'ab')"] * 100), False),
    "products that grow": (" * ".join(["$variable.large"] * 200), Unevaluable),
    "a product at the edge of the exponent": ("$variable.tiny * $variable.tiny == 0", True),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_expression_takes_long(name, quickly):
    """An expression of any shape within the limits is parsed and evaluated in well under 100 ms."""
    text, expected = HOSTILE[name]
    variables = {
        "text": "x",
        "long": "a" * 100_000,
        "large": read_json("1e4000"),
        "tiny": read_json("1e-6000"),
    }

    def evaluate():
        try:
            return compile_expression(text).scalar(Scope({}, variables))
        except Unevaluable:
            return Unevaluable

    value = quickly(evaluate)
    if expected is not None:
        assert value == expected


def test_a_text_is_parsed_once():
    """Evaluating compiles nothing: the closure is the same one each time."""
    expression = compile_expression("1 + 1")
    assert expression.run is expression.run
