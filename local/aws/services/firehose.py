"""Firehose that buffers, compresses, names its objects and enforces its limits as AWS does (moto does none of it)."""

from __future__ import annotations

import gzip
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from moto.firehose.exceptions import InvalidArgumentException, ResourceNotFoundException, ValidationException
from moto.firehose.models import DeliveryStream, FirehoseBackend

from local.aws.limits import longer_than, shorter_than
from local.aws.object_name import BadPrefix, Naming
from local.aws.services import Completed
from local.iam.access import Unchecked
from local.iam.denial import Denied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from local.iam.access import Services

# API reference of PutRecordBatch: 500 records, 4 MiB; a record 1,000 KiB before base64.
RECORDS_A_BATCH = 500
BATCH_BYTES = 4 * 1024 * 1024
RECORD_BYTES = 1000 * 1024
DEFAULT_SECONDS = 300  # API reference of BufferingHints
DEFAULT_MIB = 5


@dataclass
class Buffer:
    """The records that one stream has taken and not yet written. `since`: when the oldest of them arrived."""

    seconds: float
    limit: int
    records: list[bytes] = field(default_factory=list)
    size: int = 0
    since: float = 0.0

    def add(self, records: Sequence[bytes], now: float) -> None:
        """Takes the records."""
        if not self.records:
            self.since = now
        self.records += records
        self.size += sum(map(len, records))

    def due(self, now: float) -> bool:
        """Whether it has to be written: full, or waited long enough."""
        return bool(self.records) and (self.size >= self.limit or now - self.since >= self.seconds)

    def take(self) -> bytes:
        """Its content, one record after the other; it is empty then."""
        content = b"".join(self.records)
        self.records, self.size = [], 0
        return content


class Firehose(Completed, FirehoseBackend):
    """moto's control plane with a data plane. `store` writes an object; `clock` gives seconds since 1970.

    What a delivery stream writes is checked against its role, by `access`.
    """

    __module__ = FirehoseBackend.__module__  # moto finds a service's URLs by its backend's module

    def __init__(
        self,
        region_name: str,
        account_id: str,
        *,
        store: Callable[[str, str, bytes], None],
        clock: Callable[[], float] = time.time,
        access: Services | None = None,
    ) -> None:
        super().__init__(region_name, account_id)
        self.store = store
        self.access = access or Unchecked()
        self.clock = clock
        self.lock = threading.RLock()
        self.buffers: dict[str, Buffer] = {}

    def create_delivery_stream(self, *args: Any, **kwargs: Any) -> str:
        """The ARN of the stream; a destination that could not be served as AWS does is refused."""
        arn = super().create_delivery_stream(*args, **kwargs)
        name = arn.rsplit("/", 1)[-1]
        try:
            check_destination(self.delivery_streams[name].destinations[0])
            self.check_assumed(arn, destination(self.delivery_streams[name])["RoleARN"])
        except InvalidArgumentException:
            del self.delivery_streams[name]
            raise
        return arn

    def check_assumed(self, arn: str, role: str) -> None:
        """Raises InvalidArgumentException where the role does not trust Firehose."""
        try:
            self.access.check_trust("firehose.amazonaws.com", role, arn)
        except Denied as error:
            words = f"Firehose is unable to assume role {role}. Please check the role provided."
            raise InvalidArgumentException(words) from error

    def put_record(self, delivery_stream_name: str, record: dict[str, bytes]) -> dict[str, Any]:
        """PutRecord's answer."""
        stream = self.find(delivery_stream_name)
        check_record(record, "record.data")
        self.take(stream, [record["Data"]])
        return {"RecordId": record_id(), "Encrypted": encrypted(stream)}

    def put_record_batch(self, delivery_stream_name: str, records: list[dict[str, bytes]]) -> dict[str, Any]:
        """PutRecordBatch's answer."""
        stream = self.find(delivery_stream_name)
        check_batch(records)
        self.take(stream, [record["Data"] for record in records])
        answers = [{"RecordId": record_id()} for _ in records]
        return {"FailedPutCount": 0, "Encrypted": encrypted(stream), "RequestResponses": answers}

    def find(self, name: str) -> DeliveryStream:
        """The stream of that name."""
        stream = self.delivery_streams.get(name)
        if stream is None:
            raise ResourceNotFoundException(f"Firehose {name} under account {self.account_id} not found.")
        return stream

    def take(self, stream: DeliveryStream, records: Sequence[bytes]) -> None:
        """Buffers the records; writes at once what the buffering hints want written."""
        with self.lock:
            hints = destination(stream).get("BufferingHints") or {}
            buffer = self.buffers.setdefault(stream.delivery_stream_name, Buffer(0, 0))
            buffer.seconds = hints.get("IntervalInSeconds", DEFAULT_SECONDS)
            buffer.limit = hints.get("SizeInMBs", DEFAULT_MIB) * 1024 * 1024
            buffer.add(records, self.clock())
        self.flush_due()

    def flush_due(self, *, everything: bool = False) -> None:
        """Writes every buffer that is due; `everything`, whether it is due or not."""
        with self.lock:
            for name, buffer in list(self.buffers.items()):
                if buffer.records and (everything or buffer.due(self.clock())):
                    self.write(name, buffer)

    def write(self, name: str, buffer: Buffer) -> None:
        """Writes one object; where S3 refuses, the records stay (AWS keeps trying for 24 hours)."""
        stream = self.delivery_streams.get(name)
        if stream is None:
            del self.buffers[name]
            return
        since, records = buffer.since, buffer.records
        where = destination(stream)
        arrived = datetime.fromtimestamp(since, UTC)
        content = compressed(where, buffer.take())
        key = naming(stream).key(arrived)
        try:
            self.access.check_role(where["RoleARN"], "AWSFirehoseToS3", "s3:PutObject", f"{where['BucketARN']}/{key}")
            self.store(where["BucketARN"].rsplit(":", 1)[-1], key, content)
        except Exception as error:  # noqa: BLE001 - whatever S3 says, the records are not lost
            print(f"firehose {name}: cannot write to {where['BucketARN']}, trying again: {error}")
            buffer.add(records, self.clock())


def destination(stream: DeliveryStream) -> Mapping[str, Any]:
    """The stream's S3 destination."""
    where = stream.destinations[0]
    chosen: Mapping[str, Any] = where.get("ExtendedS3") or where["S3"]
    return chosen


def naming(stream: DeliveryStream) -> Naming:
    """How the stream names its objects."""
    where = destination(stream)
    return Naming(
        stream=stream.delivery_stream_name,
        version=stream.version_id,
        prefix=where.get("Prefix") or "",
        error_prefix=where.get("ErrorOutputPrefix") or "",
        ending=where.get("FileExtension") or (".gz" if where.get("CompressionFormat") == "GZIP" else ""),
        zone=ZoneInfo(where.get("CustomTimeZone") or "UTC"),
    )


def compressed(where: Mapping[str, Any], content: bytes) -> bytes:
    """The content as the destination wants it."""
    return gzip.compress(content, compresslevel=6) if where.get("CompressionFormat") == "GZIP" else content


def check_destination(chosen: Mapping[str, Any]) -> None:
    """Raises InvalidArgumentException for what is not S3, or would be delivered otherwise than AWS does."""
    where = chosen.get("ExtendedS3") or chosen.get("S3")
    if not where:
        raise InvalidArgumentException("Only S3 destinations are delivered to on this machine")
    if where.get("CompressionFormat", "UNCOMPRESSED") not in ("UNCOMPRESSED", "GZIP"):
        raise InvalidArgumentException(f"{where['CompressionFormat']} is not written on this machine, only GZIP")
    for part in ("ProcessingConfiguration", "DataFormatConversionConfiguration", "DynamicPartitioningConfiguration"):
        if (where.get(part) or {}).get("Enabled"):
            raise InvalidArgumentException(f"{part} has no effect on this machine")
    check_prefixes(where)


def check_prefixes(where: Mapping[str, Any]) -> None:
    """Raises InvalidArgumentException for a prefix that cannot be evaluated."""
    prefix, error_prefix = where.get("Prefix") or "", where.get("ErrorOutputPrefix") or ""
    if "!{" in prefix and "!{firehose:error-output-type}" not in error_prefix:
        raise InvalidArgumentException(
            "ErrorOutputPrefix has to contain !{firehose:error-output-type} where Prefix has expressions"
        )
    names = Naming("stream", "1", prefix, error_prefix)
    try:
        names.key(datetime.now(UTC))
        names.key(datetime.now(UTC), error="processing-failed")
    except BadPrefix as error:
        raise InvalidArgumentException(str(error)) from error


def check_batch(records: Sequence[Mapping[str, bytes]]) -> None:
    """Raises AWS's error for a PutRecordBatch request over a limit."""
    if not records:
        raise ValidationException(shorter_than("records", 1))
    if len(records) > RECORDS_A_BATCH:
        raise ValidationException(longer_than("records", RECORDS_A_BATCH))
    for place, record in enumerate(records, 1):
        check_record(record, f"records.{place}.member.data")
    if sum(len(record["Data"]) for record in records) > BATCH_BYTES:
        raise InvalidArgumentException("Records size exceeds 4 MB limit")


def check_record(record: Mapping[str, bytes], where: str) -> None:
    """Raises AWS's error for a record over its limit."""
    if len(record["Data"]) > RECORD_BYTES:
        raise ValidationException(longer_than(where, RECORD_BYTES))


def encrypted(stream: DeliveryStream) -> bool:
    """Whether the stream encrypts what it holds."""
    configuration = stream.delivery_stream_encryption_configuration
    return bool(configuration) and configuration.get("Status") != "DISABLED"


def record_id() -> str:
    """A record's id, as opaque as AWS's."""
    return f"{uuid.uuid4().hex}{uuid.uuid4().hex}"
