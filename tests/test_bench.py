"""The measurement follows the library's names: a run takes minutes, so that a test finds first what has moved."""

import importlib
import json
from pathlib import Path

import pytest

from bench.growth import EVENT_BYTES, EVENTS, exponent, fitted
from bench.payload import request
from bench.timers import WATCHED
from distributary.http.content import MAX_RECEIVED

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


@pytest.mark.parametrize(("cost", "power"), [(lambda n: 2 * n, 1), (lambda n: n * n, 2), (lambda n: 7.0, 0)])
def test_the_exponent_tells_how_a_cost_grows(cost, power) -> None:
    """From the last but one amount to the last."""
    assert exponent({n: cost(n) for n in EVENTS}) == pytest.approx(power)


def test_a_line_is_fitted_to_small_amounts_too() -> None:
    """What a cost has whatever the amount, and what it has for each."""
    fixed, slope = fitted({n: 0.002 + 0.0001 * n for n in EVENTS})

    assert (fixed, slope) == (pytest.approx(0.002), pytest.approx(0.0001))


def test_the_largest_request_of_growth_is_within_the_limits() -> None:
    """Else its refusal would be measured."""
    assert len(json.loads(request(EVENTS[-1], EVENT_BYTES))["body"]) <= MAX_RECEIVED
