import json
from pathlib import Path

import pytest

from local.gateway.cors import Cors, is_preflight

CASES = json.loads((Path(__file__).parents[2] / "cases" / "gateway_cors.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["note"])
def test_an_allowed_origin_gets_the_configured_headers(case: dict) -> None:
    """Preflights and answers carry what is configured where the origin is allowed, and nothing else."""
    cors = Cors(**{name: tuple(value) if isinstance(value, list) else value for name, value in case["cors"].items()})
    headers = {"origin": case["origin"]} if case["origin"] else {}

    assert cors.preflight_headers(headers) == case["preflight"]
    assert cors.answer_headers(headers) == case["answer"]


def test_a_preflight_has_an_origin_and_the_method_it_asks_for() -> None:
    """An OPTIONS without either, or another method with both, is a request like any other."""
    asking = {"origin": "https://a.example", "access-control-request-method": "POST"}

    assert is_preflight("OPTIONS", asking)
    assert not is_preflight("POST", asking)
    assert not any(is_preflight("OPTIONS", {name: value}) for name, value in asking.items())
