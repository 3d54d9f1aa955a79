import json
import re
import time
from pathlib import Path

import pytest

from local.aws.topic_rule import UNDEFINED, NotEvaluatedHere, compiled

CASES = json.loads((Path(__file__).parents[2] / "cases" / "local" / "topic_rules.json").read_text())
GOOD = [case for case in CASES if "refused" not in case]
BAD = [case for case in CASES if "refused" in case]


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["name"])
def test_what_is_selected(case) -> None:
    """Of a message that the rule takes what it selects, of another nothing."""
    found = compiled(case["sql"]).select(case["topic"], json.dumps(case["payload"]).encode())

    assert found == case.get("selected", UNDEFINED)


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["name"])
def test_what_is_not_evaluated_here(case) -> None:
    """SQL beyond the subset is an error when the rule is made, with the place and the statement."""
    with pytest.raises(NotEvaluatedHere, match=case["refused"]) as refused:
        compiled(case["sql"])

    assert case["sql"] in str(refused.value)


def test_what_is_new_each_time() -> None:
    """The time in milliseconds, and an id."""
    rule = compiled("SELECT timestamp() AS t, newuuid() AS u FROM 'a'")

    first, second = (rule.select("a", b"{}") for _ in range(2))

    assert abs(first["t"] - time.time() * 1000) < 5000
    assert re.fullmatch(r"[0-9a-f-]{36}", first["u"])
    assert first["u"] != second["u"]


def test_what_is_no_json() -> None:
    """A function gets it in base64; members of it there are none."""
    assert compiled("SELECT * FROM 'a'").select("a", b"\x00\x01\x02") == "AAEC"
    assert compiled("SELECT x, topic() AS t FROM 'a'").select("a", b"\x00") == {"t": "a"}


def test_what_is_selected_whole_keeps_its_numbers() -> None:
    """The text that goes to an action is the payload's own; base64 and selected members are JSON as before."""
    assert compiled("SELECT * FROM 'a'").hand_over("a", b'{"x":1e400,"y":1.10}') == '{"x":1e400,"y":1.10}'
    assert compiled("SELECT * FROM 'a'").hand_over("a", b"\x00") == '"AA=="'
    assert compiled("SELECT x FROM 'a'").hand_over("a", b'{"x":1}') == '{"x": 1}'
    assert compiled("SELECT * FROM 'a'").hand_over("b", b"{}") is None
