"""`POST /v1/events`: a request in, its events to the sinks, an answer for every single one of them."""

import gc
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from distributary.access.key import Key
from distributary.clock import Clock
from distributary.delivery.delivery import deadline
from distributary.errors import BadRequest
from distributary.events import Event, EventResult, Rejection
from distributary.http import event_ids
from distributary.http.events_api import receipt
from distributary.http.events_api.addressed import EventReader
from distributary.http.events_api.body import Body
from distributary.http.events_api.receipt import EventOutcome, View
from distributary.http.problem import for_error, problem
from distributary.http.request import Request, Response
from distributary.ingest.envelope import event_id
from distributary.ingest.result_metrics import by_sink

DeliverEvents = Callable[[Sequence[Event], float, Key | None], Sequence[EventResult]]
"""A result for each event, in order; the number is the deadline on the clock's `monotonic`, the key whose they are."""

RETRY_AFTER_SECONDS = 3
"""`Retry-After` is drawn from 1 to this, so that clients refused together do not come back together."""


class EventsEndpoint:
    """Answers `POST /v1/events`: every event that came in is counted as accepted, rejected or retry."""

    def __init__(self, reader: EventReader, clock: Clock, fan_out: DeliverEvents, *, retry_seconds: float) -> None:
        self._reader = reader
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._fan_out = fan_out

    def answer(self, request: Request) -> Response:
        """202 where something was accepted, 400 where nothing can be, 503 where some events must be sent again.

        An empty batch of CloudEvents is 202 as well: there is nothing in it to refuse.
        """
        try:
            with _without_collection():
                return self._answer(request)
        except BadRequest as error:
            return for_error(error, request)

    def _answer(self, request: Request) -> Response:
        until = deadline(remaining=request.remaining, retry_seconds=self._retry_seconds, clock=self._clock)
        found = self._reader.read(request)
        outcomes = self._outcomes(found.events, until, request.key)
        counts = _counts(outcomes)
        response = self._longest_that_fits(request, found.body, outcomes, counts)
        sinks = by_sink(one for one in outcomes if isinstance(one, EventResult))
        if counts["retry"]:
            seconds = 1 + int(self._clock.random() * RETRY_AFTER_SECONDS)
            response = response.with_headers({"retry-after": str(seconds)})
        response = response.with_headers({"idempotency-key": request.headers.get("idempotency-key", found.key)})
        ids = event_ids.logged_ids(_given_id(one, found.key, many=found.many) for one in outcomes)
        log = {"idempotency_key": found.key, **ids, **counts, **sinks, **_rules(outcomes)}
        return response._replace(log=log, events=len(outcomes), size=found.size)

    def _outcomes(self, addressed: Sequence[Event | Rejection], until: float, key: Key | None) -> list[EventOutcome]:
        events = [one for one in addressed if isinstance(one, Event)]
        results = iter(self._fan_out(events, until, key) if events else ())
        outcomes = [one if isinstance(one, Rejection) else next(results) for one in addressed]
        return [one.error if isinstance(one, EventResult) and one.error else one for one in outcomes]

    def _longest_that_fits(
        self, request: Request, body: Body, outcomes: Sequence[EventOutcome], counts: Mapping[str, int]
    ) -> Response:
        asked = receipt.prefers_minimal(request.headers.get("prefer", ""))
        views: list[View] = (
            [receipt.minimal, receipt.brief] if asked else [receipt.full, receipt.minimal, receipt.brief]
        )
        for view in views:
            response = _response(request, outcomes, counts, view(outcomes, body.shape))
            if receipt.bytes_inside_json(response.body) <= receipt.MAX_ANSWER:
                break
        return response if view is receipt.full else response.with_headers({"preference-applied": "return=minimal"})


def _given_id(outcome: EventOutcome, key: str, *, many: bool) -> str | None:
    """The event's id where the client chose it; None where it is made of the request's key."""
    one = outcome if isinstance(outcome, Rejection) else outcome.event
    return None if one.id == event_id(key, one.index, many=many) else one.id


def _counts(outcomes: Sequence[EventOutcome]) -> dict[str, int]:
    counted = Counter(receipt.response_status(one) for one in outcomes)
    return {status: counted[status] for status in ("accepted", "rejected", "retry")}


def _rules(outcomes: Sequence[EventOutcome]) -> dict[str, Any]:
    """How many events each rule took, by its number; nothing where none took any."""
    counted = Counter(one.rule for one in outcomes if isinstance(one, EventResult) and one.rule)
    return {"rules": {str(rule): count for rule, count in sorted(counted.items())}} if counted else {}


def _response(
    request: Request, outcomes: Sequence[EventOutcome], counts: Mapping[str, int], events: receipt.Entries
) -> Response:
    members = {**counts, "events": events}
    if counts["retry"]:
        detail = (
            f"{counts['retry']} of {len(outcomes)} events are not stored in every sink: "
            "send the whole request again, unchanged, with the Idempotency-Key of this answer"
        )
        return problem(503, "NotStored", detail, request.id, **members)
    if outcomes and not counts["accepted"]:
        return _refusal(request, [one for one in outcomes if isinstance(one, Rejection)], members)
    return Response(202, json.dumps(members, separators=(",", ":")), {"content-type": "application/json"})


def _refusal(request: Request, rejections: Sequence[Rejection], members: Mapping[str, Any]) -> Response:
    forbidden = all(rejection.code == "Forbidden" for rejection in rejections)
    status, code = (403, "Forbidden") if forbidden else (400, "AllRejected")
    detail = rejections[0].detail if len(rejections) == 1 else f"none of {len(rejections)} events can be taken"
    return problem(status, code, detail, request.id, **members)


@contextmanager
def _without_collection() -> Iterator[None]:
    """What a request makes never refers to itself: to look through a million values for what does took seconds."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
