"""Peer (b): the same calls behind Powertools' resolver, with its logger."""

import json
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from three_calls import send

logger = Logger(service="ingest")
app = APIGatewayHttpResolver()


@app.post("/v1/events")
def post_events() -> Response[str]:
    """The counts of what was sent."""
    counts = send(app.current_event.body or "")
    logger.info("sent", extra=counts)
    return Response(503 if counts["failed"] else 202, "application/json", json.dumps(counts))


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The answer in API Gateway's payload format 2.0."""
    return app.resolve(event, context)
