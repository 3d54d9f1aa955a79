from pathlib import Path

import pytest

from distributary.iot_events.detector_key import BadKey, key_value
from distributary.iot_events.values import read_json

CASES = read_json((Path(__file__).parents[2] / "cases" / "detectors" / "keys.json").read_text("utf-8"))["keys"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['path']} of {str(case['payload'])[:40]}")
def test_a_payload_belongs_to_the_detector_of_its_key(case):
    """The key is the text at the path, or the payload belongs to none, and the reason does not show the value."""
    if "refused" in case:
        with pytest.raises(BadKey, match=case["refused"]) as caught:
            key_value(case["path"], case["payload"])
        assert "0123456789" not in str(caught.value)
    else:
        assert key_value(case["path"], case["payload"]) == case["key"]
