"""What an operator reads: one JSON line a request, with ids and counts, never a payload."""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from distributary.clock import Clock
from distributary.http.request import Context, Request, Response

Handler = Callable[[Mapping[str, Any], Context], dict[str, Any]]


def logged(answer: Callable[[Request], Response], *, service: str, level: str, clock: Clock) -> Handler:
    """A Lambda handler that answers API Gateway's events and writes the one log line of each request."""
    logger = Logger(service=service, level=level, location=None)

    def handle(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        began = clock.monotonic()
        request = Request.from_event(event, context)
        response = answer(request)
        logger.info(
            "request",
            extra={
                "request_id": request.id,
                "function_request_id": context.aws_request_id,
                "route": event["routeKey"],
                "status": response.status,
                "milliseconds": round((clock.monotonic() - began) * 1000, 1),
                **response.log,
            },
        )
        return response.to_payload()

    return handle
