"""Amazon Data Firehose as a sink: PutRecord for one record, PutRecordBatch for several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distributary.aws.batching import split
from distributary.aws.call import call, matched, refusal
from distributary.events import Outcome, Receipt, SinkName

# 1,000 KiB before base64, 500 records, 4 MiB of data:
# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
MAX_RECORD_BYTES = 1_024_000
FIREHOSE_CALL_RECORDS = 500
FIREHOSE_CALL_BYTES = 4 * 1024 * 1024

# The two codes that a refused record can have: the same page.
FIREHOSE_RETRYABLE = frozenset({"ServiceUnavailableException", "InternalFailure"})


@dataclass(frozen=True, slots=True)
class FirehoseRecord:
    """What Firehose stores as one record: one event or several, each with its newline."""

    data: bytes


class FirehoseSink:
    """One delivery stream; receipts hold `recordId`."""

    name: SinkName = "firehose"
    max_records = FIREHOSE_CALL_RECORDS
    max_bytes = FIREHOSE_CALL_BYTES
    max_record_bytes = MAX_RECORD_BYTES

    def __init__(self, client: Any, delivery_stream_name: str) -> None:
        self._client = client
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
