"""A client that follows the contract: sends a request until each of its events is accepted, or its patience ends."""

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chaos.request_batch import RequestBatch
from commands.post import Answer, request

Ask = Callable[[Mapping[str, str], bytes], Answer]

PATIENCE_SECONDS = 90.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
TOO_MANY_REQUESTS = 429
SERVER_ERRORS = 500


@dataclass
class Sending:
    """What became of a batch. `answers` counts HTTP statuses, 0 where no answer came."""

    batch: RequestBatch
    accepted: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    spilled: set[tuple[str, str]] = field(default_factory=set)
    """Which sink's retry queue took which event."""
    not_ours: int = 0
    """Answers that were none of the product's."""
    slowest: float = 0.0
    """Seconds that the slowest answer took."""
    faults: list[str] = field(default_factory=list)


def send(ask: Ask, batch: RequestBatch, *, sleep: Callable[[float], None] = time.sleep) -> Sending:
    """What became of the batch; `ask` posts a body with its headers and raises where no answer comes."""
    sending = Sending(batch)
    pending, end, pause = set(batch.events), time.monotonic() + PATIENCE_SECONDS, FIRST_PAUSE
    while pending:
        answer = _ask(ask, pending, sending)
        pending -= _note(sending, pending, _document(answer))
        again = answer is None or answer.status >= SERVER_ERRORS or answer.status == TOO_MANY_REQUESTS
        if not pending or not again or time.monotonic() > end:
            break
        sleep(_wait(answer, pause))
        pause = min(2 * pause, LONGEST_PAUSE)
    return sending


def post_events(endpoint: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """The endpoint's answer to one request. Raises OSError or HTTPException where none comes."""
    return request(endpoint, "POST", "/v1/events", headers=headers, body=body)


def _ask(ask: Ask, pending: set[str], sending: Sending) -> Answer | None:
    batch = sending.batch
    headers = {"content-type": batch.content_type} | ({"idempotency-key": batch.key} if batch.key else {})
    started = time.monotonic()
    try:
        answer = ask(headers, batch.body(pending))
    except (OSError, http.client.HTTPException):
        answer = None
    sending.slowest = max(sending.slowest, time.monotonic() - started)
    sending.answers[answer.status if answer else 0] += 1
    return answer


def _document(answer: Answer | None) -> Mapping[str, Any]:
    try:
        document = json.loads(answer.body) if answer else {}
    except ValueError:
        document = {}
    return document if isinstance(document, dict) and "events" in document else {}


def _note(sending: Sending, pending: set[str], document: Mapping[str, Any]) -> set[str]:
    """The events that need not be sent again: with a key, none of them before all are accepted."""
    if not document:
        sending.not_ours += 1
        return set()
    said = {event.get("id", f"index {event['index']}"): event["status"] for event in document["events"]}
    expected = set(sending.batch.events) if sending.batch.key else set(pending)
    if set(said) != expected:
        sending.faults.append(f"the answer is about other events than those sent: {sorted(set(said) ^ expected)[:3]}")
    counts = Counter(said.values())
    if any(document[status] != counts[status] for status in ("accepted", "rejected", "retry")):
        sending.faults.append("the counts of an answer are not those of its events")
    accepted = {event for event, status in said.items() if status == "accepted"}
    sending.spilled |= {
        (sink, event["id"])
        for event in document["events"]
        for sink, receipt in event.get("sinks", {}).items()
        if receipt.get("spilled")
    }
    sending.accepted |= accepted
    sending.rejected |= {event for event, status in said.items() if status == "rejected"}
    done = accepted | sending.rejected
    return done if not sending.batch.key or done >= expected else set()


def _wait(answer: Answer | None, pause: float) -> float:
    asked = answer.headers.get("retry-after", "") if answer else ""
    return float(asked) if asked.isdecimal() else random.uniform(0, pause)  # noqa: S311 - jitter
