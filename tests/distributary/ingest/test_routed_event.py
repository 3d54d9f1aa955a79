import hashlib
from base64 import urlsafe_b64encode

from distributary.events import Event, Failure, Receipt
from distributary.ingest.routed_event import RoutedEvent, message_id
from distributary.ingest.rules import Route

EVENT = Event(0, {"id": "i", "source": "s", "time": "2026-01-02T03:04:05.678Z"}, '{"a":1}', {"a": 1})


def parcel() -> RoutedEvent:
    """An event for all three sinks."""
    return RoutedEvent(EVENT, Route(("firehose", "kinesis", "iot_events"), "key", input="in"), b"{}")


def test_a_message_id_depends_on_source_and_id_alone() -> None:
    """It is unpadded base64url of SHA-256(source, zero byte, id)."""
    assert message_id(EVENT) == urlsafe_b64encode(hashlib.sha256(b"s\0i").digest()).rstrip(b"=").decode()


def test_each_sink_has_its_record() -> None:
    """Firehose gets a line, Kinesis the envelope under its key, IoT Events the data under its messageId."""
    assert parcel().record("firehose").data == b"{}\n"
    assert (parcel().record("kinesis").data, parcel().record("kinesis").partition_key) == (b"{}", "key")
    message = parcel().record("iot_events")
    assert (message.message_id, message.input_name, message.payload) == (message_id(EVENT), "in", b'{"a":1}')


def test_a_failure_means_not_stored() -> None:
    """A receipt leaves the event stored, a failure does not."""
    one = parcel()
    one.note("kinesis", Receipt({"shardId": "0"}))
    assert (one.stored, one.receipts["kinesis"]) == (True, {"shardId": "0"})

    one.note("firehose", Failure("Busy", "later", retryable=True))
    assert (one.stored, one.receipts["firehose"]) == (False, {"error": {"code": "Busy", "detail": "later"}})
