"""The measurement follows the library's names: a run takes minutes, so that a test finds first what has moved."""

import importlib
from pathlib import Path

import pytest

from bench.timers import WATCHED

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("module", "name"), [watched[:2] for watched in WATCHED])
def test_what_is_watched_is_there(module: str, name: str) -> None:
    """Each step is a function or a method of the library."""
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)

    assert callable(found)


@pytest.mark.parametrize("path", sorted((ROOT / "bench").glob("*.py")), ids=lambda path: path.stem)
def test_each_module_can_be_imported(path: Path) -> None:
    """With all that it takes from the library."""
    assert importlib.import_module("bench" if path.stem == "__init__" else f"bench.{path.stem}")
