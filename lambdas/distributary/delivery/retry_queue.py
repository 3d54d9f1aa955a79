"""Records that wait for their sink: an SQS queue for each sink, and the bucket for what no message can hold.

A message is gzip and base64 of `{"sink", "records", "attempts", "first", "last"}`, the times in seconds since 1970; one
that would be over SQS's limit has `object`, the key of an object with the same text gzipped, in place of `records`.
"""

import gzip
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import uuid4

from distributary.aws import timeouts
from distributary.aws.batching import split
from distributary.aws.bucket import Bucket
from distributary.aws.call import call
from distributary.clock import Clock
from distributary.errors import SinkUnavailable, Unreadable
from distributary.events import SinkName
from distributary.sinks.registry import KINDS

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
MAX_MESSAGE_BYTES = 1024 * 1024
MESSAGE_RECORDS = 500
"""Of one message, so that one redrive takes about one call."""
MAX_WEIGHT = 700 * 1024
"""Bytes of a message's records: what cannot be compressed takes a third more, twice in base64 would be too much."""
RETRY_CONNECTIONS = 8
"""Messages sent at the same time; the client should keep as many connections."""
RETRY_PREFIX = "spill/"
_LEVEL = 3
"""Of gzip: 0.025 s of CPU for the worst megabyte. Its default, 9, took 2.7 s for random `a` and `b`, to save a tenth of
the bytes of common JSON."""


class PendingRecords(NamedTuple):
    """Records that a sink did not take in so many attempts: the first of them and the last, in seconds since 1970."""

    sink: SinkName
    records: Sequence[Any]
    attempts: int
    first: float
    last: float
    object: str = ""
    """The key of the object that holds the records, where they are not here."""


class RetryQueue:
    """The queues, by sink, with the bucket behind them."""

    def __init__(self, client: Any, queue_urls: Mapping[SinkName, str], bucket: Bucket, clock: Clock) -> None:
        self._client = client
        self._queue_urls = queue_urls
        self._bucket = bucket
        self._clock = clock
        self._threads: ThreadPoolExecutor | None = None

    def has(self, sink: SinkName) -> bool:
        """True if the sink has a queue."""
        return sink in self._queue_urls

    def keep(self, pending: PendingRecords, *, until: float) -> list[bool]:
        """For each record whether its sink's queue has it now; no call starts that may not be over by `until`."""
        weight = KINDS[pending.sink].weight
        groups = split(pending.records, MESSAGE_RECORDS, MAX_WEIGHT, lambda record: min(weight(record), MAX_WEIGHT))
        parts = [pending._replace(records=group) for group in groups]
        if len(parts) == 1:
            kept = [self._send(parts[0], until)]
        else:
            # Made when first needed, not at import: threads do not survive a snapshot.
            self._threads = self._threads or ThreadPoolExecutor(RETRY_CONNECTIONS, thread_name_prefix="retry-queue")
            kept = list(self._threads.map(lambda part: self._send(part, until), parts))
        return [one for part, one in zip(parts, kept, strict=True) for _ in part.records]

    def fetch(self, pending: PendingRecords) -> PendingRecords:
        """The same with its records here. Raises SinkUnavailable, and Unreadable for an object that is none of ours."""
        if not pending.object:
            return pending
        return pending._replace(records=_parse(self._bucket.get(pending.object)).records)

    def _send(self, part: PendingRecords, until: float) -> bool:
        text = _text(part)
        message = b64encode(text).decode()
        try:
            if len(message) > MAX_MESSAGE_BYTES:
                key = f"{RETRY_PREFIX}{part.sink}/{uuid4().hex}.json.gz"
                self._in_time(until)
                self._bucket.put(key, text, "application/gzip")
                message = message_body(part._replace(records=(), object=key))
            self._in_time(until)
            call(self._client.send_message, QueueUrl=self._queue_urls[part.sink], MessageBody=message)
        except SinkUnavailable:
            return False
        return True

    def _in_time(self, until: float) -> None:
        if self._clock.monotonic() + timeouts.CALL > until:
            raise SinkUnavailable("OutOfTime", "no time was left in this request", retryable=True)


def message_body(pending: PendingRecords) -> str:
    """The message that says it."""
    return b64encode(_text(pending)).decode()


def read_message_body(body: str) -> PendingRecords:
    """What a message says. Raises Unreadable."""
    try:
        return _parse(b64decode(body, validate=True))
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _text(pending: PendingRecords) -> bytes:
    to_json = KINDS[pending.sink].to_json
    where = {"object": pending.object} if pending.object else {"records": [to_json(one) for one in pending.records]}
    members = {"sink": pending.sink, **where}
    times = {"attempts": pending.attempts, "first": pending.first, "last": pending.last}
    text = json.dumps({**members, **times}, ensure_ascii=False, separators=(",", ":")).encode()
    return gzip.compress(text, _LEVEL)


def _parse(text: bytes) -> PendingRecords:
    try:
        members = json.loads(gzip.decompress(text))
        sink = members["sink"]
        if sink not in KINDS:
            raise Unreadable(f"no such sink: {sink!r}")
        records = [KINDS[sink].from_json(one) for one in members.get("records", ())]
        times = float(members["first"]), float(members["last"])
        return PendingRecords(sink, records, int(members["attempts"]), *times, object=members.get("object", ""))
    except (ValueError, TypeError, KeyError, AttributeError, EOFError, OSError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
