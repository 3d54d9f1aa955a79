import json
from decimal import Decimal

import pytest

from distributary.iot_events.topic_rule import MESSAGE_ID_MEMBER, parts
from distributary.iot_events.values import UNREADABLE, read_object


@pytest.mark.parametrize(
    ("event", "batch", "expected"),
    [
        ({"a": 1, "b": {"c": "é"}}, False, [("call", {"a": 1, "b": {"c": "é"}})]),
        ({"a": 1, MESSAGE_ID_MEMBER: "device-7"}, False, [("device-7", {"a": 1})]),
        ({"a": 1, MESSAGE_ID_MEMBER: 1763836800000}, False, [("1763836800000", {"a": 1})]),
        ({"a": 1, MESSAGE_ID_MEMBER: None}, False, [("null", {"a": 1})]),
        ([{"a": 1}, {"a": 2}], True, [("call-0", {"a": 1}), ("call-1", {"a": 2})]),
        ([], True, []),
        ({"a": 1}, True, [("call", {"a": 1})]),
        ([{"a": 1}], False, [("call", [{"a": 1}])]),
        ("AAEC", False, [("call", "AAEC")]),
    ],
    ids=["plain", "own id", "number", "null", "batch", "empty", "no array", "array", "base64"],
)
def test_each_event_is_its_messages(event, batch, expected) -> None:
    """The rule's own messageId, else Lambda's request id, with a number where an array is a batch."""
    found = parts(event, batch=batch, request_id="call")

    assert [(one.message_id, json.loads(one.payload)) for one in found] == expected


def test_half_a_character_is_no_error() -> None:
    """Text that is no Unicode goes on as bytes that are no UTF-8: whoever reads them refuses them."""
    [part] = parts({"a": "\ud800"}, batch=False, request_id="call")

    with pytest.raises(UnicodeDecodeError):
        part.payload.decode()


def test_a_number_that_lambda_reads_as_infinite_is_still_json() -> None:
    """Its reading is lost, as in any message; the others are what they were."""
    event = json.loads('{"deviceId":"d","x":[1e400,-1e400,1.5],"y":{"z":"é"}}')
    [part] = parts(event, batch=False, request_id="call")

    assert read_object(part.payload) == {
        "deviceId": "d",
        "x": [UNREADABLE, UNREADABLE, Decimal("1.5")],
        "y": {"z": "é"},
    }
