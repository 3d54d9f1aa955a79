from typing import Annotated, Any, Literal

import pytest

from distributary_cdk.prop_types import WHOLE, Texts, within
from distributary_cdk.props import props
from distributary_cdk.table import laid_over, read


@props
class Inner:
    size: int = within(1, 10, 5)
    share: float = 0.5


@props
class Outer:
    name: str
    mode: Literal["fast", "slow"] = "fast"
    words: Texts = ()
    inner: Inner = Inner()


def test_read():
    """A table becomes its dataclass, section by section; a whole number will do for a fraction."""
    faults: list[str] = []

    outer = read(Outer, {"mode": "slow", "words": ["a"], "inner": {"size": 10, "share": 1}}, faults, name="given")

    assert outer == Outer(name="given", mode="slow", words=("a",), inner=Inner(size=10, share=1))
    assert faults == []


def test_read_goes_on_after_a_fault():
    """A member that does not fit is listed with its place and left at its default."""
    faults: list[str] = []

    outer = read(Outer, {"mode": "quick", "words": "a", "inner": {"size": 11, "depth": 1}}, faults, name="given")

    assert outer == Outer(name="given")
    assert faults == [
        "mode = 'quick': must be one of fast, slow",
        "words = 'a': must be a list of strings",
        "inner.size = 11: must be from 1 to 10",
        "inner.depth: unknown; known are size, share",
    ]


def test_within():
    """A table without the number has the default; the bounds themselves fit."""
    faults: list[str] = []

    assert [read(Inner, table, faults).size for table in ({}, {"size": 1}, {"size": 10})] == [5, 1, 10]
    assert faults == []


def test_laid_over():
    """A preset replaces values inside a table's tables and leaves both tables as they were."""
    table = {"a": 1, "inner": {"x": 1, "y": [1, 2]}}
    preset = {"inner": {"y": [3]}, "b": 2}

    assert laid_over(table, preset) == {"a": 1, "b": 2, "inner": {"x": 1, "y": [3]}}
    assert table == {"a": 1, "inner": {"x": 1, "y": [1, 2]}}


@props
class Kinds:
    on: bool = False
    count: int = within(0, 3, 1)
    share: float = 0.5
    name: str = "n"
    level: Annotated[Literal[1, 2], WHOLE] = 1
    rows: tuple[Inner, ...] = ()
    inner: Inner = Inner()


@pytest.mark.parametrize(
    ("key", "value", "described"),
    [
        ("on", 1, "true or false"),
        ("count", True, "a whole number"),
        ("count", 1.0, "a whole number"),
        ("count", -1, "from 0 to 3"),
        ("count", 4, "from 0 to 3"),
        ("share", "0.5", "a number"),
        ("share", True, "a number"),
        ("name", 5, "a string"),
        ("level", 3, "one of 1, 2"),
        ("level", True, "one of 1, 2"),
        ("rows", {}, "a list of tables"),
        ("inner", 5, "a table"),
    ],
)
def test_a_value_of_another_kind_is_a_fault_that_says_what_it_must_be(key: str, value: Any, described: str):
    """A Boolean is no number, nor a number a Boolean."""
    faults: list[str] = []

    assert read(Kinds, {key: value}, faults, place="top.") == Kinds()
    assert faults == [f"top.{key} = {value!r}: must be {described}"]


def test_a_row_of_another_kind_is_named():
    """By its number in the list."""
    faults: list[str] = []

    assert read(Kinds, {"rows": [{"size": 1}, "a", {"size": 11}]}, faults, place="top.") == Kinds()
    assert faults == ["top.rows[1] = 'a': must be a table", "top.rows[2].size = 11: must be from 1 to 10"]


@pytest.mark.parametrize(
    ("key", "value"), [("on", True), ("count", 0), ("count", 3), ("share", 1), ("level", 2), ("rows", (Inner(size=1),))]
)
def test_a_value_that_fits_is_taken(key: str, value: Any):
    """The ends of a range too; a list becomes a tuple, a list of tables one of props."""
    faults: list[str] = []
    given = [vars(one) for one in value] if isinstance(value, tuple) else value

    assert getattr(read(Kinds, {key: given}, faults), key) == value
    assert faults == []


def test_a_preset_lays_a_table_over_what_is_none():
    """A table in place of a number, and a number in place of a table."""
    assert laid_over({"a": 1, "b": {"x": 1}}, {"a": {"y": 2}, "b": 3}) == {"a": {"y": 2}, "b": 3}


def test_a_number_that_no_table_sets_is_its_default():
    """Not checked against the range: it is ours."""
    assert Inner() == Inner(size=5, share=0.5)
