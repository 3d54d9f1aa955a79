"""Kinesis's PutRecord and PutRecords, for the one stream that we have."""

import re
from collections.abc import Callable, Sequence

from distributary.errors import BadRequest
from distributary.events import Outcome
from distributary.http.aws_api.answer import Answer, entries_of
from distributary.http.aws_api.stream_names import StreamNames
from distributary.http.structure import Structure
from distributary.sinks.kinesis import KINESIS_CALL_BYTES, KINESIS_CALL_RECORDS, KinesisRecord, KinesisSink

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
_LONGEST_KEY = 256
_HASH_KEY = re.compile(r"0|([1-9]\d{0,38})", re.ASCII)
_MAX_HASH_KEY = 2**128 - 1
_SEQUENCE_NUMBER = re.compile(r"0|([1-9]\d{0,128})", re.ASCII)

PUT_ONE, PUT_MANY = "Kinesis_20131202.PutRecord", "Kinesis_20131202.PutRecords"
_ENTRY = {"sequenceNumber": "SequenceNumber", "shardId": "ShardId"}

DeliverToKinesis = Callable[[KinesisSink, Sequence[KinesisRecord]], Sequence[Outcome]]


class KinesisOperations:
    """The puts into a data stream that answers to `names`. Each raises BadRequest and SinkUnavailable."""

    def __init__(self, sink: KinesisSink, names: StreamNames) -> None:
        self._sink = sink
        self._names = names

    def put_record(self, body: Structure, _: DeliverToKinesis) -> Answer:
        """PutRecord: one call, which keeps a shard's order, tried twice by its client where that may help."""
        record = self._record(body)
        ordering = body.text("SequenceNumberForOrdering", pattern=_SEQUENCE_NUMBER)
        self._check(body, [record])
        (entry,), _refused = entries_of([self._sink.put_one(record, ordering)], _ENTRY, PUT_ONE)
        return Answer({**entry, **self._encryption()}, 1)

    def put_records(self, body: Structure, deliver: DeliverToKinesis) -> Answer:
        """PutRecords: what is refused is sent again while there is time."""
        records = [self._record(entry) for entry in body.structures("Records", longest=KINESIS_CALL_RECORDS)]
        self._check(body, records)
        entries, refused = entries_of(deliver(self._sink, records), _ENTRY, PUT_MANY)
        return Answer({"FailedRecordCount": refused, "Records": entries, **self._encryption()}, len(records), refused)

    def _record(self, body: Structure) -> KinesisRecord:
        """The record of a PutRecord, or of one entry of a PutRecords."""
        return KinesisRecord(
            body.blob("Data", longest=self._sink.max_record_bytes, required=True) or b"",
            body.text("PartitionKey", longest=_LONGEST_KEY, required=True) or "",
            body.text("ExplicitHashKey", pattern=_HASH_KEY),
        )

    def _check(self, body: Structure, records: Sequence[KinesisRecord]) -> None:
        dry_run = body.flag("DryRun")
        self._names.required(body)
        for record in records:
            self._check_record(record)
        if sum(map(self._sink.size, records)) > KINESIS_CALL_BYTES:
            raise BadRequest("InvalidArgumentException", "Records size exceeds 10 MB limit")
        if dry_run:
            raise BadRequest(
                "DryRunOperationException", "The request was rejected because the DryRun parameter was specified."
            )

    def _check_record(self, record: KinesisRecord) -> None:
        if record.explicit_hash_key is not None and int(record.explicit_hash_key) > _MAX_HASH_KEY:
            raise BadRequest(
                "InvalidArgumentException",
                "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
                f"Specified value was {record.explicit_hash_key}",
            )
        if (size := self._sink.size(record)) > self._sink.max_record_bytes:
            most = f"data and partition key together have {size} bytes; the stream takes {self._sink.max_record_bytes}"
            raise BadRequest("InvalidArgumentException", f"Record size exceeds its limit: {most}")

    def _encryption(self) -> dict[str, str]:
        return {"EncryptionType": self._sink.encryption_type} if self._sink.encryption_type else {}
