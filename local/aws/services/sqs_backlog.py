"""The messages of one queue, by what can happen to them next: receivable, delayed or in flight."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from enum import Enum, auto
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.sqs.models import Message

RECEIPTS_REMEMBERED = 100_000
"""How many receipt handles of deleted messages are known: deleting with one of them again changes nothing."""


class State(Enum):
    """What a message waits for."""

    VISIBLE = auto()
    DELAYED = auto()
    IN_FLIGHT = auto()


class Backlog:
    """Messages in the order of their arrival; times are seconds since 1970.

    The cost of a call grows with the logarithm of the number of messages, since each message is in a heap of its group
    (visible) or in the heap of due times (delayed, in flight). A heap's entry that no longer holds is passed over when
    its turn comes. In a `fifo` queue a group with a message in flight gives no other message. The caller holds a lock.
    """

    def __init__(self, *, fifo: bool) -> None:
        self._fifo = fifo
        self._arrivals = itertools.count()
        self._numbers: dict[Message, int] = {}
        self._messages: dict[int, Message] = {}  # by number: what the heaps hold
        self._states: dict[Message, State] = {}
        self._counts: Counter[State] = Counter()
        self._due_times: dict[Message, float] = {}
        self._due: list[tuple[float, int]] = []
        self._visible: defaultdict[str, list[int]] = defaultdict(list)
        self._groups: list[tuple[int, str]] = []  # each receivable group, at least once, by its oldest message
        self._in_flight: Counter[str] = Counter()
        self._receipts: dict[str, Message] = {}
        self._deleted: dict[str, None] = {}

    def messages(self) -> list[Message]:
        """Returns all messages, whatever their state."""
        return list(self._numbers)

    def count(self, state: State, now: float) -> int:
        """Returns the number of messages in that state."""
        self._wake(now)
        return self._counts[state]

    def add(self, message: Message, visible_at: float, now: float) -> None:
        """Puts a new message at the end."""
        self._numbers[message] = number = next(self._arrivals)
        self._messages[number] = message
        if visible_at > now:
            self._enter(message, State.DELAYED, visible_at)
        else:
            self._show(message)

    def take(
        self, most: int, until: float, now: float, is_unwanted: Callable[[Message], bool]
    ) -> tuple[list[Message], list[Message]]:
        """Returns up to `most` messages, now in flight `until` then, and those that turned out to be unwanted.

        Unwanted messages are taken out. A FIFO queue gives as many as possible of one group before the next.
        """
        self._wake(now)
        taken: list[Message] = []
        unwanted: list[Message] = []
        while self._groups and len(taken) < most:
            oldest, group = heappop(self._groups)
            offered = self._is_free(group) and self._oldest(group) == oldest
            while offered and len(taken) < most and (number := self._oldest(group)) is not None:
                message = self._messages[number]
                if is_unwanted(message):
                    unwanted.append(message)
                    self.remove(message)
                else:
                    taken.append(message)
                    self.hold(message, until)
            self._offer(group)
        return taken, unwanted

    def hold(self, message: Message, until: float) -> None:
        """Keeps the message from being received until then."""
        self._leave(message)
        self._enter(message, State.IN_FLIGHT, until)
        self._in_flight[_group(message)] += 1

    def release(self, message: Message) -> None:
        """Lets the message be received again."""
        self._leave(message)
        self._show(message)

    def note_receipt(self, message: Message) -> None:
        """Finds the message by its newest receipt handle, too, from here on."""
        self._receipts[str(message.receipt_handle)] = message

    def find(self, receipt: str) -> Message | None:
        """Returns the message that was received with this receipt handle."""
        return self._receipts.get(receipt)

    def was_deleted(self, receipt: str) -> bool:
        """Returns whether the receipt handle is one of a message that is gone."""
        return receipt in self._deleted

    def remove(self, message: Message) -> None:
        """Takes the message out; its receipt handles count as deleted."""
        self._leave(message)
        del self._messages[self._numbers.pop(message)]
        for receipt in message.all_receipt_handles:
            if receipt and self._receipts.pop(receipt, None):
                self._deleted[receipt] = None
        while len(self._deleted) > RECEIPTS_REMEMBERED:
            del self._deleted[next(iter(self._deleted))]

    def clear(self) -> None:
        """Takes all messages out."""
        for message in self.messages():
            self.remove(message)

    def next_due(self, now: float) -> float | None:
        """Returns when the next delay or visibility timeout ends; None if there is none."""
        self._wake(now)
        return self._due[0][0] if self._due else None

    def _wake(self, now: float) -> None:
        while self._due:
            time, number = self._due[0]
            message = self._messages.get(number)
            holds = message is not None and self._due_times.get(message) == time
            if holds and time > now:
                break
            heappop(self._due)
            if message and holds:
                self.release(message)

    def _show(self, message: Message) -> None:
        group, number = _group(message), self._numbers[message]
        self._states[message] = State.VISIBLE
        self._counts[State.VISIBLE] += 1
        heappush(self._visible[group], number)
        if self._oldest(group) == number:
            self._offer(group)

    def _enter(self, message: Message, state: State, until: float) -> None:
        self._states[message] = state
        self._counts[state] += 1
        self._due_times[message] = until
        heappush(self._due, (until, self._numbers[message]))

    def _leave(self, message: Message) -> None:
        state = self._states.pop(message)
        self._counts[state] -= 1
        self._due_times.pop(message, None)
        if state is State.IN_FLIGHT:
            group = _group(message)
            self._in_flight[group] -= 1
            if not self._in_flight[group]:
                del self._in_flight[group]
                self._offer(group)

    def _offer(self, group: str) -> None:
        """Lists the group among those that can be received from, if it has a visible message and is free."""
        oldest = self._oldest(group)
        if oldest is not None and self._is_free(group):
            heappush(self._groups, (oldest, group))

    def _is_free(self, group: str) -> bool:
        return not (self._fifo and self._in_flight[group])

    def _oldest(self, group: str) -> int | None:
        """Returns the number of the group's first visible message; forgets entries that no longer hold."""
        waiting = self._visible[group]
        while waiting and not self._is_visible(waiting[0]):
            heappop(waiting)
        if not waiting:
            del self._visible[group]
            return None
        return waiting[0]

    def _is_visible(self, number: int) -> bool:
        message = self._messages.get(number)
        return message is not None and self._states.get(message) is State.VISIBLE


def _group(message: Message) -> str:
    return message.group_id or ""
