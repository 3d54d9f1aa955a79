from distributary.events import Event, EventResult
from distributary.ingest.result_metrics import by_sink

EVENT = Event(0, {"id": "i"}, None)


def test_what_became_of_events_is_counted_by_sink() -> None:
    """Delivered, spilled and dead-lettered receipts count, each for its sink; skipped and refused ones do not."""
    spilled = EventResult(EVENT, "accepted", {"kinesis": {"spilled": True}, "firehose": {"recordId": "r"}})
    dead = EventResult(EVENT, "accepted", {"iot_events": {"deadLettered": True}, "kinesis": {"spilled": True}})
    again = EventResult(EVENT, "retry", {"iot_events": {"skipped": "no rule"}, "kinesis": {"error": {"code": "c"}}})

    expected = {"spilled_kinesis": 2, "dead_letters_iot_events": 1, "delivered_firehose": 1}
    assert by_sink([spilled, dead, again]) == expected
    assert by_sink([]) == {}
