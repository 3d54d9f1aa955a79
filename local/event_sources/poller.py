"""One event source mapping at work: takes messages from its queue, hands them over, deletes what is done."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from local.event_sources.batch import Message, failed, payloads
from local.event_sources.source import EventSource
from local.functions import Functions, Invocation, TooManyRequests

Result = TypeVar("Result")

_CALL_MESSAGES = 10  # SQS: most messages of one ReceiveMessage or DeleteMessageBatch
_AT_ONCE = 4  # batches in flight where the mapping sets no maximum: as many as a function has environments here
_LONG_POLL_SECONDS = 1
_ERROR_PAUSE = 0.5
# Then the batch goes back: Lambda tries until the visibility timeout ends, which leaves no time for the function.
# docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html. Each try may have waited for a process itself.
_THROTTLED_PAUSES = (0.1, 0.2, 0.4, 0.8, *[1.6] * 30)
_THROTTLED_SECONDS = 50.0
_LOOK_SECONDS = 0.16  # how often a poller looks whether to stop, and at a window that is nearly over


class Poller:
    """Polls from `start` to `stop`; a batch in flight is finished after that. `sqs` is a QueueClient or boto3's."""

    def __init__(
        self,
        source: EventSource,
        functions: Functions,
        sqs: Any,
        *,
        log: Callable[[str], None] = print,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._functions = functions
        self._sqs = sqs
        self._log = log
        self._clock = clock
        self._stopping = threading.Event()
        at_once = source.maximum_concurrency or _AT_ONCE
        self._slots = threading.Semaphore(at_once)
        self._hands = ThreadPoolExecutor(at_once, thread_name_prefix=f"event source {source.function}")
        self._thread = threading.Thread(target=self._run, name=f"poller of {source.queue_url}", daemon=True)

    def start(self) -> None:
        """Begins to poll."""
        self._thread.start()

    def stop(self) -> None:
        """Ends polling soon: at the latest when the long poll that is under way comes back."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Waits at most that long until polling has ended."""
        self._thread.join(seconds)

    def collect(self) -> list[Message]:
        """A batch: what one poll finds; with a batching window, what comes until it is full or the window is over."""
        messages = self._receive(self._source.batch_size, _LONG_POLL_SECONDS)
        end = self._clock() + self._source.batching_window_seconds
        while messages and not self._source.fifo and not self._stopping.is_set():
            room, left = self._source.batch_size - len(messages), end - self._clock()
            if room <= 0 or left <= 0:
                break
            more = self._receive(room, _LONG_POLL_SECONDS if left >= _LONG_POLL_SECONDS else 0)
            messages += more
            if not more and left < _LONG_POLL_SECONDS:
                self._stopping.wait(min(left, _LOOK_SECONDS))
        return messages

    def hand_over(self, messages: Sequence[Message]) -> None:
        """Gives the messages to the function and deletes what it is done with; the others come back by themselves.

        FIFO: after a failure nothing later of this batch is handed over.
        """
        for batch, payload in payloads(messages, self._source):
            invocation = self._invoke(payload)
            left = failed(invocation, batch, reported=self._source.report_batch_item_failures)
            self._delete([message for message in batch if message["MessageId"] not in left])
            if left and self._source.fifo:
                break

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._slots.acquire(timeout=_LOOK_SECONDS):
                continue
            messages = self._try(self.collect) or []
            if messages and not self._stopping.is_set():
                self._hands.submit(self._work, messages)
            else:
                self._slots.release()
        self._hands.shutdown(wait=False)

    def _work(self, messages: list[Message]) -> None:
        self._try(lambda: self.hand_over(messages))
        self._slots.release()

    def _try(self, act: Callable[[], Result]) -> Result | None:
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - a mapping goes on whatever fails: the messages come back
            if not self._stopping.is_set():  # else the queues are on their way out too
                self._log(f"{self._source.function} {self._source.queue_url}: {type(error).__name__} {error}")
            self._stopping.wait(_ERROR_PAUSE)
            return None

    def _receive(self, room: int, seconds: int) -> list[Message]:
        answer = self._sqs.receive_message(
            QueueUrl=self._source.queue_url,
            MaxNumberOfMessages=min(room, _CALL_MESSAGES),
            WaitTimeSeconds=seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", ()))

    def _invoke(self, payload: bytes) -> Invocation:
        end = self._clock() + _THROTTLED_SECONDS
        for pause in _THROTTLED_PAUSES:
            try:
                return self._functions.invoke(self._source.function, payload)
            except TooManyRequests:
                if self._clock() >= end:
                    raise
                if self._stopping.wait(pause):
                    break
        return self._functions.invoke(self._source.function, payload)

    def _delete(self, messages: Sequence[Message]) -> None:
        for begin in range(0, len(messages), _CALL_MESSAGES):
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages[begin : begin + _CALL_MESSAGES])
            ]
            answer = self._sqs.delete_message_batch(QueueUrl=self._source.queue_url, Entries=entries)
            for failure in answer.get("Failed", ()):
                self._log(f"{self._source.function} {self._source.queue_url}: not deleted, {failure.get('Message')}")
