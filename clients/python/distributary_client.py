"""Sends events to Distributary in batches and keeps them through an outage. One file, standard library only.

    with Client("https://….execute-api.us-east-1.amazonaws.com", "KEY.SECRET", kind="telemetry") as client:
        client.send({"deviceId": "pump-7", "temperature": 21.5})

A batch has one Idempotency-Key and is sent again, unchanged and under that key, until the endpoint has answered for
each of its events. Copies of an event that arrive nevertheless have the same `source` and `id`.
"""

import atexit
import gzip
import json
import logging
import os
import random
import threading
import time
import uuid
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import quote, urlsplit

BATCH_EVENTS = 500
BATCH_BYTES = 1_000_000
EVENT_BYTES = 4_000_000  # the endpoint takes bodies of 4,500,000 bytes
GZIP_FROM_BYTES = 1_000
MOST_DOUBLINGS = 6  # a pause is 64 seconds at most
IDLE_SECONDS = 50  # API Gateway closes a connection that was idle for longer

LOG = logging.getLogger("distributary")

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers by lower-case name, body."""


class QueueFull(Exception):
    """The event was not taken: so much waits already. Try later, or drop it knowingly."""


class Batch(NamedTuple):
    """A request as it is sent each time: `body` is gzipped JSON, an array of `events` events, `size` bytes before."""

    key: str
    body: bytes
    events: int
    size: int
    file: Path | None


class Client:
    """Takes events, sends them from a thread of its own, one request at a time.

    `kind` is the CloudEvents type of its events. An event waits up to `linger` seconds for others. With a `folder`,
    batches stand there as files until they are answered, and those of an earlier process are sent first; one process
    may use a folder at a time. At most `most_bytes` of JSON wait in memory and on disk.
    `on_rejected` takes each event that the endpoint refuses for good, with the refusal: a problem of the whole request,
    which has a `status`, or the event's own error, which has a `code`. Without it the log gets a warning for each.
    """

    def __init__(
        self,
        endpoint: str,
        key: str,
        *,
        kind: str = "",
        linger: float = 0.5,
        folder: str | os.PathLike[str] | None = None,
        most_bytes: int = 64 * 1024 * 1024,
        on_rejected: Callable[[Any, Mapping[str, Any]], None] | None = None,
        post: Callable[[bytes, Mapping[str, str]], Answer] | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._key = key
        self._linger = linger
        self._most = most_bytes
        self._on_rejected = on_rejected or warn
        self._post = post or Connection(endpoint, kind).post
        self._stopping = threading.Event()
        self._wait = wait or self._stopping.wait
        self._changed = threading.Condition()
        self._open: list[bytes] = []
        self._open_bytes = self._bytes = 0
        self._urgent = False
        self.sent = self.accepted = self.rejected = 0
        self._folder = Path(folder) if folder else None
        self._batches: deque[Batch] = deque(self._earlier())
        self.sent = sum(batch.events for batch in self._batches)
        self._thread = threading.Thread(target=self._run, name="distributary", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def pending(self) -> int:
        """Events that have no answer yet: `sent` = `accepted` + `rejected` + `pending`."""
        return self.sent - self.accepted - self.rejected

    def send(self, event: Any) -> None:
        """Takes a JSON value. Raises QueueFull, ValueError (too large, no JSON) or RuntimeError (closed)."""
        text = json.dumps(event, allow_nan=False, separators=(",", ":")).encode()
        if len(text) > EVENT_BYTES:
            raise ValueError(f"an event has at most {EVENT_BYTES} bytes of JSON; this one has {len(text)}")
        with self._changed:
            if self._stopping.is_set():
                raise RuntimeError("the client is closed")
            if self._bytes + len(text) > self._most:
                raise QueueFull(f"{self._bytes} bytes wait, of {self._most}")
            if self._open_bytes + len(text) > BATCH_BYTES:
                self._seal()
            self._open.append(text)
            self._open_bytes += len(text) + 1
            self._bytes += len(text) + 1
            self.sent += 1
            if len(self._open) == BATCH_EVENTS:
                self._seal()
            self._changed.notify_all()

    def flush(self, timeout: float | None = None) -> bool:
        """True once every event has its answer; False if that took longer than `timeout` seconds."""
        with self._changed:
            self._urgent = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self.pending, timeout)

    def close(self, timeout: float = 10) -> int:
        """Flushes, then stops; the number of events that are still pending: lost, unless there is a folder."""
        atexit.unregister(self.close)
        self.flush(timeout)
        with self._changed:
            self._seal()
            self._stopping.set()
            self._changed.notify_all()
        return self.pending

    def __enter__(self) -> Self:
        """The client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            self._deliver(batch)

    def _next(self) -> Batch | None:
        """The oldest batch; waits for one, and for others to join it. None after `close`."""
        with self._changed:
            while not self._stopping.is_set():
                if self._batches:
                    return self._batches[0]
                if not self._open:
                    self._urgent = False
                    self._changed.wait()
                elif self._urgent or not self._changed.wait_for(self._need_not_linger, self._linger):
                    self._seal()
        return None

    def _need_not_linger(self) -> bool:
        return bool(self._batches) or self._urgent or self._stopping.is_set()

    def _seal(self) -> None:
        if not self._open:
            return
        key, body = uuid.uuid4().hex, gzip.compress(b"[" + b",".join(self._open) + b"]", mtime=0)
        self._batches.append(Batch(key, body, len(self._open), self._open_bytes, self._stored(key, body)))
        self._open, self._open_bytes = [], 0

    def _deliver(self, batch: Batch) -> None:
        """Sends it until it is answered or the client stops."""
        attempt = 0
        while not self._stopping.is_set():
            answer = self._answer(batch)
            if answer is not None and not to_be_retried(answer[0]):
                self._settle(batch, answer)
                return
            self._wait(pause(answer, attempt))
            attempt += 1

    def _answer(self, batch: Batch) -> Answer | None:
        """The endpoint's answer; None if none came."""
        headers = {"authorization": f"Bearer {self._key}", "idempotency-key": batch.key, "prefer": "return=minimal"}
        body = gzip.decompress(batch.body)
        if len(body) >= GZIP_FROM_BYTES:
            body, headers["content-encoding"] = batch.body, "gzip"
        try:
            return self._post(body, {**headers, "content-type": "application/json"})
        except (OSError, HTTPException):
            return None

    def _settle(self, batch: Batch, answer: Answer) -> None:
        refused = refusals(batch, answer)
        events = json.loads(gzip.decompress(batch.body)) if refused else []
        for place, refusal in refused.items():
            try:
                self._on_rejected(events[place], refusal)
            except Exception:
                LOG.exception("on_rejected failed")
        if batch.file:
            batch.file.unlink(missing_ok=True)
        with self._changed:
            self._batches.popleft()
            self._bytes -= batch.size
            self.rejected += len(refused)
            self.accepted += batch.events - len(refused)
            self._changed.notify_all()

    def _stored(self, key: str, body: bytes) -> Path | None:
        """The batch's file, whole or not at all; None without a folder, or where it cannot be written."""
        if self._folder is None:
            return None
        file = self._folder / f"{time.time_ns():020d}-{key}.json.gz"
        try:
            part = file.with_suffix(".part")
            with part.open("wb") as stream:
                stream.write(body)
                stream.flush()
                os.fsync(stream.fileno())
            part.rename(file)
        except OSError:
            return None  # it waits in memory
        return file

    def _earlier(self) -> list[Batch]:
        """The batches of an earlier process, in their order."""
        if self._folder is None:
            return []
        self._folder.mkdir(parents=True, exist_ok=True)
        found = []
        for file in sorted(self._folder.glob("*.json.gz")):
            try:
                body = file.read_bytes()
                text = gzip.decompress(body)
                count = len(json.loads(text))
            except (OSError, EOFError, ValueError, zlib.error):
                LOG.exception("%s cannot be read and is left there", file)
                continue
            key = file.name.removesuffix(".json.gz").partition("-")[2]
            found.append(Batch(key, body, count, len(text) - 1, file))
            self._bytes += len(text) - 1
        return found


class Connection:
    """A kept connection to the endpoint's `/v1/events`."""

    def __init__(self, endpoint: str, kind: str, timeout: float = 35) -> None:
        url = urlsplit(endpoint)
        make = HTTPSConnection if url.scheme == "https" else HTTPConnection
        self._connection = make(url.netloc, timeout=timeout)
        self._path = f"{url.path.rstrip('/')}/v1/events" + (f"?type={quote(kind)}" if kind else "")
        self._used = 0.0

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer; raises OSError or HTTPException if none comes."""
        if time.monotonic() - self._used > IDLE_SECONDS:
            self._connection.close()
        try:
            self._connection.request("POST", self._path, body, dict(headers))
            response = self._connection.getresponse()
            answer = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        except (OSError, HTTPException):
            self._connection.close()
            raise
        self._used = time.monotonic()
        return answer


def to_be_retried(status: int) -> bool:
    """True if the same request may be taken later."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def pause(answer: Answer | None, attempt: int) -> float:
    """Seconds until the next attempt: at least `Retry-After`, else up to twice as long each time, at random."""
    asked = answer[1].get("retry-after", "") if answer else ""
    random_part = random.uniform(0, 2.0 ** min(attempt, MOST_DOUBLINGS))  # noqa: S311 - not a secret
    return max(float(asked) if asked.isdecimal() else 0.0, random_part)


def refusals(batch: Batch, answer: Answer) -> dict[int, Mapping[str, Any]]:
    """The refusal of each event that was refused, by its place in the batch: of all, if the request was."""
    status, _, body = answer
    try:
        said = json.loads(body)
    except ValueError:
        said = {}
    named = {one["index"]: one["error"] for one in said.get("events", ()) if one["status"] == "rejected"}
    if named or status == HTTPStatus.ACCEPTED:
        return named
    return {place: {"status": status, **said} for place in range(batch.events)}


def warn(event: Any, refusal: Mapping[str, Any]) -> None:
    """Writes the refusal to the log, without the event."""
    LOG.warning("rejected: %s, an event of %s", refusal, type(event).__name__)
