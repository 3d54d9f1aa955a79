import json
from typing import Any

import pytest
from cpu_time import seconds
from hypothesis import given
from hypothesis import strategies as st

from distributary.json_text.place import member, steps_to, value_end, written_at

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=4),
    max_leaves=25,
)


def places(value: Any, steps=()):
    """Every value inside with the steps that lead to it."""
    yield steps, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield from places(inner, (*steps, step))


@given(VALUES, st.sampled_from([None, 1]), st.booleans(), st.sampled_from(["", " ", "\n\t"]))
def test_every_value_is_found_where_it_stands(value, indent, ascii_only, around) -> None:
    """The steps to each value lead to its own text, however the whole is laid out."""
    text = around + json.dumps(value, indent=indent, ensure_ascii=ascii_only) + around

    for steps, inner in places(value):
        found = written_at(text, steps)
        assert found == found.strip()
        assert json.loads(found) == inner


@given(VALUES)
def test_a_value_ends_where_a_parser_ends_it(value) -> None:
    """Whatever stands behind it."""
    text = json.dumps(value)

    assert value_end(f"{text},1]}}", 0) == len(text)


@pytest.mark.parametrize(
    ("text", "name", "last", "expected"),
    [
        ('{"a":1,"data": {"x":1.10} }', "data", True, '{"x":1.10}'),
        ('{"data":"}","a":{"data":0}}', "data", False, '"}"'),
        ('{"a":{"data":0},"data":[1 ,2],"b":3}', "data", False, "[1 ,2]"),
        ('{"a":{"data":0},"d\\u0061ta":' + "9" * 5000 + "}", "data", True, "9" * 5000),
        ('{"d\\u0061tb":[],"\\"":{},"data":-0.0}', "data", False, "-0.0"),
        ('{"data":1,"a" : 1.50 , "b":2}', "a", False, "1.50"),
        ('{"a":' + "[" * 90 + '"]"' + "]" * 90 + ',"b": 1e5}', "b", False, "1e5"),
    ],
)
def test_a_member_is_cut_out_as_it_was_written(text: str, name: str, last: bool, expected: str) -> None:
    """Wherever it stands and however its name is written."""
    assert member(text, name, last=last) == expected


def test_the_very_object_is_found() -> None:
    """Not one that is equal to it; what is in no place has no steps."""
    first, second = float("1.5"), float("1.5")
    value = {"a": [first, {"b": second}]}

    assert steps_to(value, second) == ["a", 1, "b"]
    assert steps_to(value, first) == ["a", 0]
    assert steps_to(value, float("1.5")) is None


@pytest.mark.parametrize("before", ['"n{}":1', '"n{}":{{}}', '"n{}":[[["a"]]]', '"n{}":[[[[1]]]]', '"\\u00e9{}":1'])
def test_skipping_takes_no_longer_than_parsing(before: str) -> None:
    """A hundred thousand members of any kind before the one that is looked for, in a few times a parser's CPU."""
    text = "{" + ",".join([before.format(number) for number in range(100_000)]) + ',"key":1.10}'

    assert written_at(text, ["key"]) == "1.10"
    assert seconds(lambda: written_at(text, ["key"])) < 10 * seconds(lambda: json.loads(text))
