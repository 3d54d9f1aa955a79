"""The stack's own taker of messages: an SQS FIFO queue that keeps each detector's messages in order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from distributary.aws import call as aws
from distributary.aws import timeouts
from distributary.aws.batching import split
from distributary.aws.queue import MAX_BYTES, MAX_ENTRIES, check_queue
from distributary.clock import Clock
from distributary.errors import BadEvent, SinkUnavailable
from distributary.iot_events import message as codes
from distributary.iot_events.message import MAX_PAYLOAD_BYTES, ErrorEntry, Message
from distributary.iot_events.queue_entry import QueueEntry, queue_entries

if TYPE_CHECKING:
    from distributary.iot_events.input import Input
    from distributary.iot_events.routing import Readers

MAX_MESSAGES_A_REQUEST = 100_000
"""Of one put: a whole request, since a key keeps its order within a put and not beyond."""
QUEUE_CONNECTIONS = 17
"""Calls at the same time, so that 500 keys take three turns; the client should keep as many connections."""

_NOTED_IDS = 10
_EARLIER = "an earlier message of its key was refused"

Note = Callable[[str, Mapping[str, Any]], None]
"""Writes a line to the log: what happened, and its members."""


def unnoted(_text: str, _fields: Mapping[str, Any]) -> None:
    """Writes nothing."""


class MessageQueue:
    """Takes messages to the known inputs; a put of several calls goes on starting them for `timeouts.ROUNDS`."""

    max_messages = MAX_MESSAGES_A_REQUEST

    def __init__(
        self,
        client: Any,
        queue_url: str,
        inputs: "Mapping[str, Input]",
        readers: "Readers",
        *,
        max_payload_bytes: int,
        clock: Clock,
        note: Note = unnoted,
        threads: ThreadPoolExecutor | None = None,
    ) -> None:
        self._client = client
        self._queue_url = queue_url
        self._known = inputs.keys() | readers.inputs
        self._repeating = {name for name, one in inputs.items() if not one.dedup}
        self._readers = readers
        self.max_payload_bytes = max_payload_bytes
        self.max_bytes = self.max_messages * max_payload_bytes
        self._clock = clock
        self._note = note
        self._threads = threads

    def check(self) -> None:
        """Nothing, if the queue answers. Raises SinkUnavailable."""
        check_queue(self._client, self._queue_url)

    def batch_put_message(self, messages: Sequence[Message]) -> list[ErrorEntry | None]:
        """For each message, in order, its error entry, or None where the queue has it for every detector it is for.

        A detector's messages go one after the other; after one of them was refused, its later ones are refused as well.
        A message that is for no detector is accepted, as AWS did, and noted. Raises SinkUnavailable where calls failed
        and no message was stored.
        """
        answers: list[ErrorEntry | None] = [None] * len(messages)
        chains: dict[str, list[QueueEntry]] = {}
        seen: set[tuple[str, str, str]] = set()
        unread: dict[str, list[str]] = {}
        for place, message in enumerate(messages):
            try:
                entries = self._entries(place, message, seen)
            except _Refused as refused:
                answers[place] = refused.entry
                continue
            if not entries:
                unread.setdefault(message.input_name, []).append(message.message_id)
            for entry in entries:
                chains.setdefault(entry.group, []).append(entry)
        # One line for a call, not for a message: a stage without models does not pay for its log either.
        for name, ids in unread.items():
            self._note("unread", {"inputName": name, "messages": len(ids), "messageIds": ids[:_NOTED_IDS]})
        for place, error in self._send_in_order(list(chains.values())):
            answers[place] = answers[place] or error
        return answers

    def _entries(self, place: int, message: Message, seen: set[tuple[str, str, str]]) -> list[QueueEntry]:
        """The message's entries. Raises _Refused."""
        name = message.input_name
        if name not in self._known:
            raise _Refused(message.message_id, codes.RESOURCE_NOT_FOUND, f"Input of name: {name} not found")
        if len(message.payload) > MAX_PAYLOAD_BYTES:  # whoever it comes from: it is read whole below
            limit = f"the payload is over {MAX_PAYLOAD_BYTES} bytes"
            raise _Refused(message.message_id, codes.INVALID_REQUEST, limit)
        identity = (message.caller, name, message.message_id)
        if identity in seen:
            raise _Refused(message.message_id, codes.INVALID_REQUEST, "this messageId stands twice in the request")
        seen.add(identity)
        try:
            return queue_entries(place, message, self._readers, dedup=name not in self._repeating)
        except BadEvent as error:
            raise _Refused(message.message_id, codes.INVALID_REQUEST, error.detail) from error

    def _send_in_order(self, chains: Sequence[Sequence[QueueEntry]]) -> Iterator[tuple[int, ErrorEntry]]:
        """The refused places: round after round sends the next entry of each chain that nothing has broken yet."""
        calls = _Calls(self._client, self._queue_url, self._clock)
        turn = 0
        while chains:
            refused = self._round(calls, [chain[turn] for chain in chains])
            yield from refused.items()
            for chain in chains:
                if chain[turn].place in refused:
                    for later in chain[turn + 1 :]:
                        yield later.place, later.refused(codes.SERVICE_UNAVAILABLE, _EARLIER)
            chains = [chain for chain in chains if chain[turn].place not in refused and len(chain) > turn + 1]
            turn += 1
        if calls.failed and not calls.stored:
            raise calls.failed

    def _round(self, calls: "_Calls", entries: Sequence[QueueEntry]) -> dict[int, ErrorEntry]:
        """The refused places of entries that all have groups of their own, sent several calls at a time."""
        batches = split(entries, MAX_ENTRIES, MAX_BYTES, QueueEntry.size)
        if len(batches) == 1:
            return calls.send(batches[0])
        # Made when first needed, not at import: threads do not survive a snapshot.
        self._threads = self._threads or ThreadPoolExecutor(max_workers=QUEUE_CONNECTIONS, thread_name_prefix="queue")
        refused: dict[int, ErrorEntry] = {}
        for answer in self._threads.map(calls.send, batches):
            refused.update(answer)
        return refused


class _Calls:
    """The calls of one put: they end when time is up or when one of them failed as a whole."""

    def __init__(self, client: Any, queue_url: str, clock: Clock) -> None:
        self._client = client
        self._queue_url = queue_url
        self._clock = clock
        self._end = clock.monotonic() + timeouts.ROUNDS
        self.failed: SinkUnavailable | None = None
        self.stored = False

    def send(self, batch: Sequence[QueueEntry]) -> dict[int, ErrorEntry]:
        """The refused places of one SendMessageBatch."""
        if self.failed or self._clock.monotonic() > self._end:
            return _all(batch, codes.SERVICE_UNAVAILABLE, "not sent: the queue is slow or cannot be reached")
        try:
            answer = aws.call(self._client.send_message_batch, QueueUrl=self._queue_url, Entries=_parameters(batch))
        except SinkUnavailable as error:
            self.failed = error
            return _all(batch, _code(error), "the queue cannot be reached")
        stored = {entry["Id"] for entry in answer.get("Successful", ())}
        self.stored = self.stored or bool(stored)
        reasons = {entry["Id"]: entry for entry in answer.get("Failed", ())}
        return {
            entry.place: _refusal(entry, reasons.get(str(number), {}))
            for number, entry in enumerate(batch)
            if str(number) not in stored
        }


class _Refused(Exception):
    """A message that the queue need not be asked about."""

    def __init__(self, message_id: str, code: str, text: str) -> None:
        super().__init__(code)
        self.entry = ErrorEntry(message_id, code, text)


def _parameters(batch: Sequence[QueueEntry]) -> list[dict[str, str]]:
    return [
        {
            "Id": str(number),
            "MessageBody": entry.body,
            "MessageGroupId": entry.group,
            "MessageDeduplicationId": entry.deduplication_id,
        }
        for number, entry in enumerate(batch)
    ]


def _all(batch: Sequence[QueueEntry], code: str, text: str) -> dict[int, ErrorEntry]:
    return {entry.place: entry.refused(code, text) for entry in batch}


def _refusal(entry: QueueEntry, reason: Mapping[str, Any]) -> ErrorEntry:
    """The entry for one that SQS refused, or said nothing about."""
    if reason.get("Code") in aws.THROTTLING:
        return entry.refused(codes.MESSAGE_THROTTLING, "the queue is throttled")
    if reason.get("SenderFault"):
        return entry.refused(codes.INVALID_REQUEST, str(reason.get("Message", "refused by the queue")))
    return entry.refused(codes.SERVICE_UNAVAILABLE, "the queue did not take it")


def _code(error: SinkUnavailable) -> str:
    if error.code in aws.THROTTLING:
        return codes.MESSAGE_THROTTLING
    return codes.SERVICE_UNAVAILABLE if error.retryable else codes.MESSAGE_INTERNAL_FAILURE
