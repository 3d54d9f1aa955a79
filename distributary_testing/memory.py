"""What detectors need of AWS, in memory and for one thread: their table, their queue, their alarm clock."""

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from distributary.clock import Clock
from distributary.errors import SinkUnavailable
from distributary.iot_events.queue_entry import group_of
from distributary.iot_events.runtime.action_queue import ActionQueue
from distributary.iot_events.runtime.detector_item import Row
from distributary.iot_events.runtime.queue_record import wake_up_body
from distributary.iot_events.runtime.wake_ups import Arming, WakeUps

DEDUPLICATION_SECONDS = 300
"""https://docs.aws.amazon.com/iotevents/latest/apireference/API_iotevents-data_Message.html"""

Item = Mapping[str, Any]


class Table:
    """The calls of DynamoDB that the store of detectors makes. Nobody else writes: no condition can fail."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Item] = {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        """The items that there are."""
        ((table, wanted),) = RequestItems.items()
        return {"Responses": {table: [self._items[one] for key in wanted["Keys"] if (one := _key(key)) in self._items]}}

    def put_item(self, *, Item: Item, **_: Any) -> None:
        """Keeps the item."""
        self._items[_key(Item)] = Item

    def update_item(self, *, Key: Item, UpdateExpression: str, **_: Any) -> None:
        """Forgets what is to be removed of an item: the only update there is."""
        removed = UpdateExpression.removeprefix("REMOVE ").split(", ")
        self._items[_key(Key)] = {name: one for name, one in self._items[_key(Key)].items() if name not in removed}

    def query(
        self,
        *,
        ExpressionAttributeValues: Mapping[str, Any],
        Limit: int,
        ExclusiveStartKey: Item | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """A page of one partition, in the order of its keys."""
        partition, after = ExpressionAttributeValues[":p"]["S"], _key(ExclusiveStartKey)[1] if ExclusiveStartKey else ""
        found = sorted(key for key in self._items if key[0] == partition and key[1] > after)[:Limit]
        last = {"pk": {"S": partition}, "sk": {"S": found[-1][1]}} if len(found) == Limit else None
        return {"Items": [self._items[key] for key in found], **({"LastEvaluatedKey": last} if last else {})}

    def forget(self, model: str) -> None:
        """Forgets a model's detectors and its version."""
        self._items = {key: item for key, item in self._items.items() if not key[0].startswith(f"{model}#")}


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


class Fifo:
    """The queue of messages: `waiting` are its records as Lambda hands them over, in order, each id taken once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._taken: dict[tuple[str, str], float] = {}
        self.waiting: deque[dict[str, Any]] = deque()

    def send_message_batch(self, *, Entries: Sequence[Mapping[str, str]], **_: Any) -> dict[str, Any]:
        """Takes every entry."""
        for entry in Entries:
            self.send_message(**{name: value for name, value in entry.items() if name != "Id"})
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def send_message(
        self,
        *,
        MessageBody: str,
        MessageGroupId: str,
        MessageDeduplicationId: str,
        **_: Any,
    ) -> None:
        """Takes one, unless its group had one with its id within five minutes."""
        now, identity = self._clock.time(), (MessageGroupId, MessageDeduplicationId)
        if now < self._taken.get(identity, -DEDUPLICATION_SECONDS) + DEDUPLICATION_SECONDS:
            return
        self._taken[identity] = now
        number = next(self._numbers)
        attributes = {
            "MessageGroupId": MessageGroupId,
            "SequenceNumber": str(number),
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(round(now * 1000)),
        }
        named = {"messageId": str(number), "receiptHandle": str(number)}
        self.waiting.append({**named, "body": MessageBody, "attributes": attributes})


class Recorder(ActionQueue):
    """Where actions go: each to `take`, once its detector is stored."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take

    def park(self, row: Row) -> Row:
        """The row: here it may be of any size."""
        return row

    def waiting(self, row: Row) -> tuple[list[str], list[str]]:
        """The row's actions."""
        return list(row.pending), []

    def send(self, texts: Sequence[str]) -> list[SinkUnavailable | None]:
        """Hands each on."""
        for text in texts:
            self._take(text)
        return [None] * len(texts)


class Nowhere:
    """A queue that nobody reads."""

    def send_message(self, **_: Any) -> None:
        """Forgets it."""

    def change_message_visibility_batch(self, **_: Any) -> None:
        """Nothing comes again here."""


class AlarmClock(WakeUps):
    """The wake-ups that detectors have armed; none comes by itself."""

    def __init__(self, fifo: Fifo) -> None:
        self._fifo = fifo
        self._armed: list[tuple[int, int, Arming]] = []
        self._numbers = count()

    def arm(self, arming: Arming) -> None:
        """Notes when the detector is to be woken."""
        heapq.heappush(self._armed, (arming.wake_up.due, next(self._numbers), arming))

    def next_due(self, until: float) -> int | None:
        """When the earliest is due, in seconds; None where none is by then."""
        return self._armed[0][0] if self._armed and self._armed[0][0] <= until else None

    def ring(self) -> None:
        """Puts the earliest among its detector's messages."""
        _, number, arming = heapq.heappop(self._armed)
        self._fifo.send_message(
            MessageBody=wake_up_body(*arming),
            MessageGroupId=group_of(arming.model, arming.key),
            MessageDeduplicationId=f"wake-up {number}",
        )
