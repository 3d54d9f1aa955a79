"""A Kinesis data stream as a sink: PutRecords."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distributary.aws.call import call, matched, refusal
from distributary.events import Outcome, Receipt, SinkName

# 500 records, 10 MiB of data and partition keys; a record (its key included) up to 10 MiB:
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
KINESIS_CALL_RECORDS = 500
KINESIS_CALL_BYTES = 10 * 1024 * 1024
# What a stream takes unless MaxRecordSizeInKiB says more:
# https://docs.aws.amazon.com/streams/latest/dev/large-records.html
DEFAULT_MAX_RECORD_BYTES = 1024 * 1024

# The two codes that a refused record can have: the page of PutRecords.
KINESIS_RETRYABLE = frozenset({"ProvisionedThroughputExceededException", "InternalFailure"})


@dataclass(frozen=True, slots=True)
class KinesisRecord:
    """What the stream stores as one record; `explicit_hash_key`, a decimal below 2^128, overrides the key's hash."""

    data: bytes
    partition_key: str
    explicit_hash_key: str | None = None


class KinesisSink:
    """One data stream; receipts hold `sequenceNumber` and `shardId`."""

    name: SinkName = "kinesis"
    max_records = KINESIS_CALL_RECORDS
    max_bytes = KINESIS_CALL_BYTES

    def __init__(self, client: Any, stream_name: str, max_record_bytes: int = DEFAULT_MAX_RECORD_BYTES) -> None:
        self._client = client
        self._stream = {"StreamName": stream_name}
        self.max_record_bytes = max_record_bytes
        self.encryption_type: str | None = None
        """How the stream encrypts what it takes, as its last answer said: `NONE`, `KMS` or nothing."""

    def size(self, record: KinesisRecord) -> int:
        """The bytes of data, before base64, and partition key."""
        return len(record.data) + len(record.partition_key.encode())

    def put(self, records: Sequence[KinesisRecord]) -> list[Outcome]:
        """One call: an outcome for each record, in order. Raises SinkUnavailable."""
        answer = call(self._client.put_records, Records=[_members(record) for record in records], **self._stream)
        entries = matched(answer.get("Records", ()), records)
        self.encryption_type = answer.get("EncryptionType")
        return [_outcome(entry) for entry in entries]

    def put_one(self, record: KinesisRecord, sequence_number_for_ordering: str | None = None) -> Receipt:
        """The receipt of one record put by PutRecord, which keeps a shard's order. Raises SinkUnavailable."""
        ordering = {"SequenceNumberForOrdering": sequence_number_for_ordering} if sequence_number_for_ordering else {}
        answer = call(self._client.put_record, **_members(record), **ordering, **self._stream)
        self.encryption_type = answer.get("EncryptionType")
        return _receipt(answer)

    def describe(self, **page: Any) -> Mapping[str, Any]:
        """DescribeStream's answer for this stream. Raises SinkUnavailable."""
        return call(self._client.describe_stream, **page, **self._stream)

    def summarise(self) -> Mapping[str, Any]:
        """DescribeStreamSummary's answer for this stream. Raises SinkUnavailable."""
        return call(self._client.describe_stream_summary, **self._stream)

    def list_shards(self, next_token: str | None = None, **page: Any) -> Mapping[str, Any]:
        """ListShards' answer for this stream, or the page that an earlier answer named. Raises SinkUnavailable."""
        where = self._stream if next_token is None else {"NextToken": next_token}
        return call(self._client.list_shards, **page, **where)


def _members(record: KinesisRecord) -> dict[str, Any]:
    members: dict[str, Any] = {"Data": record.data, "PartitionKey": record.partition_key}
    if record.explicit_hash_key is not None:
        members["ExplicitHashKey"] = record.explicit_hash_key
    return members


def _outcome(entry: Mapping[str, Any]) -> Outcome:
    return refusal(entry, KINESIS_RETRYABLE) if entry.get("ErrorCode") else _receipt(entry)


def _receipt(entry: Mapping[str, Any]) -> Receipt:
    return Receipt({"sequenceNumber": entry["SequenceNumber"], "shardId": entry["ShardId"]})
