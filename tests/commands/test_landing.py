import pytest

from commands.landing import landings
from commands.post import Sent

READING = {"data": {"deviceId": "pump-7"}}
SKIPPED = {"skipped": True}


@pytest.mark.parametrize(
    ("arrives", "receipt", "messages", "found", "complete"),
    [
        (READING, {"messageId": "m"}, {"m": READING["data"]}, "found", True),
        (READING, {"messageId": "m"}, {}, "MISSING", False),
        (READING, {"messageId": "m"}, None, "stored, not read", True),
        (READING, {**SKIPPED, "reason": "no detector model reads the input telemetry"}, {}, "no model reads it", True),
        (READING, {**SKIPPED, "reason": "no detector model takes it: no key"}, {}, "MISSING", False),
        ({"data": 7}, {**SKIPPED, "reason": "its data is not a JSON object"}, {}, "skipped", True),
    ],
)
def test_what_became_of_the_third_leg(arrives, receipt, messages, found, complete):
    """A stage without models is no failure; an event that its models should have read is one."""
    sent = Sent("JSON", "id", arrives, {"iot_events": receipt})
    [row] = landings([sent], firehose={}, kinesis={}, messages=messages)

    assert (row.iot_events, row.complete) == (found, complete)
