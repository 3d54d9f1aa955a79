"""`POST /v1/events/plan`: what would become of the events of a request. Nothing is written."""

import json
from collections import Counter
from typing import Any

from distributary.errors import BadRequest, TooLarge
from distributary.events import Event, Rejection
from distributary.http.events_api.addressed import EventReader
from distributary.http.events_api.body import Shape
from distributary.http.events_api.receipt import MAX_ANSWER, bytes_inside_json, rejected, which
from distributary.http.problem import for_error
from distributary.http.request import Request, Response
from distributary.ingest.event_delivery import EventDelivery
from distributary.ingest.plan import Planner


class PlanEndpoint:
    """Answers with the rule that takes each event, and what each sink would get of it."""

    def __init__(self, reader: EventReader, plan: Planner) -> None:
        self._reader = reader
        self._plan = plan

    def answer(self, request: Request) -> Response:
        """200, whatever becomes of the events; 400 or 413 where the request as a whole cannot be taken."""
        try:
            return self._answer(request)
        except BadRequest as error:
            return for_error(error, request)

    def _answer(self, request: Request) -> Response:
        found = self._reader.read(request)
        entries = [self._entry(one, found.body.shape, request) for one in found.events]
        counted = Counter(entry["status"] for entry in entries)
        counts = {status: counted[status] for status in ("accepted", "rejected")}
        text = json.dumps({**counts, "events": entries}, separators=(",", ":"))
        if bytes_inside_json(text) > MAX_ANSWER:
            raise TooLarge("PlanTooLarge", "the plan of these events is too long for an answer; send fewer events")
        log = {"planned": len(entries)}
        return Response(200, text, {"content-type": "application/json"}, log=log, events=len(entries), size=found.size)

    def _entry(self, one: Event | Rejection, shape: Shape, request: Request) -> dict[str, Any]:
        planned = one if isinstance(one, Rejection) else self._plan(one, request.key)
        if isinstance(planned, EventDelivery):
            event, rule = planned.routed.event, planned.routed.route.rule
            about = {"status": "accepted", "rule": rule, "sinks": self._plan.described(planned)}
            return {**which(event.index, event.line, event.id), **about}
        fault = planned if isinstance(planned, Rejection) else planned.error
        assert fault  # noqa: S101 - a planned event without records is a rejection
        return rejected(fault, shape)
