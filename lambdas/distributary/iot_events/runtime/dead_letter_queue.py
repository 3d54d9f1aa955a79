"""The dead letters of the message queue: records that can never succeed, each with the reason."""

from typing import Any

from distributary.aws.call import call
from distributary.iot_events.queue_entry import digest
from distributary.iot_events.runtime.detector_run import Dead
from distributary.iot_events.runtime.queue_record import dead_body


class DeadLetterQueue:
    """The FIFO queue of dead letters."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def dead_letter(self, dead: Dead) -> None:
        """Puts a record among the dead letters, with the reason. Raises SinkUnavailable."""
        call(
            self._client.send_message,
            QueueUrl=self._queue_url,
            MessageBody=dead_body(dead.work, dead.reason),
            MessageGroupId=dead.work.group,
            MessageDeduplicationId=digest("dead", dead.work.id),
        )
