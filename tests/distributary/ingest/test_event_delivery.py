from distributary.events import Event, Failure, Receipt, Route, RoutedEvent
from distributary.ingest.event_delivery import EventDelivery

EVENT = Event(0, {"id": "i", "source": "s", "time": "2026-01-02T03:04:05.678Z"}, '{"a":1}', {"a": 1})


def test_a_failure_means_not_stored() -> None:
    """A receipt leaves the event stored, a failure does not."""
    one = EventDelivery(RoutedEvent(EVENT, Route(("firehose", "kinesis")), b"{}"))
    one.note("kinesis", Receipt({"shardId": "0"}))
    assert (one.stored, one.receipts["kinesis"]) == (True, {"shardId": "0"})

    one.note("firehose", Failure("Busy", "later", retryable=True))
    assert (one.stored, one.receipts["firehose"]) == (False, {"error": {"code": "Busy", "detail": "later"}})
