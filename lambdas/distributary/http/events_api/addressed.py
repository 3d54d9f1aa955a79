"""From a request to its events, each with all its attributes: what delivery and plan have in common."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from distributary.clock import Clock
from distributary.errors import BadRequest
from distributary.events import Event, Rejection
from distributary.http.events_api.body import Body, read_posted
from distributary.http.events_api.cloud_event import DISALLOWED
from distributary.http.events_api.kept import HttpSettings, kept
from distributary.http.request import Request
from distributary.ingest.envelope import EventSettings, Posted, Sender, address, request_key

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""What invalid UTF-8 becomes in a query."""


class Addressed(NamedTuple):
    """The events of a request; `key` begins the ids of those that bring none."""

    key: str
    body: Body
    events: Sequence[Event | Rejection]

    @property
    def many(self) -> bool:
        """Whether the body may hold several events, even where it holds one."""
        return self.body.shape != "one"

    @property
    def size(self) -> int:
        """The bytes of the events' data once they were decoded."""
        return sum(len(one.data or "") for one in self.body.events if isinstance(one, Posted))


class EventReader:
    """Reads the events of requests as a stage's settings have it."""

    def __init__(self, settings: EventSettings, http: HttpSettings, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock

    def read(self, request: Request) -> Addressed:
        """The request's events. Raises BadRequest where the request as a whole cannot be taken."""
        key = request_key(request.headers.get("idempotency-key"), self._clock)
        source = request.key.name if request.key else self._settings.source
        sender = Sender(key, source, self._type(request), request.time, kept(request, self._http))
        body = read_posted(request, max_events=self._settings.max_events, sniff=self._http.sniff_json)
        return Addressed(key, body, address(body.events, sender, many=body.shape != "one"))

    def _type(self, request: Request) -> str:
        given = request.parameter("type", errors="surrogateescape")
        if given is None:
            return self._settings.type
        if not given or _HALF_CHARACTER.search(given) or DISALLOWED.search(given):
            detail = "?type= must be percent-encoded UTF-8, not empty, without control characters and noncharacters"
            raise BadRequest("InvalidType", detail)
        return given
