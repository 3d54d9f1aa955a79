from dataclasses import dataclass, field
from typing import Literal

from infra.table import laid_over, read, within


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: int = within(1, 10, 5)
    share: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    mode: Literal["fast", "slow"] = "fast"
    words: tuple[str, ...] = ()
    inner: Inner = field(default_factory=Inner)


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


def test_laid_over():
    """A preset replaces values inside a table's tables and leaves both tables as they were."""
    table = {"a": 1, "inner": {"x": 1, "y": [1, 2]}}
    preset = {"inner": {"y": [3]}, "b": 2}

    assert laid_over(table, preset) == {"a": 1, "b": 2, "inner": {"x": 1, "y": [3]}}
    assert table == {"a": 1, "inner": {"x": 1, "y": [1, 2]}}
