"""Actions on their way from detectors to their targets: the queue between them, the bucket for what no item holds."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from distributary.aws.batching import split
from distributary.aws.bucket import Bucket
from distributary.aws.call import call
from distributary.aws.queue import MAX_BYTES, MAX_ENTRIES
from distributary.errors import SinkUnavailable
from distributary.iot_events.queue_entry import storable
from distributary.iot_events.runtime.detector_item import Row, size

MAX_ITEM_BYTES = 300_000
"""Of a detector's item together with its pending actions; the table takes 400 KB."""
ACTION_PREFIX = "actions/"
_MISSING = "NoSuchKey"


class ActionQueue:
    """Takes actions as texts."""

    def __init__(self, client: Any, queue_url: str, bucket: Bucket) -> None:
        self._client = client
        self._queue_url = queue_url
        self._bucket = bucket

    def park(self, row: Row) -> Row:
        """The row as its item can hold it: its pending actions in the bucket where they are too large for it.

        Each time in an object of its own: whoever is about to fail at the item must not touch what the item points to.
        Raises SinkUnavailable.
        """
        if not row.pending or size(row) <= MAX_ITEM_BYTES:
            return row
        key = f"{ACTION_PREFIX}{uuid4().hex}.ndjson"
        self._bucket.put(key, "\n".join(row.pending).encode(), "application/x-ndjson")
        return row._replace(pending=(), parked=(*row.parked, key))

    def waiting(self, row: Row) -> tuple[list[str], list[str]]:
        """A row's actions that have to be handed on, in order, and the keys of objects that have expired meanwhile.

        Raises SinkUnavailable.
        """
        texts: list[str] = []
        expired: list[str] = []
        for key in row.parked:
            try:
                texts += self._bucket.get(key).decode().split("\n")
            except SinkUnavailable as error:
                if error.code != _MISSING:
                    raise
                expired.append(key)
        return [*texts, *row.pending], expired

    def send(self, texts: Sequence[str]) -> list[SinkUnavailable | None]:
        """For each action, in order, None where the queue has it, or why not."""
        refused: list[SinkUnavailable | None] = []
        for batch in split(texts, MAX_ENTRIES, MAX_BYTES, lambda text: len(text.encode())):
            refused += self._send(batch)
        return refused

    def _send(self, batch: Sequence[str]) -> list[SinkUnavailable | None]:
        entries = [{"Id": str(number), "MessageBody": storable(text)} for number, text in enumerate(batch)]
        try:
            answer = call(self._client.send_message_batch, QueueUrl=self._queue_url, Entries=entries)
        except SinkUnavailable as error:
            return [error] * len(batch)
        stored = {entry["Id"] for entry in answer.get("Successful", ())}
        reasons: dict[str, Mapping[str, Any]] = {entry["Id"]: entry for entry in answer.get("Failed", ())}
        return [None if entry["Id"] in stored else _why(reasons.get(entry["Id"], {})) for entry in entries]


def _why(reason: Mapping[str, Any]) -> SinkUnavailable:
    return SinkUnavailable(str(reason.get("Code", "Unknown")), str(reason.get("Message", "")), retryable=True)
