"""Firehose's PutRecord, PutRecordBatch and DescribeDeliveryStream, for the one stream that we have."""

import re
from collections.abc import Callable, Collection, Sequence

from distributary.errors import BadRequest
from distributary.events import Outcome
from distributary.http.aws_answer import Done, entries
from distributary.http.structure import Structure
from distributary.sinks.firehose import MAX_BYTES, MAX_RECORD_BYTES, MAX_RECORDS, FirehoseRecord, FirehoseSink

# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html and …/API_DescribeDeliveryStream.html
_NAME = re.compile("[a-zA-Z0-9_.-]+")
_LONGEST_NAME = 64
_DESTINATION = re.compile("[a-zA-Z0-9-]+")
_LONGEST_DESTINATION = 100
_MAX_LIMIT = 10_000

PUT_ONE, PUT_MANY = "Firehose_20150804.PutRecord", "Firehose_20150804.PutRecordBatch"
_ENTRY = {"recordId": "RecordId"}

Deliver = Callable[[FirehoseSink, Sequence[FirehoseRecord]], Sequence[Outcome]]


class FirehoseWire:
    """The operations on a delivery stream that answers to `names`. Each raises BadRequest and SinkUnavailable."""

    def __init__(self, sink: FirehoseSink, names: Collection[str]) -> None:
        self._sink = sink
        self._names = names

    def put_record(self, body: Structure, _: Deliver) -> Done:
        """PutRecord: one call, tried twice by its client where that may help."""
        name = _name(body)
        record = body.structure("Record", required=True)
        data = _data(record) if record else b""
        self._check(body, name)
        (entry,), _refused = entries(self._sink.put([FirehoseRecord(data)]), _ENTRY, PUT_ONE)
        return Done({**entry, "Encrypted": self._sink.encrypted}, 1)

    def put_record_batch(self, body: Structure, deliver: Deliver) -> Done:
        """PutRecordBatch: what is refused is sent again while there is time."""
        name = _name(body)
        data = [_data(record) for record in body.structures("Records", longest=MAX_RECORDS)]
        self._check(body, name)
        if sum(map(len, data)) > MAX_BYTES:
            raise BadRequest("InvalidArgumentException", "Records size exceeds 4 MB limit")
        responses, refused = entries(deliver(self._sink, [FirehoseRecord(one) for one in data]), _ENTRY, PUT_MANY)
        members = {"FailedPutCount": refused, "Encrypted": self._sink.encrypted, "RequestResponses": responses}
        return Done(members, len(data), refused)

    def describe(self, body: Structure, _: Deliver) -> Done:
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
        return Done(
            {"DeliveryStreamDescription": {**described["DeliveryStreamDescription"], "DeliveryStreamName": asked}}
        )

    def _check(self, body: Structure, name: str | None) -> None:
        body.check()
        if name not in self._names:
            raise BadRequest("ResourceNotFoundException", f"Firehose {name} not found.")


def _name(body: Structure) -> str | None:
    return body.text("DeliveryStreamName", longest=_LONGEST_NAME, pattern=_NAME, required=True)


def _data(record: Structure) -> bytes:
    return record.blob("Data", longest=MAX_RECORD_BYTES, required=True) or b""
