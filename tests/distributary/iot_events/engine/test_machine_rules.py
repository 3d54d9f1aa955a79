import json
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[3]
LIST = json.loads((TESTS / "cases" / "detectors" / "rules.json").read_text("utf-8"))
RULES = LIST["rules"]


def cases_of(file: Path) -> list[dict]:
    """The cases of a file: all of it, or the lists in it."""
    document = json.loads(file.read_text("utf-8"))
    lists = [document] if isinstance(document, list) else [one for one in document.values() if isinstance(one, list)]
    return [case for cases in lists for case in cases]


def named(case: object) -> list[str]:
    """The rules that a case names; cases of other things, such as pairs of bytes and value, name none."""
    return case.get("covers", []) if isinstance(case, dict) else []


def covered() -> set[str]:
    """The rules that the cases of all files name, and those that tests carry as `@pytest.mark.covers("…")`."""
    files = [
        *TESTS.glob("cases/detectors/*.json"),
        *TESTS.glob("cases/expressions/*.json"),
        *TESTS.glob("cases/*.json"),
    ]
    by_cases = {rule for file in files for case in cases_of(file) for rule in named(case)}
    tests = [file.read_text("utf-8") for file in TESTS.rglob("test_*.py")]
    return by_cases | {rule for text in tests for rule in re.findall(r"mark\.covers\(\"([\w.-]+)\"\)", text)}


COVERED = covered()


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_case(rule):
    """Each rule of the semantics is named by at least one case or test."""
    assert rule in COVERED


def test_no_case_names_a_rule_that_is_none():
    """What a case or test covers is a rule of the list."""
    assert RULES.keys() >= COVERED


def test_each_undocumented_point_was_decided():
    """All 35 of them, and the docs say how; and no decision is without its point."""
    decided = LIST["undocumented"]
    told = (TESTS.parent / "docs" / "how-to" / "migrate-from-iot-events.md").read_text("utf-8")

    assert list(decided) == [str(number) for number in range(1, 36)]
    assert re.findall(r"^\| (\d+) \| .+ \| .+ \|$", told, re.MULTILINE) == list(decided)
    assert {rule for rules in decided.values() for rule in rules} == {
        one for one in RULES if one.startswith("decision.")
    }
