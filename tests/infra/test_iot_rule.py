import json
from pathlib import Path

import pytest

from distributary.errors import SettingsError
from distributary_cdk.configuration import Configuration
from distributary_cdk.iot_rule import IotRule
from distributary_cdk.table import read

CASES = json.loads((Path(__file__).parents[1] / "cases" / "iot_rules.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_rules(case) -> None:
    """A rule is the SQL that is deployed, or its faults with their places, all of them."""
    faults: list[str] = []

    read_in = read(Configuration, {"rules": [{"sinks": ["kinesis"]}], "iot_rules": [case["rule"]]}, faults)

    expected = case.get("faults", [])
    assert len(faults) == len(expected), faults
    assert all(fault.startswith(start) for fault, start in zip(faults, expected, strict=True)), faults
    if not expected:
        assert read_in.iot_rules[0].statement == case["statement"]


def test_two_rules_of_one_name() -> None:
    """The second is a fault."""
    rule = IotRule(name="hvac", sql="SELECT * FROM 'a'", input="hvac")

    with pytest.raises(SettingsError) as error:
        Configuration(rules=[{"sinks": ["kinesis"]}], iot_rules=[rule, rule])

    assert error.value.faults == ("iot_rules[1].name = 'hvac': there is another rule of this name",)
