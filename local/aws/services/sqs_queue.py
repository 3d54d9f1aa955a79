"""A queue of the embedded SQS: whole groups in a batch, deduplication ids that outlive their messages."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from moto.core.utils import camelcase_to_underscores, unix_time_millis
from moto.sqs import models
from moto.sqs.models import Message
from moto.sqs.models import Queue as MotoQueue

COUNTS = {
    "ApproximateNumberOfMessages": "approximate_number_of_messages",
    "ApproximateNumberOfMessagesDelayed": "approximate_number_of_messages_delayed",
    "ApproximateNumberOfMessagesNotVisible": "approximate_number_of_messages_not_visible",
}
# Asked some forty times for each message sent, letter by letter.
models.camelcase_to_underscores = lru_cache(maxsize=None)(camelcase_to_underscores)  # type: ignore[attr-defined]  # imported there


class Queue(MotoQueue):
    """moto's queue; duplicates are found by the service.

    moto's would also hand each message to the functions that are mapped to it, and without Docker that eats it: event
    sources are polled by `local.event_sources`.
    """

    # moto reads all attributes for each message sent: counting the queue each time makes 1,000 messages take minutes.
    BASE_ATTRIBUTES = [name for name in MotoQueue.BASE_ATTRIBUTES if name not in COUNTS]  # noqa: RUF012 - moto's form

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accepted: dict[tuple[str, str], tuple[float, Message]] = {}  # (scope, deduplication id) → when, what

    def is_created(self) -> bool:
        """Always."""
        return True

    @property
    def messages(self) -> list[Message]:
        """The messages that can be received; of a FIFO queue as many as possible of one group before the next."""
        # moto asks for the time twice for each message that waits: with thousands of them, that was a quarter of all.
        now = unix_time_millis()
        visible = [one for one in self._messages if one.visible_at < now and one.delayed_until <= now]
        if not self.fifo_queue:
            return visible
        groups: dict[str, list[Message]] = {}
        for message in visible:
            groups.setdefault(message.group_id or "", []).append(message)
        return [message for group in groups.values() for message in group]

    def add_message(self, message: Message) -> None:
        """Puts the message in, also one that comes here as a dead letter."""
        with self._messages_lock:
            self._messages.append(message)
            self._messages_lock.notify_all()

    def forget_until(self, time: float) -> None:
        """Drops the deduplication ids of that time and before; they stand in the order of their times."""
        while self.accepted and next(iter(self.accepted.values()))[0] <= time:
            del self.accepted[next(iter(self.accepted))]

    def scope(self, group_id: str) -> str:
        """What a deduplication id is unique in: the message's group, or the queue."""
        by_group = self.attributes.get("DeduplicationScope") == "messageGroup"
        return group_id if by_group else ""
