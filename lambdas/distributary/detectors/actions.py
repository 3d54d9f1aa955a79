"""Actions on their way from detectors to their targets: the queue between them."""

from collections.abc import Mapping, Sequence
from typing import Any

from distributary.batching import split
from distributary.errors import SinkUnavailable
from distributary.sinks.call import call
from distributary.sinks.queue_entry import storable

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
MAX_ENTRIES = 10
MAX_BYTES = 1024 * 1024


class ActionQueue:
    """Takes actions as texts."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

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
