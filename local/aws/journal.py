"""What each queue has accepted, readable also after something has consumed it."""

from __future__ import annotations

import base64
import json
import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from moto.sqs.models import Message

PATH = "/_distributary/journal"
MESSAGES_A_QUEUE = 20_000


class Journal:
    """The newest messages of each queue, oldest first; `?queue=<name or URL>` on the AWS port reads it.

    `&after=<sequence number>` leaves out what a FIFO queue accepted up to there.
    """

    def __init__(self, messages_a_queue: int = MESSAGES_A_QUEUE) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, deque[dict[str, Any]]] = defaultdict(lambda: deque(maxlen=messages_a_queue))

    def write(self, queue: str, message: Message) -> None:
        """Keeps a message that the queue has accepted."""
        with self._lock:
            self._queues[queue].append(entry(message))

    def read(self, queue: str) -> list[dict[str, Any]]:
        """The messages of a queue, by its name or its URL."""
        with self._lock:
            return list(self._queues.get(queue.rstrip("/").rsplit("/", 1)[-1], ()))

    def in_front_of(self, application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """The WSGI application that answers the journal's path and leaves every other to `application`."""

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if environ["PATH_INFO"] != PATH:
                return application(environ, start_response)
            asked = parse_qs(environ["QUERY_STRING"])
            queue, after = asked.get("queue", [""])[0], asked.get("after", [""])[0]
            found = [one for one in self.read(queue) if not after or (one["sequenceNumber"] or "") > after]
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"messages": found}).encode()]

        return answer


def entry(message: Message) -> dict[str, Any]:
    """The message as JSON can hold it, under the names of an event source's record."""
    return {
        "messageId": message.id,
        "body": message.body,
        "messageGroupId": message.group_id,
        "messageDeduplicationId": message.deduplication_id,
        "sequenceNumber": message.sequence_number,
        "sentTimestamp": message.sent_timestamp,
        "messageAttributes": {name: readable(value) for name, value in message.message_attributes.items()},
    }


def readable(attribute: dict[str, Any]) -> dict[str, Any]:
    """A message attribute, its binary value as base64."""
    return {
        key: base64.b64encode(value).decode() if isinstance(value, bytes) else value for key, value in attribute.items()
    }
