"""Peer (a): the handler that one writes from the documentation."""

import json
from typing import Any

from three_calls import send


def handle(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """The answer in API Gateway's payload format 2.0."""
    counts = send(event["body"])
    return {
        "statusCode": 503 if counts["failed"] else 202,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(counts),
    }
