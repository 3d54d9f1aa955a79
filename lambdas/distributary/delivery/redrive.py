"""Redrive: delivers the pending records of the retry queues, and decides which stay pending and which are given up."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeGuard

from distributary.aws import timeouts
from distributary.clock import Clock
from distributary.delivery.breaker import OPEN, Breaker
from distributary.delivery.dead_letters import DeadLetter, DeadLetters
from distributary.delivery.delivery import OUT_OF_TIME
from distributary.delivery.retry_messages import QueueMessage, RetryMessages
from distributary.delivery.retry_queue import PendingRecords, RetryQueue, read_message_body
from distributary.errors import SinkUnavailable, Unreadable
from distributary.events import Failure, Outcome, Receipt, SinkName
from distributary.iot_events.message import Message
from distributary.settings import Settings, within
from distributary.sinks.registry import KINDS
from distributary.sinks.sink import Sink

SECONDS_A_DAY = 86_400
OVERSIZE = "TooLarge"
"""A dead letter's reason: more bytes than its sink takes."""
TOO_OLD = "TooOld"
RECEIVED_TOO_OFTEN = "ReceivedTooOften"
"""… that SQS gave up after a thousand receipts: mostly what ended the function each time."""
UNREADABLE_MESSAGE = "Unreadable"
MOST_UNTRIED_RECEIVES = 100
"""So many of a message's receipts may end untried and bring it back after a second; more would use up SQS's 1,000."""


@dataclass(frozen=True, kw_only=True)
class RedriveSettings(Settings):
    """How pending records are delivered later."""

    prefix: ClassVar[str] = "REDRIVE_"

    pause_seconds: int = within(1, 1800, 1800)
    """The longest pause between two attempts, which follow after 1, 2, 4 … seconds."""
    days: float = within(0.0, 13.0, 13.0)
    """How old a record may grow in the retry queue before it is a dead letter; the queue forgets it after 14 days."""


@dataclass(slots=True)
class Tally:
    """What became of one batch: records by sink, and when the oldest that is still pending was queued first."""

    redriven: Counter[SinkName] = field(default_factory=Counter)
    dead: Counter[SinkName] = field(default_factory=Counter)
    waiting: Counter[SinkName] = field(default_factory=Counter)
    oldest: dict[SinkName, float] = field(default_factory=dict)

    def wait(self, pending: PendingRecords, records: int) -> None:
        """So many records stay pending."""
        self.waiting[pending.sink] += records
        self.oldest[pending.sink] = min(pending.first, self.oldest.get(pending.sink, pending.first))


class Redrive:
    """Delivers what waits, behind a circuit breaker for each sink: one that is down is not called for each message."""

    def __init__(
        self,
        settings: RedriveSettings,
        sinks: Mapping[SinkName, Sink[Any]],
        *,
        retry_queue: RetryQueue,
        queues: RetryMessages,
        dead_letters: DeadLetters,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._sinks = sinks
        self._retry_queue = retry_queue
        self._queues = queues
        self._dead_letters = dead_letters
        self._clock = clock
        self._breakers = {name: Breaker(clock) for name in KINDS}

    def take(self, messages: Sequence[QueueMessage], remaining: float) -> tuple[list[str], Tally]:
        """The ids of the messages that stay in their queue, and the tally; `remaining` are the function's seconds."""
        end = self._clock.monotonic() + remaining - timeouts.ANSWER
        tally = Tally()
        self._queues.hold(messages, remaining)
        return [message.id for message in messages if not self._is_done(message, end, tally)], tally

    def _is_done(self, message: QueueMessage, end: float, tally: Tally) -> bool:
        """Whether the message may be deleted: each of its records is delivered, a dead letter, or in a new message."""
        try:
            pending = read_message_body(message.body)
        except Unreadable as error:
            return self._give_up_text(message, message.body, str(error), tally)
        pending = pending._replace(attempts=pending.attempts + message.receives)
        try:
            return self._settle(message, _dated(self._retry_queue.fetch(pending)), end, tally)
        except Unreadable as error:
            return self._give_up_text(message, pending.object, str(error), tally)
        except SinkUnavailable as error:
            if self._hopeless(message, pending):
                return self._give_up_text(message, pending.object, f"{error.code}: {error.detail}", tally)
            self._postpone(message, tally, pending)
            return False

    def _settle(self, message: QueueMessage, pending: PendingRecords, end: float, tally: Tally) -> bool:
        if reason := self._hopeless(message, pending):
            outcomes: list[Outcome] = [Failure(reason, "", retryable=False, permanent=True)] * len(pending.records)
        else:
            outcomes = self._deliver(pending, end - timeouts.KEEPING)
        outcomes = self._dead_letter_hopeless(pending, outcomes, tally)
        left = [one for one, outcome in zip(pending.records, outcomes, strict=True) if isinstance(outcome, Failure)]
        if not left:
            return True
        if len(left) == len(pending.records):
            soon = message.receives <= MOST_UNTRIED_RECEIVES and all(outcome is OUT_OF_TIME for outcome in outcomes)
            self._postpone(message, tally, pending, pause=1 if soon else None)
            return False
        return self._replace(message, pending, left, end, tally)

    def _deliver(self, pending: PendingRecords, deadline: float) -> list[Outcome]:
        """An outcome for each record; one that no sink could take is not tried."""
        sink = self._sinks[pending.sink]
        outcomes: list[Outcome] = [
            Failure(OVERSIZE, f"{sink.name} takes {sink.max_record_bytes} bytes", retryable=False, permanent=True)
            if sink.size(record) > sink.max_record_bytes
            else OPEN
            for record in pending.records
        ]
        places = [place for place, outcome in enumerate(outcomes) if outcome is OPEN]
        fitting = [pending.records[place] for place in places]
        delivered = self._breakers[sink.name].deliver(sink, fitting, deadline=deadline)
        for place, outcome in zip(places, delivered, strict=True):
            outcomes[place] = outcome
        return outcomes

    def _dead_letter_hopeless(self, pending: PendingRecords, outcomes: list[Outcome], tally: Tally) -> list[Outcome]:
        """The outcomes after permanent refusals became dead letters; records that could not become one stay pending."""
        tally.redriven[pending.sink] += sum(isinstance(outcome, Receipt) for outcome in outcomes)
        pairs = list(zip(pending.records, outcomes, strict=True))
        letters = [_letter(pending, one, failure, self._clock.time()) for one, failure in pairs if _hopeless(failure)]
        if not letters:
            return outcomes
        try:
            self._dead_letters.write(letters)
        except SinkUnavailable:
            return outcomes
        tally.dead[pending.sink] += len(letters)
        return [Receipt() if _hopeless(outcome) else outcome for outcome in outcomes]

    def _replace(
        self, message: QueueMessage, pending: PendingRecords, left: Sequence[Any], end: float, tally: Tally
    ) -> bool:
        """Whether a new message holds what is left: then the old one may go. In between both may be delivered."""
        rest = pending._replace(records=left, last=self._clock.time(), object="")
        if not all(self._retry_queue.keep(rest, until=end)):
            self._postpone(message, tally, pending)
            return False
        tally.wait(pending, len(left))
        return True

    def _hopeless(self, message: QueueMessage, pending: PendingRecords) -> str:
        """Why the message is given up without another attempt; empty where it is not."""
        if message.from_dead_letter_queue:
            return RECEIVED_TOO_OFTEN
        age = self._clock.time() - pending.first
        return TOO_OLD if age > self._settings.days * SECONDS_A_DAY else ""

    def _postpone(
        self, message: QueueMessage, tally: Tally, pending: PendingRecords | None = None, pause: int | None = None
    ) -> None:
        if pending:
            tally.wait(pending, len(pending.records) or 1)
        wait = pause_after(message.receives, self._settings.pause_seconds, self._clock.random())
        self._queues.postpone(message, wait if pause is None else pause)

    def _give_up_text(self, message: QueueMessage, text: str, detail: str, tally: Tally) -> bool:
        """True if a message that cannot be read is stored as a dead letter, as it is."""
        now = self._clock.time()
        letter = DeadLetter(
            message.sink, UNREADABLE_MESSAGE, detail, message.receives, message.sent, now, {"body": text}
        )
        try:
            self._dead_letters.write([letter])
        except SinkUnavailable:
            self._postpone(message, tally)
            return False
        tally.dead[message.sink] += 1
        return True


def pause_after(receives: int, longest: float, drawn: float) -> int:
    """Whole seconds until a message is tried again: 1 doubling to `longest`, less up to a quarter of chance.

    More chance would be more receipts: in 13 days at 30 minutes a message stays under SQS's 1,000.
    """
    return math.ceil(min(longest, 2.0 ** min(receives - 1, 20)) * (1 - drawn / 4))


def _dated(pending: PendingRecords) -> PendingRecords:
    """The same, each message to an input with the time when it was accepted: whenever it is delivered, that counts."""
    at = round(pending.first * 1000)
    records = [
        replace(one, accepted_ms=at) if isinstance(one, Message) and one.accepted_ms is None else one
        for one in pending.records
    ]
    return pending._replace(records=records)


def _hopeless(outcome: Outcome) -> TypeGuard[Failure]:
    return isinstance(outcome, Failure) and outcome.permanent


def _letter(pending: PendingRecords, record: Any, failure: Failure, now: float) -> DeadLetter:
    first = pending.first
    return DeadLetter(
        pending.sink, failure.code, failure.detail, pending.attempts, first, now, KINDS[pending.sink].to_json(record)
    )
