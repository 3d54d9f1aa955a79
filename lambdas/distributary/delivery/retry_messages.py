"""The messages of retry queues as the redrive function receives them, and when each can be received again."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distributary.aws.call import call
from distributary.errors import SinkUnavailable
from distributary.events import SinkName

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
_MAX_ENTRIES = 10
_MARGIN_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """One message as Lambda hands it over; `from_dead_letter_queue`: not from the retry queue itself."""

    id: str
    receipt_handle: str
    body: str
    receives: int
    sent: float
    """When it was sent, in seconds since 1970."""
    sink: SinkName
    queue_url: str
    from_dead_letter_queue: bool


class RetryMessages:
    """The queues of each sink: `urls` of the retry queues, `dead_urls` of their dead-letter queues."""

    def __init__(self, client: Any, urls: Mapping[SinkName, str], dead_urls: Mapping[SinkName, str]) -> None:
        self._client = client
        self._queues = {
            url.rsplit("/", 1)[-1]: (sink, url, from_dead_letter_queue)
            for queues, from_dead_letter_queue in ((urls, False), (dead_urls, True))
            for sink, url in queues.items()
        }

    def read(self, event: Mapping[str, Any]) -> list[QueueMessage]:
        """The messages of an event that Lambda's event source mapping makes, as its guide shows it.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
        """
        return [self._message(record) for record in event["Records"]]

    def hold(self, messages: Sequence[QueueMessage], seconds: float) -> None:
        """Keep them from others for so long: if the function is ended, they come back soon after its timeout.

        Where this fails they come back when their queue says, which is six times as long.
        """
        timeout = math.ceil(seconds) + _MARGIN_SECONDS
        for begin in range(0, len(messages), _MAX_ENTRIES):
            batch = messages[begin : begin + _MAX_ENTRIES]
            entries = [
                {"Id": str(number), "ReceiptHandle": message.receipt_handle, "VisibilityTimeout": timeout}
                for number, message in enumerate(batch)
            ]
            self._try(self._client.change_message_visibility_batch, QueueUrl=batch[0].queue_url, Entries=entries)

    def postpone(self, message: QueueMessage, seconds: int) -> None:
        """Make it invisible for so long from now on; where this fails, it comes back as `hold` said."""
        handle = {"QueueUrl": message.queue_url, "ReceiptHandle": message.receipt_handle}
        self._try(self._client.change_message_visibility, VisibilityTimeout=seconds, **handle)

    def _message(self, record: Mapping[str, Any]) -> QueueMessage:
        sink, url, from_dead_letter_queue = self._queues[record["eventSourceARN"].rsplit(":", 1)[-1]]
        attributes = record["attributes"]
        return QueueMessage(
            id=record["messageId"],
            receipt_handle=record["receiptHandle"],
            body=record["body"],
            receives=int(attributes["ApproximateReceiveCount"]),
            sent=int(attributes["SentTimestamp"]) / 1000,
            sink=sink,
            queue_url=url,
            from_dead_letter_queue=from_dead_letter_queue,
        )

    @staticmethod
    def _try(operation: Any, **parameters: Any) -> None:
        try:
            call(operation, **parameters)
        except SinkUnavailable:
            return
