"""A Kinesis data stream as a sink: PutRecords."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple

from distributary.aws.call import call, matched, refusal
from distributary.events import Outcome, Receipt, RoutedEvent, SinkName
from distributary.metrics import SinkMetrics
from distributary.settings import Settings, within
from distributary.sinks.sink import (
    OVERHEAD,
    EventSink,
    SinkContext,
    SinkKind,
    SinkSettings,
    bytes_from_json,
    bytes_to_json,
    expect_active,
)
from distributary.sinks.stream_name import alias_faults

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
LONGEST_STREAM_NAME = 128

# 500 records, 10 MiB of data and partition keys; a record (its key included) up to 10 MiB:
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
KINESIS_CALL_RECORDS = 500
KINESIS_CALL_BYTES = 10 * 1024 * 1024
# What a stream takes unless MaxRecordSizeInKiB says more:
# https://docs.aws.amazon.com/streams/latest/dev/large-records.html
DEFAULT_MAX_RECORD_BYTES = 1024 * 1024

# The two codes that a refused record can have: the page of PutRecords.
KINESIS_RETRYABLE = frozenset({"ProvisionedThroughputExceededException", "InternalFailure"})


class KinesisRecord(NamedTuple):
    """What the stream stores as one record; `explicit_hash_key`, a decimal below 2^128, overrides the key's hash."""

    data: bytes
    partition_key: str
    explicit_hash_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class KinesisChoices(Settings):
    """What the owner of a stage chooses for the stream."""

    prefix: ClassVar[str] = "KINESIS_"

    max_record_kib: int = within(1024, 10_240, 1024)
    """The largest record in KiB."""
    aliases: Sequence[str] = ()
    """More names that AWS clients may use for this stream."""

    def faults(self) -> Iterator[str]:
        """As above, and names that no stream can have."""
        yield from super().faults()
        yield from alias_faults(self.aliases, LONGEST_STREAM_NAME)


@dataclass(frozen=True, kw_only=True)
class KinesisSettings(KinesisChoices, SinkSettings):
    """What functions know of the stream."""

    stream_name: str


class KinesisSink(EventSink[KinesisRecord]):
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

    def record(self, routed: RoutedEvent) -> KinesisRecord:
        """The event's envelope under the keys that the rules give it."""
        return KinesisRecord(routed.line, routed.route.partition_key, routed.route.explicit_hash_key)

    def describe_record(self, record: KinesisRecord) -> Mapping[str, Any]:
        """The keys that choose its shard."""
        chosen = {"explicitHashKey": record.explicit_hash_key} if record.explicit_hash_key is not None else {}
        return {"partitionKey": record.partition_key, **chosen}

    def check(self) -> None:
        """Raises SinkUnavailable unless the stream is active or being updated."""
        expect_active(self.summarise()["StreamDescriptionSummary"]["StreamStatus"])

    def describe(self, **page: Any) -> Mapping[str, Any]:
        """DescribeStream's answer for this stream. Raises SinkUnavailable."""
        return _with_time(call(self._client.describe_stream, **page, **self._stream), "StreamDescription")

    def summarise(self) -> Mapping[str, Any]:
        """DescribeStreamSummary's answer for this stream. Raises SinkUnavailable."""
        return _with_time(call(self._client.describe_stream_summary, **self._stream), "StreamDescriptionSummary")

    def list_shards(self, next_token: str | None = None, **page: Any) -> Mapping[str, Any]:
        """ListShards' answer for this stream, or the page that an earlier answer named. Raises SinkUnavailable."""
        where = self._stream if next_token is None else {"NextToken": next_token}
        return call(self._client.list_shards, **page, **where)


def _with_time(answer: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    """The answer with the stream's creation as a time: AWS JSON has seconds, and CBOR writes times another way."""
    described, name = answer[member], "StreamCreationTimestamp"
    if not isinstance(described.get(name), int | float):
        return answer
    return {**answer, member: {**described, name: datetime.fromtimestamp(described[name], UTC)}}


def _members(record: KinesisRecord) -> dict[str, Any]:
    members: dict[str, Any] = {"Data": record.data, "PartitionKey": record.partition_key}
    if record.explicit_hash_key is not None:
        members["ExplicitHashKey"] = record.explicit_hash_key
    return members


def _outcome(entry: Mapping[str, Any]) -> Outcome:
    return refusal(entry, KINESIS_RETRYABLE) if entry.get("ErrorCode") else _receipt(entry)


def _receipt(entry: Mapping[str, Any]) -> Receipt:
    return Receipt({"sequenceNumber": entry["SequenceNumber"], "shardId": entry["ShardId"]})


def _open(settings: KinesisSettings, context: SinkContext) -> KinesisSink:
    return KinesisSink(context.clients.make("kinesis"), settings.stream_name, settings.max_record_kib * 1024)


def _to_json(record: KinesisRecord) -> dict[str, Any]:
    members = bytes_to_json("data", record.data) | {"partitionKey": record.partition_key}
    return members if record.explicit_hash_key is None else {**members, "explicitHashKey": record.explicit_hash_key}


def _from_json(members: Mapping[str, Any]) -> KinesisRecord:
    return KinesisRecord(bytes_from_json("data", members), members["partitionKey"], members.get("explicitHashKey"))


def _weight(record: KinesisRecord) -> int:
    return len(record.data) + len(record.partition_key.encode()) + OVERHEAD


KIND = SinkKind(
    name="kinesis",
    settings=KinesisSettings,
    open=_open,
    to_json=_to_json,
    from_json=_from_json,
    weight=_weight,
    metrics=SinkMetrics(
        delivered="delivered_kinesis",
        retry_queued="spilled_kinesis",
        redriven="redriven_kinesis",
        pending="waiting_kinesis",
        dead_letters="dead_letters_kinesis",
        oldest_pending="oldest_spilled_seconds_kinesis",
    ),
)
