"""Sends events to a Distributary endpoint: in batches, retried under one Idempotency-Key, kept in memory or on disk.

One file for Python 3.11 or newer, with the standard library alone:

    with Client("https://events.example.com", "KEY.SECRET") as client:
        client.send({"deviceId": "pump-7", "temperature": 21.5})
"""

import atexit
import gzip
import json
import logging
import os
import random
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import quote

TIMEOUT_SECONDS = 40.0
"""For one request. API Gateway answers within 30 s."""
FIRST_PAUSE, LONGEST_PAUSE, LONGEST_RETRY_AFTER = 1.0, 60.0, 300.0
"""Seconds: bounds of the backoff, and the longest `Retry-After` that is obeyed to the letter."""
GZIP_FROM_BYTES = 1_000
TOO_MANY_REQUESTS, CLIENT_ERRORS, SERVER_ERRORS = 429, 400, 500
_log = logging.getLogger(__name__)


class QueueFull(Exception):
    """The queue has no room for the event. Nothing was taken: send it again later, or drop it."""


class Counts(NamedTuple):
    """Numbers of events: `sent` is always the sum of the others. Events found on disk at the start count as sent."""

    sent: int
    accepted: int
    rejected: int
    pending: int


class Answer(NamedTuple):
    """An HTTP answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Transport = Callable[[str, Mapping[str, str], bytes], Answer]
"""Posts a body to a URL with headers. Raises any exception, such as OSError, if no complete answer comes."""
Problem = dict[str, Any]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Refuse to follow: urllib would turn a POST into a GET."""


_opener = urllib.request.build_opener(_NoRedirect)


def post(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """The answer to one POST. Raises OSError or HTTPException if no complete answer comes."""
    try:
        with _opener.open(urllib.request.Request(url, body, dict(headers)), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the constructor checks the scheme
            return Answer(answer.status, {n.lower(): v for n, v in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, {n.lower(): v for n, v in error.headers.items()}, error.read())


@dataclass
class Batch:
    """One request: each retry sends the same body, under the same key, to the same URL, so no event changes its id."""

    url: str
    content_type: str
    key: str
    count: int
    body: bytes = field(repr=False)
    file: Path | None = None

    def headers_and_body(self) -> tuple[dict[str, str], bytes]:
        """The request as sent: compressed if that makes it shorter."""
        headers = {"content-type": self.content_type, "idempotency-key": self.key, "prefer": "return=minimal"}
        packed = gzip.compress(self.body, mtime=0) if len(self.body) >= GZIP_FROM_BYTES else self.body
        return (
            (headers | {"content-encoding": "gzip"}, packed) if len(packed) < len(self.body) else (headers, self.body)
        )

    def store(self, folder: Path, name: str) -> None:
        """Write the batch to a file: a line of JSON, then the body. A crash leaves the whole file or none."""
        head = {name: value for name, value in asdict(self).items() if name not in ("body", "file")}
        unfinished = folder / f"{name}.unfinished"
        with unfinished.open("wb") as file:
            file.write(json.dumps(head).encode() + b"\n" + self.body)
            file.flush()
            os.fsync(file.fileno())
        self.file = unfinished.replace(folder / f"{name}.batch")

    @classmethod
    def load(cls, file: Path) -> Self:
        """The batch of a file. Raises ValueError or TypeError if it is none."""
        head, _, body = file.read_bytes().partition(b"\n")
        return cls(**json.loads(head), body=body, file=file)


def rejections(answer: Answer | None, count: int) -> list[tuple[int, Problem]] | None:
    """The rejected events of a batch, by index, each with its problem; None if the batch must be sent again."""
    if answer is None or answer.status == TOO_MANY_REQUESTS or answer.status >= SERVER_ERRORS:
        return None
    document = _document(answer)
    with suppress(KeyError, TypeError, AttributeError):
        listed = {one["index"]: one["error"] for one in document["events"] if one["status"] == "rejected"}
        whole = document["accepted"] + document["rejected"] == count and not document["retry"]
        if whole and len(listed) == document["rejected"] and listed.keys() <= set(range(count)):
            return sorted(listed.items())
    if answer.status < CLIENT_ERRORS:  # it does not account for each event, so it is not the endpoint's
        return None
    problem = {"status": answer.status, **(document or {"detail": answer.body[:500].decode(errors="replace")})}
    return [(index, problem) for index in range(count)]


def _document(answer: Answer) -> dict[str, Any]:
    try:
        document = json.loads(answer.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def pause_after(failures: int, answer: Answer | None, chance: float) -> float:
    """Seconds to wait after so many failures in a row: exponential with full jitter, at least `Retry-After`."""
    backoff = chance * min(FIRST_PAUSE * 2.0 ** min(failures - 1, 20), LONGEST_PAUSE)
    asked = answer.headers.get("retry-after", "") if answer else ""
    return max(backoff, min(float(asked), LONGEST_RETRY_AFTER) if asked.isdecimal() else 0.0)


def log_rejected(event: Any, problem: Problem) -> None:
    """Log an event that the endpoint rejected, without its content."""
    _log.error("%s was rejected: %s", type(event).__name__, problem)


class Client:
    """A queue in front of `POST /v1/events`. Threads may share it; processes may not share its folder."""

    def __init__(
        self,
        endpoint: str,
        key: str = "",
        *,
        event_type: str = "",
        cloud_events: bool = False,
        on_rejected: Callable[[Any, Problem], None] = log_rejected,
        folder: str | Path | None = None,
        max_events: int = 100_000,
        max_bytes: int = 64_000_000,
        batch_events: int = 500,
        batch_bytes: int = 1_000_000,
        linger: float = 1.0,
        background: bool = True,
        transport: Transport = post,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Any] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`key` is `ID.SECRET`. `background=False` starts no thread: only `flush` and `close` send, as Lambda needs."""
        if not endpoint.startswith(("https://", "http://")):
            raise ValueError(f"endpoint {endpoint!r} must begin with https:// or http://")
        self._authorization = {"authorization": f"Bearer {key}"} if key else {}
        self._endpoint = f"{endpoint.rstrip('/')}/v1/events"
        self._url = self._endpoint + (f"?type={quote(event_type, safe='')}" if event_type else "")
        self._content_type = "application/cloudevents-batch+json" if cloud_events else "application/json"
        self._on_rejected = on_rejected
        self._max_events, self._max_bytes = max_events, max_bytes
        self._batch_events, self._batch_bytes, self._linger = batch_events, batch_bytes, linger
        self._transport, self._clock, self._chance = transport, clock, chance
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._changed = threading.Condition()
        self._open: deque[bytes] = deque()
        self._batches: deque[Batch] = deque()
        self._sent = self._accepted = self._rejected = self._pending = 0
        self._open_bytes = self._bytes = self._stored = self._failures = 0
        self._opened_at = self._not_before = 0.0
        self._urgent = self._closed = False
        self._folder = Path(folder) if folder else None
        self._take_up()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._pack_all, self._deliver_all)]
        self._background = background
        if background:
            for thread in self._threads:
                thread.start()
        atexit.register(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def counts(self) -> Counts:
        """What became of the events so far."""
        with self._changed:
            return Counts(self._sent, self._accepted, self._rejected, self._pending)

    def send(self, event: Any) -> None:
        """Queue an event, a JSON value, and return at once.

        Raises QueueFull if there is no room, TypeError or ValueError if the event is not JSON, RuntimeError if closed.
        """
        text = json.dumps(event, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        with self._changed:
            if self._closed:
                raise RuntimeError("the client is closed")
            if self._pending >= self._max_events or self._bytes + len(text) + 1 > self._max_bytes:
                raise QueueFull(f"{self._pending:,} events ({self._bytes:,} bytes) are pending; this has {len(text):,}")
            if not self._open:
                self._opened_at = self._clock()
            self._open.append(text)
            self._open_bytes += len(text) + 1
            self._count(sent=1, size=len(text) + 1)
        if not self._background and self._due():
            self._pack()

    def flush(self, timeout: float = 30.0) -> bool:
        """Send what is pending; True if nothing is pending any more. Without threads a request is awaited beyond."""
        end = self._clock() + timeout
        with self._changed:
            self._urgent = True
            self._changed.notify_all()
            if self._background:
                return self._changed.wait_for(lambda: not self._pending, timeout)
        while self._pack():
            pass
        while self._batches and max(self._not_before, self._clock()) <= end:
            self._deliver()
        return not self.counts.pending

    def close(self, timeout: float = 30.0) -> bool:
        """Flush, then take no more events; True if nothing is pending. A folder keeps the rest for the next start."""
        with self._changed:
            if self._closed:
                return not self._pending
            self._closed = True
        done = self.flush(timeout)
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
        if self._background:
            self._threads[0].join()
        atexit.unregister(self.close)
        if not done:
            kept = f"kept in {self._folder}" if self._folder else "lost: the client has no folder"
            _log.error("%d events were not sent in %s s and are %s", self.counts.pending, timeout, kept)
        return done

    def _take_up(self) -> None:
        """Queue the batches that an earlier process left in the folder."""
        if not self._folder:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(self._folder.glob("*.batch")):
            try:
                batch = Batch.load(file)
            except (ValueError, TypeError):
                _log.exception("%s is no batch, and is left there", file)
                continue
            if batch.url.partition("?")[0] != self._endpoint:
                _log.error("%s is left there: it is for %s", file, batch.url)
                continue
            with self._changed:
                self._batches.append(batch)
                self._count(sent=batch.count, size=len(batch.body) - 1)

    def _count(self, *, sent: int = 0, accepted: int = 0, rejected: int = 0, size: int = 0) -> None:
        """Add to the counts; `size` are bytes that enter or leave the queue. The lock is held."""
        self._sent += sent
        self._accepted += accepted
        self._rejected += rejected
        self._pending += sent - accepted - rejected
        self._bytes += size
        self._changed.notify_all()

    def _due(self) -> bool:
        """Whether events wait that must not wait for more."""
        full = len(self._open) >= self._batch_events or self._open_bytes >= self._batch_bytes
        late = self._clock() >= self._opened_at + self._linger
        return bool(self._open) and (full or late or self._urgent)

    def _pack(self) -> bool:
        """Make a batch of the first events, on disk if there is a folder; False if there is no event."""
        with self._changed:
            events: list[bytes] = []
            size = 1
            while self._open and len(events) < self._batch_events:
                size += len(self._open[0]) + 1
                if events and size > self._batch_bytes:
                    break
                events.append(self._open.popleft())
                self._open_bytes -= len(events[-1]) + 1
            self._urgent = self._urgent and bool(self._open)
            self._stored += 1
            name = f"{time.time_ns() // 1_000_000:015}-{self._stored:06}"
        if not events:
            return False
        batch = Batch(self._url, self._content_type, str(uuid.uuid4()), len(events), b"[%s]" % b",".join(events))
        if self._folder:
            try:
                batch.store(self._folder, f"{name}-{batch.key}")
            except OSError:
                _log.exception("A batch stays in memory: it cannot be written to %s", self._folder)
        with self._changed:
            self._batches.append(batch)
            self._changed.notify_all()
        return True

    def _deliver(self) -> None:
        """Wait until the first batch may be sent, send it once, and note what became of it."""
        if (wait := self._not_before - self._clock()) > 0:
            self._sleep(wait)
        if self._stopped.is_set():
            return
        batch = self._batches[0]
        answer = self._ask(batch)
        rejected = rejections(answer, batch.count)
        if rejected is not None:
            self._failures, self._not_before = 0, 0.0
            self._settle(batch, rejected)
            return
        self._failures += 1
        self._not_before = self._clock() + pause_after(self._failures, answer, self._chance())
        if answer and answer.status >= SERVER_ERRORS and "type" not in _document(answer):
            with self._changed:  # no problem of the endpoint: one batch may be what fails, and others need not wait
                self._batches.rotate(-1)

    def _ask(self, batch: Batch) -> Answer | None:
        headers, body = batch.headers_and_body()
        try:
            return self._transport(batch.url, headers | self._authorization, body)
        except Exception as error:  # noqa: BLE001 - whatever it is, no answer came, and the thread goes on
            _log.warning("No answer from %s: %r", batch.url, error)
            return None

    def _settle(self, batch: Batch, rejected: list[tuple[int, Problem]]) -> None:
        """Report rejected events, then forget the batch: after a crash in between it is sent again, with its key."""
        events = json.loads(batch.body) if rejected else []
        for index, problem in rejected:
            try:
                self._on_rejected(events[index], problem)
            except Exception:  # noqa: BLE001 - it must not stop the sending
                _log.exception("on_rejected failed")
        if batch.file:
            try:
                batch.file.unlink(missing_ok=True)
            except OSError:
                _log.exception("%s was sent, and is sent again at the next start", batch.file)
        with self._changed:
            self._batches.remove(batch)
            accepted = batch.count - len(rejected)
            self._count(accepted=accepted, rejected=len(rejected), size=1 - len(batch.body))

    def _pack_all(self) -> None:
        """The thread that makes batches."""
        while True:
            with self._changed:
                while not self._due():
                    if self._stopped.is_set():
                        return
                    late = self._opened_at + self._linger - self._clock()
                    self._changed.wait(max(late, 0.001) if self._open else None)
            self._pack()

    def _deliver_all(self) -> None:
        """The thread that sends them."""
        while not self._stopped.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._batches or self._stopped.is_set())
            if not self._stopped.is_set():
                self._deliver()
