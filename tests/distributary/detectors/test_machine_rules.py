import json
from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "cases"
RULES = json.loads((CASES / "detectors" / "rules.json").read_text("utf-8"))["rules"]


def covered():
    """The rules that the cases of all files name."""
    files = [*CASES.glob("detectors/*.json"), *CASES.glob("expressions/*.json")]
    lists = [one for file in files for one in json.loads(file.read_text("utf-8")).values() if isinstance(one, list)]
    return {rule for cases in lists for case in cases for rule in case.get("covers", ())}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_case(rule):
    """Each rule of the semantics is named by at least one case."""
    assert rule in covered()


def test_no_case_names_a_rule_that_is_none():
    """What a case covers is a rule of the list."""
    assert covered() <= RULES.keys()
