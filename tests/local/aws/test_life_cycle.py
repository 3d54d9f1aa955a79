import json
from pathlib import Path

import pytest

from local.aws.life_cycle import refusal

CASES = json.loads((Path(__file__).parents[2] / "cases/local/life_cycles.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["note"])
def test_rules_are_refused_in_the_words_of_s3(case):
    """Or taken, where S3 takes them."""
    found = refusal(case["rules"])

    assert (list(found) if found else None) == case["refused"]


def test_numbers_are_text_in_xml():
    """What arrives by HTTP is judged as what a program has: also a single action, which is no list there."""
    rule = {"Status": "Enabled", "Filter": None, "Transition": {"StorageClass": "GLACIER", "Days": "9"}}

    assert refusal([rule | {"Expiration": {"Days": "9"}}]).code == "InvalidArgument"
    assert refusal([rule | {"Expiration": {"Days": "10"}}]) is None


@pytest.mark.parametrize("days", ["", "soon", "1.5", "99999999999"])
def test_what_is_no_number_is_malformed(days):
    """Whatever stands where a number of days should."""
    assert refusal([{"Status": "Enabled", "Filter": {}, "Expiration": {"Days": days}}]).code == "MalformedXML"


def test_what_is_no_date_is_malformed():
    """As the date of HTTP's headers."""
    expiration = {"Date": "Fri, 01 Jan 2016 00:00:00 GMT"}

    assert refusal([{"Status": "Enabled", "Filter": {}, "Expiration": expiration}]).code == "MalformedXML"


def test_a_thousand_rules_are_the_most():
    """One more is refused."""
    rules = [
        {"Status": "Enabled", "Filter": {"Prefix": f"{number}/"}, "Expiration": {"Days": 1}} for number in range(1001)
    ]

    assert refusal(rules[1:]) is None
    assert refusal(rules).code == "MalformedXML"
