"""Amazon Data Firehose as a sink: PutRecord for one record, PutRecordBatch for several."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from distributary.aws.batching import split
from distributary.aws.call import call, matched, refusal
from distributary.events import Outcome, Receipt, RoutedEvent, SinkName
from distributary.metrics import SinkMetrics
from distributary.settings import Settings
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

# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html
LONGEST_DELIVERY_STREAM_NAME = 64

# 1,000 KiB before base64, 500 records, 4 MiB of data:
# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
MAX_RECORD_BYTES = 1_024_000
FIREHOSE_CALL_RECORDS = 500
FIREHOSE_CALL_BYTES = 4 * 1024 * 1024

# The two codes that a refused record can have: the same page.
FIREHOSE_RETRYABLE = frozenset({"ServiceUnavailableException", "InternalFailure"})


class FirehoseRecord(NamedTuple):
    """What Firehose stores as one record: one event or several, each with its newline."""

    data: bytes


@dataclass(frozen=True, kw_only=True)
class FirehoseChoices(Settings):
    """What the owner of a stage chooses for Firehose."""

    prefix: ClassVar[str] = "FIREHOSE_"

    join: bool = True
    """Join a request's events into few records; Firehose bills each record rounded up to 5 KB."""
    delimiter: Literal["newline", "none"] = "newline"
    """What is added to a record of an AWS client that does not end with a newline; `none` stores it as it came."""
    aliases: Sequence[str] = ()
    """More names that AWS clients may use for this stream."""

    def faults(self) -> Iterator[str]:
        """As above, and names that no delivery stream can have."""
        yield from super().faults()
        yield from alias_faults(self.aliases, LONGEST_DELIVERY_STREAM_NAME)


@dataclass(frozen=True, kw_only=True)
class FirehoseSettings(FirehoseChoices, SinkSettings):
    """What functions know of the delivery stream."""

    delivery_stream_name: str


class FirehoseSink(EventSink[FirehoseRecord]):
    """One delivery stream; receipts hold `recordId`."""

    name: SinkName = "firehose"
    max_records = FIREHOSE_CALL_RECORDS
    max_bytes = FIREHOSE_CALL_BYTES
    max_record_bytes = MAX_RECORD_BYTES

    def __init__(self, client: Any, delivery_stream_name: str, *, join: bool = True) -> None:
        self._client = client
        self._join = join
        self._stream = {"DeliveryStreamName": delivery_stream_name}
        self.encrypted = False
        """Whether the stream encrypts what it takes, as its last answer said."""

    def size(self, record: FirehoseRecord) -> int:
        """The data's bytes, before base64."""
        return len(record.data)

    def put(self, records: Sequence[FirehoseRecord]) -> list[Outcome]:
        """One call: an outcome for each record, in order. Raises SinkUnavailable."""
        if len(records) == 1:
            answer = call(self._client.put_record, Record={"Data": records[0].data}, **self._stream)
            entries: Sequence[Mapping[str, Any]] = [answer]
        else:
            data = [{"Data": record.data} for record in records]
            answer = call(self._client.put_record_batch, Records=data, **self._stream)
            entries = matched(answer.get("RequestResponses", ()), records)
        self.encrypted = answer.get("Encrypted", False)
        return [_outcome(entry) for entry in entries]

    def record(self, routed: RoutedEvent) -> FirehoseRecord:
        """The event's envelope as a line."""
        return FirehoseRecord(routed.line + b"\n")

    def joined(
        self, records: Sequence[FirehoseRecord], events: Sequence[RoutedEvent]
    ) -> list[tuple[FirehoseRecord, list[int]]]:
        """The lines together in as few records as fit; what may hold newlines of its own goes alone."""
        if not self._join:
            return super().joined(records, events)
        together = [place for place, event in enumerate(events) if event.delimited]
        alone = [place for place, event in enumerate(events) if not event.delimited]
        lines = join([records[place].data for place in together])
        return [(record, [together[place] for place in places]) for record, places in lines] + [
            (records[place], [place]) for place in alone
        ]

    def check(self) -> None:
        """Raises SinkUnavailable unless the delivery stream is active."""
        expect_active(self.describe(Limit=1)["DeliveryStreamDescription"]["DeliveryStreamStatus"])

    def describe(self, **page: Any) -> Mapping[str, Any]:
        """DescribeDeliveryStream's answer for this stream. Raises SinkUnavailable."""
        return call(self._client.describe_delivery_stream, **page, **self._stream)


def join(lines: Sequence[bytes]) -> list[tuple[FirehoseRecord, list[int]]]:
    """The lines, in order, in as few records as fit; with each record the places of its lines.

    A line brings its own newline. Firehose bills each record rounded up to 5 KB. Raises ValueError for a line that is
    over the record limit.
    """
    batches = split(range(len(lines)), len(lines), MAX_RECORD_BYTES, lambda place: len(lines[place]))
    return [(FirehoseRecord(b"".join([lines[place] for place in batch])), list(batch)) for batch in batches]


def _outcome(entry: Mapping[str, Any]) -> Outcome:
    return refusal(entry, FIREHOSE_RETRYABLE) if entry.get("ErrorCode") else Receipt({"recordId": entry["RecordId"]})


def _open(settings: FirehoseSettings, context: SinkContext) -> FirehoseSink:
    return FirehoseSink(context.clients.make("firehose"), settings.delivery_stream_name, join=settings.join)


def _to_json(record: FirehoseRecord) -> dict[str, Any]:
    return bytes_to_json("data", record.data)


def _from_json(members: Mapping[str, Any]) -> FirehoseRecord:
    return FirehoseRecord(bytes_from_json("data", members))


def _weight(record: FirehoseRecord) -> int:
    return len(record.data) + OVERHEAD


KIND = SinkKind(
    name="firehose",
    settings=FirehoseSettings,
    open=_open,
    to_json=_to_json,
    from_json=_from_json,
    weight=_weight,
    metrics=SinkMetrics(
        delivered="delivered_firehose",
        retry_queued="spilled_firehose",
        redriven="redriven_firehose",
        pending="waiting_firehose",
        dead_letters="dead_letters_firehose",
        oldest_pending="oldest_spilled_seconds_firehose",
    ),
)
