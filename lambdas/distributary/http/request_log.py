"""The one log line of each request: ids, counts and metrics, never a payload."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from distributary.clock import Clock
from distributary.events import SINK_NAMES
from distributary.http.request import Context, Request, Response
from distributary.log import Lines
from distributary.metrics import DEAD_LETTERS, SPILLED

Handler = Callable[[Mapping[str, Any], Context], dict[str, Any]]

# A line with any of these says that not all went well, and is never left out.
_NOTEWORTHY = (
    *("rejected", "retry", "refused", "error"),
    *(names[sink] for names in (SPILLED, DEAD_LETTERS) for sink in SINK_NAMES),
)


def request_logged(
    answer: Callable[[Request], Response],
    *,
    service: str,
    level: str,
    clock: Clock,
    stage: str = "",
    sample: float = 1.0,
) -> Handler:
    """A Lambda handler that answers API Gateway's events and writes the one log line of each request.

    Of requests with which all went well, only the share `sample` has one.
    """
    lines = Lines(service=service, level=level, stage=stage, clock=clock)

    def handle(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        began = clock.monotonic()
        request = Request.from_event(event, context)
        response = answer(request)
        line = {
            "request_id": request.id,
            "function_request_id": context.aws_request_id,
            "route": event["routeKey"],
            "status": response.status,
            "milliseconds": round((clock.monotonic() - began) * 1000, 1),
            **response.log,
        }
        lines.write("request", line, sample=1.0 if _is_noteworthy(response) else sample)
        return response.to_payload()

    return handle


def _is_noteworthy(response: Response) -> bool:
    return response.status >= HTTPStatus.BAD_REQUEST or any(response.log.get(name) for name in _NOTEWORTHY)
