import json
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from local.aws.object_name import BadPrefix, Naming

CASES = json.loads((Path(__file__).parents[2] / "cases/local/object_names.json").read_text())
ARRIVED = datetime(2026, 11, 22, 23, 5, 9, 123000, tzinfo=UTC)
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["comment"])
def test_an_object_is_named_as_firehose_names_it(case):
    """Prefix expressions, then stream, version, time and a random ending."""
    zone = ZoneInfo(case.get("zone", "UTC"))
    naming = Naming("hose", "3", case.get("prefix", ""), case.get("error_prefix", ""), ".gz", zone)
    if case.get("refused"):
        with pytest.raises(BadPrefix):
            naming.key(ARRIVED)
        return

    key = naming.key(ARRIVED, case.get("error"))

    name = case.get("name", "hose-3-2026-11-22-23-05-09-")
    expected = case["key"] if case.get("pattern") else re.escape(case["key"]).replace(r"\{name\}", "{name}")
    assert re.fullmatch(expected.replace("{name}", f"{name}{UUID}\\.gz"), key)


def test_no_two_objects_have_one_name():
    """The ending is random."""
    naming = Naming("hose", "1")

    assert naming.key(ARRIVED) != naming.key(ARRIVED)
