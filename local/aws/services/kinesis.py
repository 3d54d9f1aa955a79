"""Kinesis at today's limits, safe for concurrent producers.

moto 5.2.5 stops at 1 MiB a record and 5 MiB a request, checks nothing in PutRecord, knows no maximum record size of a
stream, and gives one sequence number to two records that arrive at once. A read of moto's looks through the shard from
its beginning, and fails where a record arrives meanwhile. It keeps every record: here a stream holds so many bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import threading
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.kinesis.models import KinesisBackend, Record, Shard, Stream
from moto.kinesis.responses import KinesisResponse
from moto.kinesis.utils import compose_shard_iterator, decompose_shard_iterator

from local.aws import STREAM_MIB
from local.aws.limits import constraint, longer_than, shorter_than
from local.aws.services import Completed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# API reference of PutRecords, and "Large records" in the developer guide (10 MiB since October 2025).
RECORDS_A_REQUEST = 500
REQUEST_BYTES = 10 * 1024 * 1024
RECORD_BYTES = 10 * 1024 * 1024
DEFAULT_RECORD_KIB = 1024
LARGEST_RECORD_KIB = 10240
KEY_CHARACTERS = 256
HASH_KEY = re.compile(r"0|([1-9]\d{0,38})")
HASH_KEYS = 2**128
RECORD_OVERHEAD = 500  # bytes of memory beside key and data, measured


class DataStream(Stream):
    """moto's stream with a maximum record size, and with sequence numbers that never repeat.

    It holds `held_bytes` of memory at most: past that its oldest records end, as they do in AWS after the stream's
    retention. `say` takes one line when that happens first. Copies that a split or merge of shards makes do not count.
    """

    def __init__(self, *args: Any, held_bytes: int, say: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_record_kib = DEFAULT_RECORD_KIB
        self.lock = threading.Lock()
        self._most = held_bytes
        self._say = say
        self._last: Counter[str] = Counter()  # by shard: one whose records have ended counts on
        self._held: deque[tuple[Shard, int, int]] = deque()
        self._bytes = 0
        self._reported = False

    def is_created(self) -> bool:
        """Always."""
        return True

    def put(self, record: Mapping[str, Any]) -> dict[str, str]:
        """Where the record went: its sequence number and its shard."""
        shard = self.get_shard_for_key(record["PartitionKey"], record.get("ExplicitHashKey") or "")
        with self.lock:
            number = max(self._last[shard.shard_id], next(reversed(shard.records), 0)) + 1
            self._last[shard.shard_id] = number
            shard.records[number] = Record(
                record["PartitionKey"], record.get("Data", ""), number, record.get("ExplicitHashKey") or ""
            )
            self._hold(shard, number, len(record["PartitionKey"]) + len(record.get("Data") or "") + RECORD_OVERHEAD)
        return {"SequenceNumber": str(number), "ShardId": shard.shard_id}

    def _hold(self, shard: Shard, number: int, size: int) -> None:
        """Counts a new record, and ends the oldest ones that no longer fit; the new one stays, whatever its size."""
        self._held.append((shard, number, size))
        self._bytes += size
        while self._bytes > self._most and len(self._held) > 1:
            oldest, place, freed = self._held.popleft()
            oldest.records.pop(place, None)
            self._bytes -= freed
            self._report()

    def _report(self) -> None:
        if not self._reported:
            self._reported = True
            self._say(
                f"stream {self.stream_name} holds {self._most // 1024**2} MiB: from now on its oldest records end"
                " (make up STREAM_MIB=<number> changes it)"
            )

    def get_shard_for_key(self, partition_key: str, explicit_hash_key: str) -> Shard:
        """The open shard whose range the hash key falls into (moto's leaves out the end of each range)."""
        digest = hashlib.md5(partition_key.encode(), usedforsecurity=False).hexdigest()
        key = int(explicit_hash_key or int(digest, 16))
        shards = (shard for shard in self.shards.values() if shard.is_open)
        return next(shard for shard in shards if shard.starting_hash <= key <= shard.ending_hash)

    def to_json_summary(self) -> dict[str, Any]:
        """The summary as DescribeStreamSummary gives it."""
        summary = super().to_json_summary()
        summary["StreamDescriptionSummary"]["MaxRecordSizeInKiB"] = self.max_record_kib
        return summary


class Kinesis(Completed, KinesisBackend):
    """moto's service with AWS's limits."""

    __module__ = KinesisBackend.__module__  # moto finds a service's URLs by its backend's module

    def __init__(
        self,
        region_name: str,
        account_id: str,
        *,
        held_bytes: int = STREAM_MIB * 1024**2,
        say: Callable[[str], None] = print,
    ) -> None:
        super().__init__(region_name, account_id)
        self._held_bytes = held_bytes
        self._say = say

    def create_stream(
        self,
        stream_name: str,
        shard_count: int,
        stream_mode: dict[str, str] | None = None,
        retention_period_hours: int | None = None,
    ) -> DataStream:
        """The stream that was created."""
        if stream_name in self.streams:
            raise refused("ResourceInUseException", f"Stream {stream_name} under account {self.account_id} exists.")
        stream = DataStream(
            stream_name,
            shard_count,
            stream_mode,
            retention_period_hours,
            self.account_id,
            self.region_name,
            held_bytes=self._held_bytes,
            say=self._say,
        )
        self.streams[stream_name] = stream
        return stream

    def update_max_record_size(self, stream_arn: str, kib: int) -> None:
        """Sets the stream's largest record, in KiB."""
        if not DEFAULT_RECORD_KIB <= kib <= LARGEST_RECORD_KIB:
            rule = f"Member must have value between {DEFAULT_RECORD_KIB} and {LARGEST_RECORD_KIB}"
            raise refused("ValidationException", constraint("maxRecordSizeInKiB", rule))
        self.find(stream_arn, None).max_record_kib = kib

    def put_record(
        self, stream_arn: str, stream_name: str, partition_key: str, explicit_hash_key: str, data: str
    ) -> tuple[str, str]:
        """The sequence number and the shard."""
        stream = self.find(stream_arn, stream_name)
        record = {"PartitionKey": partition_key, "ExplicitHashKey": explicit_hash_key, "Data": data}
        check_record(record, stream, "")
        place = stream.put(record)
        return place["SequenceNumber"], place["ShardId"]

    def put_records(self, stream_arn: str, stream_name: str, records: list[dict[str, Any]]) -> dict[str, Any]:
        """PutRecords' answer: where each record went."""
        stream = self.find(stream_arn, stream_name)
        check_request(records, stream)
        return {"FailedRecordCount": 0, "Records": [stream.put(record) for record in records]}

    def get_shard_iterator(
        self, stream_arn: str | None, stream_name: str | None, shard_id: str, *place: Any, **named: Any
    ) -> str:
        """An iterator, as moto makes it, while no record arrives."""
        with self.find(stream_arn, stream_name).lock:
            return super().get_shard_iterator(stream_arn, stream_name, shard_id, *place, **named)

    def get_records(
        self, stream_arn: str | None, shard_iterator: str, limit: int | None
    ) -> tuple[str, list[Record], int]:
        """The next iterator, the records, and how many milliseconds the last of them is behind the shard's end."""
        name, shard_id, number = decompose_shard_iterator(shard_iterator)
        last = int(number)
        stream = self.find(stream_arn, name)
        shard = stream.get_shard(shard_id)
        with stream.lock:
            records = read_after(shard, last, limit)
            behind = 0.0
            if records:
                last = int(records[-1].sequence_number)
                behind = shard.records[next(reversed(shard.records))].created_at - records[-1].created_at
        return compose_shard_iterator(name, shard, last), records, int(behind * 1000)

    def find(self, stream_arn: str | None, stream_name: str | None) -> DataStream:
        """The stream by ARN or name."""
        stream = self.describe_stream(stream_arn, stream_name)
        assert isinstance(stream, DataStream)  # noqa: S101 - this backend makes no other
        return stream


def read_after(shard: Shard, last: int, limit: int | None) -> list[Record]:
    """At most `limit` records behind the sequence number `last`: numbers follow each other without a gap."""
    if not shard.records:
        return []
    first, end = next(iter(shard.records)), next(reversed(shard.records))
    begin = max(last + 1, first)
    stop = end + 1 if limit is None else min(end + 1, begin + limit)
    return [shard.records[number] for number in range(begin, stop) if number in shard.records]


def check_request(records: Sequence[Mapping[str, Any]], stream: DataStream) -> None:
    """Raises AWS's error for a PutRecords request over a limit."""
    if not records:
        raise refused("ValidationException", shorter_than("records", 1))
    if len(records) > RECORDS_A_REQUEST:
        raise refused("ValidationException", longer_than("records", RECORDS_A_REQUEST))
    sizes = [check_record(record, stream, f"records.{place}.member.") for place, record in enumerate(records, 1)]
    if sum(sizes) > REQUEST_BYTES:
        raise refused("InvalidArgumentException", "Records size exceeds 10 MB limit")


def check_record(record: Mapping[str, Any], stream: DataStream, where: str) -> int:
    """The record's size in bytes as Kinesis counts it, partition key included; raises AWS's error over a limit."""
    check_keys(record, where)
    size = decoded_size(record.get("Data") or "") + len(record["PartitionKey"].encode())
    if size > RECORD_BYTES:
        raise refused("ValidationException", longer_than(f"{where}data", RECORD_BYTES))
    if size > stream.max_record_kib * 1024:
        raise refused(
            "InvalidArgumentException",
            f"Record of {size} bytes exceeds the maximum record size of {stream.max_record_kib} KiB "
            f"of stream {stream.stream_name}",
        )
    return size


def check_keys(record: Mapping[str, Any], where: str) -> None:
    """Raises AWS's error for a partition key or explicit hash key that is none."""
    key, hash_key = record.get("PartitionKey"), record.get("ExplicitHashKey")
    if not key:
        raise refused("ValidationException", shorter_than(f"{where}partitionKey", 1))
    if len(key) > KEY_CHARACTERS:
        raise refused("ValidationException", longer_than(f"{where}partitionKey", KEY_CHARACTERS))
    if hash_key and not HASH_KEY.fullmatch(hash_key):
        rule = f"Member must satisfy regular expression pattern: {HASH_KEY.pattern}"
        raise refused("ValidationException", constraint(f"{where}explicitHashKey", rule))
    if hash_key and int(hash_key) >= HASH_KEYS:
        raise refused(
            "InvalidArgumentException",
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {hash_key}",
        )


def decoded_size(data: str) -> int:
    """The size of base64 data in bytes."""
    try:
        return len(base64.b64decode(data, validate=True))
    except binascii.Error as error:
        raise refused("SerializationException", "The data is not base64") from error


def refused(code: str, message: str) -> JsonRESTError:
    """AWS's error, status 400."""
    return JsonRESTError(code, message)


def update_max_record_size(self: KinesisResponse) -> ActionResult:
    """Answers UpdateMaxRecordSize, which moto does not know."""
    backend = self.kinesis_backend
    assert isinstance(backend, Kinesis)  # noqa: S101 - ours stands in moto's place while the server runs
    backend.update_max_record_size(self._get_param("StreamARN"), int(self._get_param("MaxRecordSizeInKiB")))
    return EmptyResult()


KinesisResponse.update_max_record_size = update_max_record_size  # type: ignore[attr-defined]  # moto finds it by its name
