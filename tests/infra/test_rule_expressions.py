import json
from pathlib import Path

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from distributary_cdk.rule_expressions import Expression

CASES = json.loads((Path(__file__).parents[1] / "cases/rule_expressions.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["expression"])
def test_an_expression_has_the_faults_of_its_case(case: dict) -> None:
    """What is wrong and what to write; the caret is under the place."""
    found = [*Expression(case["expression"], paths=case.get("paths", ())).faults()]
    texts = [fault.split("\n")[0] for fault in found]
    carets = [len(fault.split("\n")[2]) - 5 if fault.count("\n") == 2 else None for fault in found]

    assert texts == case.get("faults", [])
    if "at" in case:
        assert carets == [case["at"]]


@given(st.text(alphabet="abdt.=!<>&|'\"`[]()0-9* @", max_size=20))
def test_whatever_is_written_is_judged(text: str) -> None:
    """No expression raises here, and what JMESPath cannot read is always a fault."""
    found = [*Expression(text, paths=("a.b", "T")).faults()]

    try:
        jmespath.compile(text)
    except JMESPathError:
        assert len(found) == 1
