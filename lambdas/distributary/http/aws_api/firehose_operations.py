"""Firehose's PutRecord, PutRecordBatch and DescribeDeliveryStream, for the one stream that we have."""

import re
from collections.abc import Callable, Collection, Sequence

from distributary.errors import BadRequest
from distributary.events import Outcome
from distributary.http.aws_api.answer import Answer, entries_of
from distributary.http.structure import Structure
from distributary.sinks.firehose import (
    FIREHOSE_CALL_BYTES,
    FIREHOSE_CALL_RECORDS,
    LONGEST_DELIVERY_STREAM_NAME,
    MAX_RECORD_BYTES,
    FirehoseRecord,
    FirehoseSink,
)
from distributary.sinks.stream_name import STREAM_NAME

# https://docs.aws.amazon.com/firehose/latest/APIReference/API_DescribeDeliveryStream.html
_DESTINATION = re.compile("[a-zA-Z0-9-]+")
_LONGEST_DESTINATION = 100
_MAX_LIMIT = 10_000

PUT_ONE, PUT_MANY = "Firehose_20150804.PutRecord", "Firehose_20150804.PutRecordBatch"
_NEWLINE = b"\n"
_NO_ROOM = (
    f"it has {MAX_RECORD_BYTES:,} bytes, the most that Firehose takes, and no newline at its end, nor room for one. "
    'End it with a newline, make it a byte shorter, or set firehose.delimiter = "none" in distributary.toml.'
)
_ENTRY = {"recordId": "RecordId"}

DeliverToFirehose = Callable[[FirehoseSink, Sequence[FirehoseRecord]], Sequence[Outcome]]


class FirehoseOperations:
    """The operations on a delivery stream that answers to `names`. Each raises BadRequest and SinkUnavailable.

    With `delimit`, a newline is added to each record that does not end with one: Firehose joins records as they are,
    and a reader of lines would take two for one.
    """

    def __init__(self, sink: FirehoseSink, names: Collection[str], *, delimit: bool) -> None:
        self._sink = sink
        self._names = names
        self._delimit = delimit

    def put_record(self, body: Structure, _: DeliverToFirehose) -> Answer:
        """PutRecord: one call, tried twice by its client where that may help."""
        name = _name(body)
        record = body.structure("Record", required=True)
        data = _data(record) if record else b""
        self._check(body, name)
        (entry,), _refused = entries_of(self._sink.put(self._records([data])), _ENTRY, PUT_ONE)
        return Answer({**entry, "Encrypted": self._sink.encrypted}, 1)

    def put_record_batch(self, body: Structure, deliver: DeliverToFirehose) -> Answer:
        """PutRecordBatch: what is refused is sent again while there is time."""
        name = _name(body)
        data = [_data(record) for record in body.structures("Records", longest=FIREHOSE_CALL_RECORDS)]
        self._check(body, name)
        if sum(map(len, data)) > FIREHOSE_CALL_BYTES:
            raise BadRequest("InvalidArgumentException", "Records size exceeds 4 MB limit")
        responses, refused = entries_of(deliver(self._sink, self._records(data)), _ENTRY, PUT_MANY)
        members = {"FailedPutCount": refused, "Encrypted": self._sink.encrypted, "RequestResponses": responses}
        return Answer(members, len(data), refused)

    def describe(self, body: Structure, _: DeliverToFirehose) -> Answer:
        """DescribeDeliveryStream, as AWS answers it, under the name that was asked for: Vector compares the two."""
        asked = _name(body)
        page = {
            "Limit": body.number("Limit", 1, _MAX_LIMIT),
            "ExclusiveStartDestinationId": body.text(
                "ExclusiveStartDestinationId", longest=_LONGEST_DESTINATION, pattern=_DESTINATION
            ),
        }
        self._check(body, asked)
        described = self._sink.describe(**{name: value for name, value in page.items() if value is not None})
        return Answer(
            {"DeliveryStreamDescription": {**described["DeliveryStreamDescription"], "DeliveryStreamName": asked}}
        )

    def _records(self, data: Sequence[bytes]) -> list[FirehoseRecord]:
        """The records to store. Raises BadRequest for one that has no room for its newline."""
        if not self._delimit:
            return [FirehoseRecord(one) for one in data]
        for place, one in enumerate(data, start=1):
            if len(one) == MAX_RECORD_BYTES and not one.endswith(_NEWLINE):
                raise BadRequest("InvalidArgumentException", f"Record {place}: {_NO_ROOM}")
        return [FirehoseRecord(one if one.endswith(_NEWLINE) or not one else one + _NEWLINE) for one in data]

    def _check(self, body: Structure, name: str | None) -> None:
        body.check()
        if name not in self._names:
            raise BadRequest("ResourceNotFoundException", f"Firehose {name} not found.")


def _name(body: Structure) -> str | None:
    return body.text("DeliveryStreamName", longest=LONGEST_DELIVERY_STREAM_NAME, pattern=STREAM_NAME, required=True)


def _data(record: Structure) -> bytes:
    return record.blob("Data", longest=MAX_RECORD_BYTES, required=True) or b""
