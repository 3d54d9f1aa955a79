"""What an answer says of each event, at the length that was asked for and that fits."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from distributary.events import EventResult, Rejection
from distributary.http.events_api.body import Shape

MAX_ANSWER = 5_000_000
"""Bytes of an answer inside the function's JSON, where each quotation mark takes two: Lambda ends at 6 MB.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

EventOutcome = EventResult | Rejection
"""What became of an event: a delivery that is accepted or to be retried, or its rejection."""

Entries = list[dict[str, Any]]
View = Callable[[Sequence[EventOutcome], Shape], Entries]
"""One way to list what became of the events of a body of that shape."""

_MINIMAL = re.compile(r'(?:^|,)\s*return\s*=\s*"?minimal"?\s*(?:$|[;,])', re.IGNORECASE)


def prefers_minimal(header: str) -> bool:
    """Whether a `Prefer` header (RFC 7240) asks for those events alone that were not accepted."""
    return bool(_MINIMAL.search(header))


def response_status(one: EventOutcome) -> str:
    """`accepted`, `rejected` or `retry`."""
    return "rejected" if isinstance(one, Rejection) else one.status


def bytes_inside_json(text: str) -> int:
    """The bytes of ASCII text once the function's own answer, which is JSON, holds it as a string."""
    return len(text) + text.count('"') + text.count("\\")


def full(outcomes: Sequence[EventOutcome], shape: Shape) -> Entries:
    """Every event with its receipts or its error."""
    return [rejected(one, shape) if isinstance(one, Rejection) else _delivered(one) for one in outcomes]


def minimal(outcomes: Sequence[EventOutcome], shape: Shape) -> Entries:
    """The events that were not accepted."""
    return full([one for one in outcomes if response_status(one) != "accepted"], shape)


def brief(outcomes: Sequence[EventOutcome], _shape: Shape) -> Entries:
    """Index, status and code of as many events as fit that were not accepted."""
    entries = [_brief(one) for one in outcomes if response_status(one) != "accepted"]
    return entries[: MAX_ANSWER // _BRIEF_BYTES]


# The longest entry of `brief` with its quotation marks counted twice.
_BRIEF_BYTES = 128


def rejected(one: Rejection, shape: Shape) -> dict[str, Any]:
    """The entry of an event that is not taken."""
    # Pointers count from the event; the body that holds it as an element of an array has it one level down.
    place = f"/{one.index}{one.pointer}" if shape == "array" else one.pointer
    error = {"code": one.code, "detail": one.detail, "pointer": place}
    return {**which(one.index, one.line, one.id), "status": "rejected", "error": error}


def _delivered(one: EventResult) -> dict[str, Any]:
    event = one.event
    return {**which(event.index, event.line, event.id), "status": one.status, "sinks": dict(one.sinks)}


def which(index: int, line: int | None, identity: str | None) -> dict[str, Any]:
    """The members of an entry that say which event it is about."""
    which = {"index": index, "line": line, "id": identity}
    return {name: value for name, value in which.items() if value is not None}


def _brief(one: EventOutcome) -> dict[str, Any]:
    if isinstance(one, Rejection):
        return {"index": one.index, "status": "rejected", "error": {"code": one.code}}
    return {"index": one.event.index, "status": one.status}
