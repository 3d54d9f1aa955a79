"""The log lines of a request of posted events, as `ingest` writes them."""

import json
import uuid
from collections.abc import Callable, Sequence

from fake_clock import FakeClock

from distributary.events import Event, EventResult
from distributary.http.events_api.addressed import EventReader
from distributary.http.events_api.endpoint import EventsEndpoint
from distributary.http.events_api.kept import HttpSettings
from distributary.http.request import Request, Response
from distributary.http.request_log import request_logged
from distributary.ingest.envelope import EventSettings
from distributary.settings import StageSettings
from distributary.sinks.registry import EVERY_UNIT, NOTEWORTHY

RECEIPTS = {
    "firehose": {"recordId": "r"},
    "kinesis": {"sequenceNumber": "1", "shardId": "shardId-000000000000"},
    "iot_events": {"messageId": "m"},
}
KEY = "DK1ABCDEFGHIJKLMNOP"  # as long as a real one's id
TIME = 1_795_767_444.123


class Context:
    """What Lambda says."""

    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


def post(events: int, *, sinks: Sequence[str], sample: float, served: Callable[[Event], None] = lambda _: None) -> None:
    """Posts so many events of 1,024 bytes in a request of 18 ms; its line goes to stdout, each event to `served`."""
    started = iter([0.0])
    clock = FakeClock().clock._replace(time=lambda: TIME, random=lambda: 0.5, monotonic=lambda: next(started, 0.018))

    def fan_out(posted: Sequence[Event], *_: object) -> list[EventResult]:
        for one in posted:
            served(one)
        return [EventResult(one, "accepted", {name: RECEIPTS[name] for name in sinks}) for one in posted]

    endpoint = EventsEndpoint(EventReader(EventSettings(), HttpSettings(), clock), clock, fan_out, retry_seconds=5.0)

    def answer(request: Request) -> Response:
        response = endpoint.answer(request)
        return response._replace(log={**response.log, "key": KEY})

    # A name of its own: Powertools would write to the stdout of the logger's first test.
    settings = StageSettings(stage="prod", log_sample=sample)
    handle = request_logged(
        answer, settings, service=f"ingest-{uuid.uuid4()}", clock=clock, units=EVERY_UNIT, noteworthy=NOTEWORTHY
    )
    event = {"v": "x" * 1016}
    handle(
        {
            "routeKey": "POST /v1/events",
            "rawPath": "/v1/events",
            "headers": {"content-type": "application/json"},
            "requestContext": {
                "http": {"method": "POST", "sourceIp": "203.0.113.7"},
                "requestId": "OixmKDlAdIPXw0E=",
                "timeEpoch": TIME * 1000,
            },
            "body": json.dumps(event if events == 1 else [event] * events, separators=(",", ":")),
        },
        Context(),
    )
