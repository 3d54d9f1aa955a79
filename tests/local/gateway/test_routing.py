import json
from pathlib import Path

import pytest

from local.gateway.routing import Route, match

TABLES = json.loads((Path(__file__).parents[2] / "cases" / "gateway_routes.json").read_text())
CASES = [
    pytest.param(table["routes"], case, id=f"{table['note']}: {case['request']}")
    for table in TABLES
    for case in table["cases"]
]


@pytest.mark.parametrize(("routes", "case"), CASES)
def test_the_most_specific_route_takes_a_request(routes: list[str], case: dict) -> None:
    """Words before variables before greedy ones before `$default`, in whatever order the routes come."""
    method, path = case["request"].split(" ")
    for order in (routes, routes[::-1]):
        found = match([Route(key, "f") for key in order], method, path)

        assert (found and found.route.key) == case["route"]
        assert found is None or found.parameters == case["parameters"]
