"""SQS that deduplicates as AWS does, gives no message to two receivers, and keeps a journal of what it accepted.

moto 5.2.5 forgets a deduplication id with its message, ignores `DeduplicationScope`, gives sequence numbers at random
or none, takes any text for an id, mixes the groups of a batch, and loses messages when one is sent while another is
deleted.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
import time
from typing import TYPE_CHECKING, Any, cast

from moto.sqs.exceptions import InvalidParameterValue
from moto.sqs.models import SQSBackend

from local.aws.services import Completed
from local.aws.services.sqs_queue import COUNTS, Queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.sqs.models import Message
    from moto.sqs.models import Queue as MotoQueue

    from local.aws.journal import Journal

DEDUPLICATION_SECONDS = 300  # SQS developer guide, "Using the message deduplication ID": five minutes
ID = re.compile(r"[!-~]{1,128}")  # SQS API reference, SendMessage: of a message's group, and of its deduplication
POLL_SECONDS = 0.25  # how soon a waiting receiver sees that its queue was deleted


class Sqs(Completed, SQSBackend):
    """moto's service, one change at a time."""

    __module__ = SQSBackend.__module__  # moto finds a service's URLs by its backend's module

    def __init__(
        self, region_name: str, account_id: str, *, journal: Journal, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(region_name, account_id)
        self.journal = journal
        self.clock = clock
        self.lock = threading.RLock()
        self.numbers = itertools.count(1)

    def get_queue(self, queue_name: str) -> Queue:
        """The queue; raises QueueDoesNotExist."""
        return cast("Queue", super().get_queue(queue_name))  # no other is ever made here

    def create_queue(self, name: str, tags: dict[str, str] | None = None, **kwargs: Any) -> MotoQueue:
        """The queue, or the one that exists with equal attributes."""
        kwargs.pop("region", None)
        with self.lock:
            if name not in self.queues:
                self.queues[name] = Queue(name, self.region_name, self.account_id, **kwargs)
            return super().create_queue(name, tags, **kwargs)

    def get_queue_attributes(self, queue_name: str, attribute_names: list[str]) -> dict[str, Any]:
        """The attributes asked for; messages are counted here, where somebody wants to know."""
        queue = self.get_queue(queue_name)
        counted = [name for name in COUNTS if name in attribute_names or "All" in attribute_names]
        others = [name for name in attribute_names if name not in COUNTS]
        attributes = super().get_queue_attributes(queue_name, others) if others else {}
        return {**{name: getattr(queue, COUNTS[name]) for name in counted}, **attributes}

    def send_message(  # noqa: PLR0917 - moto's own signature
        self,
        queue_name: str,
        message_body: str,
        message_attributes: dict[str, Any] | None = None,
        delay_seconds: int | None = None,
        deduplication_id: str | None = None,
        group_id: str | None = None,
        system_attributes: dict[str, Any] | None = None,
        validate_group_id: bool = True,
    ) -> Message:
        """The accepted message; of a duplicate, the first one."""
        queue = self.get_queue(queue_name)
        with queue.lock:
            known = self.known(queue, message_body, deduplication_id, group_id)
            if known:
                return known
            message = super().send_message(
                queue_name,
                message_body,
                message_attributes,
                delay_seconds,
                deduplication_id,
                group_id,
                system_attributes,
                validate_group_id,
            )
            self.remember(queue, message)
            return message

    def _validate_message(  # noqa: PLR0917 - likewise
        self,
        queue: MotoQueue,
        message_body: str,
        delay_seconds: int,
        deduplication_id: str | None = None,
        group_id: str | None = None,
        validate_group_id: bool = True,
    ) -> None:
        for name, value in (("MessageDeduplicationId", deduplication_id), ("MessageGroupId", group_id)):
            if value is not None and not ID.fullmatch(value):
                words = f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
                raise InvalidParameterValue(f"The request include parameter that is not valid. Reason: {words}")
        super()._validate_message(queue, message_body, delay_seconds, deduplication_id, group_id, validate_group_id)

    def known(self, queue: Queue, body: str, deduplication_id: str | None, group_id: str | None) -> Message | None:
        """The message that this one would be a duplicate of."""
        if not (queue.fifo_queue and group_id):
            return None
        queue.forget_until(self.clock() - DEDUPLICATION_SECONDS)
        content = hashlib.sha256(body.encode()).hexdigest()
        _, message = queue.accepted.get((queue.scope(group_id), deduplication_id or content), (0, None))
        return message

    def remember(self, queue: Queue, message: Message) -> None:
        """Numbers a FIFO queue's message, keeps its deduplication id, and writes the journal."""
        if queue.fifo_queue:
            message.sequence_number = f"{next(self.numbers):020}"
            key = queue.scope(message.group_id or ""), message.deduplication_id or ""
            queue.accepted[key] = self.clock(), message
        self.journal.write(queue.name, message)

    def receive_message(
        self,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Message]:
        """Up to `count` messages; waits for the first as long as asked, without holding up anyone else."""
        end = time.monotonic() + (wait_seconds_timeout or 0)
        while True:
            queue = self.get_queue(queue_name)
            found, dead = queue.receive(count, int(visibility_timeout or 0), message_attribute_names or [])
            if queue.dead_letter_queue:
                for message in dead:  # outside of the queue's lock: its dead-letter queue has one of its own
                    queue.dead_letter_queue.add_message(message)
            left = end - time.monotonic()
            if found or left <= 0:
                return found
            queue.wait(min(left, POLL_SECONDS))

    def change_message_visibility(self, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
        """Sets when the message can be received again."""
        self.get_queue(queue_name).change_visibility(receipt_handle, int(visibility_timeout))

    def purge_queue(self, queue_name: str) -> None:
        """Deletes every message."""
        super().purge_queue(queue_name)
        self.get_queue(queue_name).purge()
