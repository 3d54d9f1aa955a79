"""When a record that failed comes again: soon at first, then later and later."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from distributary.aws.call import call
from distributary.clock import Clock


class Failed(NamedTuple):
    """A record that is to come again, and how often it has been received."""

    receipt: str
    receives: int


class RetryDelays:
    """Sets the visibility of records of one queue: 1 s, doubled with each receive up to `longest`, with jitter."""

    def __init__(self, client: Any, queue_url: str, clock: Clock, *, longest: int) -> None:
        self._client = client
        self._queue_url = queue_url
        self._clock = clock
        self._longest = longest

    def postpone(self, records: Iterable[Failed], seconds: int | None = None) -> None:
        """Lets at most ten records come again, after so many seconds where they are given. Raises SinkUnavailable."""
        entries = [
            {
                "Id": str(number),
                "ReceiptHandle": one.receipt,
                "VisibilityTimeout": seconds or self._pause(one.receives),
            }
            for number, one in enumerate(records)
        ]
        if entries:
            call(self._client.change_message_visibility_batch, QueueUrl=self._queue_url, Entries=entries)

    def _pause(self, receives: int) -> int:
        longest = min(self._longest, 1 << min(receives - 1, 12))
        return max(1, round(longest * (1 + self._clock.random()) / 2))
