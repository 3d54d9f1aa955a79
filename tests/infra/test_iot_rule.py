import json
from pathlib import Path

import pytest

from distributary_cdk.iot_rule import read_iot_rules

CASES = json.loads((Path(__file__).parents[1] / "cases" / "iot_rules.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_rules(case) -> None:
    """A rule is the SQL that is deployed, or its faults with their places, all of them."""
    faults: list[str] = []

    [rule] = read_iot_rules([case["rule"]], faults)

    expected = case.get("faults", [])
    assert len(faults) == len(expected), faults
    assert all(fault.startswith(start) for fault, start in zip(faults, expected, strict=True)), faults
    if not expected:
        assert rule.statement == case["statement"]


def test_two_rules_of_one_name() -> None:
    """The second is a fault."""
    row = {"name": "hvac", "sql": "SELECT * FROM 'a'", "input": "hvac"}
    faults: list[str] = []

    read_iot_rules([row, row], faults)

    assert faults == ["iot_rules[1].name = 'hvac': there is another rule of this name"]
