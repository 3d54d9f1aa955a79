"""`ingest`: the events API, the AWS-compatible API and BatchPutMessage, receipts out."""

from functools import partial
from typing import Any

from distributary.access.key import Claims
from distributary.access.key_store import KeySettings, KeyStore
from distributary.access.quota import Quotas
from distributary.delivery.claim_check import ClaimCheck
from distributary.delivery.storing import DeliverySettings
from distributary.functions.sink_context import sink_context
from distributary.functions.stage_sinks import StageSinks, sink_settings, stage_sinks
from distributary.functions.start import Start
from distributary.functions.storing import storing_delivery
from distributary.http.auth.guard import Guard
from distributary.http.aws_api.endpoint import AwsApiSettings, AwsEndpoint
from distributary.http.events_api.addressed import EventReader
from distributary.http.events_api.endpoint import EventsEndpoint
from distributary.http.events_api.kept import HttpSettings
from distributary.http.events_api.plan import PlanEndpoint
from distributary.http.iot_events_api import messages
from distributary.http.iot_events_api.messages import MessagesEndpoint
from distributary.http.request import Request, Response
from distributary.http.request_log import Handler, request_logged
from distributary.http.router import Known, Router
from distributary.http.webhook import handshake
from distributary.http.welcome import welcome
from distributary.ingest.envelope import EventSettings
from distributary.ingest.fan_out import FanOut
from distributary.ingest.rules import Rules
from distributary.log import lines
from distributary.sinks import registry
from distributary.sinks.registry import Sinks


def build(start: Start, keys: KeyStore | None) -> Handler:
    """The handler of the function; no `keys` where the stage is open to all."""
    rules = Rules.from_tables(
        start.configuration["rules"], start.configuration["inputs"], start.settings(StageSinks).sinks
    )
    note = partial(lines(service="ingest", level=start.stage.log_level), "WARNING")
    sinks = stage_sinks(start, sink_context(start, note))
    access, clock = start.settings(KeySettings), start.clock
    retry_seconds = start.settings(DeliverySettings).retry_seconds
    of_events = start.settings(EventSettings)
    claim_check = ClaimCheck(start.bucket, clock)
    fan_out = FanOut(
        rules, sinks, envelope=of_events.envelope, delivery=storing_delivery(start), claim_check=claim_check
    )
    reader = EventReader(of_events, start.settings(HttpSettings), clock)
    events = EventsEndpoint(reader, clock, fan_out, retry_seconds=retry_seconds)
    plan = PlanEndpoint(reader, fan_out.plan)
    guard = Guard(
        keys,
        Quotas(clock),
        clock,
        Claims(access.jwt_source_claim, access.jwt_sinks_claim),
    )
    endpoints = {
        Known("POST", "/v1/events"): guard.protect(events.answer, "events"),
        Known("POST", "/v1/events/plan"): guard.protect(plan.answer, "events"),
        Known("POST", "/"): guard.protect(_aws_endpoint(start, sinks, retry_seconds).answer, "aws"),
        Known("POST", "/inputs/messages"): guard.protect(_messages(start, sinks, retry_seconds), "iot_events"),
        Known("GET", "/"): welcome(access),
        Known("GET", "/openapi.json"): _openapi,
        Known("GET", "/problems/{slug}"): _problem_page,
    }
    if origins := start.configuration["webhook_origins"]:
        endpoints[Known("OPTIONS", "/v1/events")] = handshake(frozenset(origins))
    routes, absent = (
        [Known(route["method"], route["path"]) for route in start.configuration[name]] for name in ("routes", "absent")
    )
    return request_logged(
        Router(routes, endpoints, absent).answer,
        start.stage,
        service="ingest",
        clock=clock,
        units=registry.EVERY_UNIT,
        noteworthy=registry.NOTEWORTHY,
    )


def _openapi(request: Request) -> Response:
    from distributary.http import documents  # noqa: PLC0415 - seldom asked for; every start would pay for it

    return documents.openapi(request)


def _problem_page(request: Request) -> Response:
    from distributary.http import documents  # noqa: PLC0415 - likewise

    return documents.problem_page(request)


def _aws_endpoint(start: Start, sinks: Sinks, retry_seconds: float) -> AwsEndpoint:
    settings: dict[str, Any] = sink_settings(start)
    streams: dict[str, Any] = {name: (sinks[name], settings[name]) for name in ("firehose", "kinesis") if name in sinks}
    return AwsEndpoint(start.settings(AwsApiSettings), start.clock, retry_seconds=retry_seconds, **streams)


def _messages(start: Start, sinks: Sinks, retry_seconds: float) -> Any:
    sink: Any = sinks.get("iot_events")
    if sink is None:
        return messages.absent
    strict = start.settings(registry.KINDS["iot_events"].settings).strict  # type: ignore[attr-defined]  # its own
    return MessagesEndpoint(sink, start.clock, strict=strict, retry_seconds=retry_seconds).answer
