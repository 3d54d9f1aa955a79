"""The one log line of each request: ids, counts and metrics, never a payload."""

from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any

from distributary.clock import Clock
from distributary.http.request import Context, Request, Response
from distributary.log import Lines
from distributary.metrics import UNITS
from distributary.settings import StageSettings

Handler = Callable[[Mapping[str, Any], Context], dict[str, Any]]

# A line with any of these reports a problem, and is never left out.
_NOTEWORTHY = frozenset({"rejected", "retry", "refused", "error"})


def request_logged(
    answer: Callable[[Request], Response],
    settings: StageSettings,
    *,
    service: str,
    clock: Clock,
    units: Mapping[str, str | None] = UNITS,
    noteworthy: Collection[str] = (),
) -> Handler:
    """A Lambda handler that answers API Gateway's events and writes the one log line of each request.

    A fully successful request has a line with the probability `settings.log_sample`; one whose line has a number
    under a name of `noteworthy` always has one. `units` are the function's metrics.
    """
    lines = Lines(service, settings, clock, units=units)
    always = (*_NOTEWORTHY, *noteworthy)

    def is_noteworthy(response: Response) -> bool:
        return response.status >= HTTPStatus.BAD_REQUEST or any(response.log.get(name) for name in always)

    def handle(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        began = clock.monotonic()
        request = Request.from_event(event, context)
        response = answer(request)
        line = {
            "request_id": request.id,
            "route": event["routeKey"],
            "status": response.status,
            "milliseconds": round((clock.monotonic() - began) * 1000, 1),
            **response.log,
        }
        if is_noteworthy(response):
            about = {
                "function_request_id": context.aws_request_id,
                "ip": event["requestContext"]["http"].get("sourceIp"),
            }
            lines.write("request", {**line, **about})
        else:
            lines.write("request", line, sample=settings.log_sample)
        return response.to_payload()

    return handle
