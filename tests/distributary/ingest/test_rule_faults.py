import json
from typing import Any

import pytest
from bad_requests import CASES

from distributary.errors import BadDefinition
from distributary.ingest.rule_faults import faults_of
from distributary.ingest.rules import Rules

FAULTY = json.loads((CASES / "rule_faults.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case["name"])
def test_every_fault_is_listed_with_its_place(case: dict[str, Any]) -> None:
    """Each fault of the case begins as expected, and there is no other."""
    found = sorted(faults_of(case["rules"], case["inputs"]))

    assert len(found) == len(case["faults"])
    for fault, beginning in zip(found, sorted(case["faults"]), strict=True):
        assert fault.startswith(beginning)
        assert "\n" not in fault


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case["name"])
def test_faulty_tables_never_become_rules(case: dict[str, Any]) -> None:
    """They are refused with all their faults, before any event comes."""
    with pytest.raises(BadDefinition) as caught:
        Rules.from_tables(case["rules"], case["inputs"])

    assert len(caught.value.faults) == len(case["faults"])


def test_good_tables_have_no_faults() -> None:
    """All members, all sinks, every JMESPath function."""
    rules = [
        {"when": "length(data) > `1` && contains(type, 'x')", "sinks": ["firehose"]},
        {"sinks": ["iot_events", "kinesis"], "input": "a_1", "partition_key": "data.\"a b\"[0] || 'none'"},
    ]

    assert list(faults_of(rules, {"a_1": {"attributes": ["a.b", "`c d`", "e-f"], "key": "a.b"}})) == []
