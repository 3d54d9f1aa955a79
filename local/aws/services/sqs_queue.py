"""A queue of the embedded SQS: whole groups in a batch, deduplication ids that outlive their messages."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from moto.core.utils import unix_time
from moto.sqs import models
from moto.sqs.exceptions import InvalidParameterValue, ReceiptHandleIsInvalid
from moto.sqs.models import Message
from moto.sqs.models import Queue as MotoQueue

from local.aws.services.sqs_backlog import Backlog, State

if TYPE_CHECKING:
    from threading import Condition

COUNTS = {
    "ApproximateNumberOfMessages": "approximate_number_of_messages",
    "ApproximateNumberOfMessagesDelayed": "approximate_number_of_messages_delayed",
    "ApproximateNumberOfMessagesNotVisible": "approximate_number_of_messages_not_visible",
}
LONGEST_IN_FLIGHT_SECONDS = 43_200  # SQS API reference, ChangeMessageVisibility: 12 hours


class Queue(MotoQueue):
    """moto's queue with its messages in a `Backlog`; duplicates are found by the service.

    Every call holds `lock`, which is this queue's own; who waits for a message waits for its notice.
    moto's would also hand each message to the functions that are mapped to it, and without Docker that eats it: event
    sources are polled by `local.event_sources`.
    """

    # moto reads all attributes for each message sent: counting the queue each time makes 1,000 messages take minutes.
    BASE_ATTRIBUTES = [name for name in MotoQueue.BASE_ATTRIBUTES if name not in COUNTS]  # noqa: RUF012 - moto's form

    message_retention_period: int  # seconds; moto sets its attributes by name

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accepted: dict[tuple[str, str], tuple[float, Message]] = {}  # (scope, deduplication id) → when, what
        self.lock: Condition = self._messages_lock
        self.backlog = Backlog(fifo=self.fifo_queue)

    def is_created(self) -> bool:
        """Always."""
        return True

    @property
    def approximate_number_of_messages(self) -> int:
        """Those that can be received."""
        return self._count(State.VISIBLE)

    @property
    def approximate_number_of_messages_delayed(self) -> int:
        """Those that cannot be received for the first time yet."""
        return self._count(State.DELAYED)

    @property
    def approximate_number_of_messages_not_visible(self) -> int:
        """Those in flight."""
        return self._count(State.IN_FLIGHT)

    def add_message(self, message: Message) -> None:
        """Puts the message in, also one that comes here as a dead letter."""
        with self.lock:
            self.backlog.add(message, message.delayed_until / 1000, unix_time())
            self.lock.notify_all()

    def receive(self, most: int, visibility_timeout: int, names: list[str]) -> tuple[list[Message], list[Message]]:
        """Returns copies of the messages received, with the attributes `names`, and the new dead letters."""
        now = unix_time()
        with self.lock:
            taken, unwanted = self.backlog.take(
                most, now + visibility_timeout, now, lambda one: self._is_expired(one, now) or self._is_dead(one)
            )
            for message in taken:
                message.mark_received(visibility_timeout)
                self.backlog.note_receipt(message)
            copies = [copy.copy(message) for message in taken]  # what comes later must not change what was received
        for message in copies:
            models._filter_message_attributes(message, names)  # noqa: SLF001 - moto's own way
        return copies, [one for one in unwanted if not self._is_expired(one, now)]

    def wait(self, seconds: float) -> None:
        """Returns at the next message that comes, becomes free or is due, or after so many seconds."""
        with self.lock:
            due = self.backlog.next_due(unix_time())
            self.lock.wait(seconds if due is None else max(min(seconds, due - unix_time()), 0.001))

    def delete_message(self, receipt_handle: str) -> None:
        """Deletes the message; for one that was deleted before, does nothing. Raises ReceiptHandleIsInvalid."""
        with self.lock:
            message = self.backlog.find(receipt_handle)
            if message:
                self.backlog.remove(message)
                self.lock.notify_all()  # its group may be free
            elif not self.backlog.was_deleted(receipt_handle):
                raise ReceiptHandleIsInvalid

    def change_visibility(self, receipt_handle: str, seconds: int) -> None:
        """Sets when the message can be received again. Raises ReceiptHandleIsInvalid, InvalidParameterValue."""
        now = unix_time()
        with self.lock:
            message = self.backlog.find(receipt_handle)
            if message is None:
                raise ReceiptHandleIsInvalid
            if now + seconds - (message.sent_timestamp or 0) / 1000 > LONGEST_IN_FLIGHT_SECONDS:
                raise InvalidParameterValue(
                    f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total "
                    f"VisibilityTimeout for the message is beyond the limit [{LONGEST_IN_FLIGHT_SECONDS} seconds]"
                )
            self.backlog.hold(message, now + seconds)
            self.lock.notify_all()

    def purge(self) -> None:
        """Deletes every message."""
        with self.lock:
            self.backlog.clear()

    def _count(self, state: State) -> int:
        with self.lock:
            return self.backlog.count(state, unix_time())

    def _is_expired(self, message: Message, now: float) -> bool:
        return (message.sent_timestamp or 0) / 1000 + self.message_retention_period <= now

    def _is_dead(self, message: Message) -> bool:
        if self.dead_letter_queue is None or not self.redrive_policy:
            return False
        return bool(message.approximate_receive_count >= self.redrive_policy["maxReceiveCount"])

    def forget_until(self, time: float) -> None:
        """Drops the deduplication ids of that time and before; they stand in the order of their times."""
        while self.accepted and next(iter(self.accepted.values()))[0] <= time:
            del self.accepted[next(iter(self.accepted))]

    def scope(self, group_id: str) -> str:
        """What a deduplication id is unique in: the message's group, or the queue."""
        by_group = self.attributes.get("DeduplicationScope") == "messageGroup"
        return group_id if by_group else ""
