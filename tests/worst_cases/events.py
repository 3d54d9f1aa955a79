"""Lambda events around what is posted, as API Gateway and SQS make them."""

import gzip
import json
from base64 import b64encode
from typing import Any

from distributary.iot_events.queue_entry import group_of

TEXTS = ("text/", "application/json")


def request(path: str, body: bytes, *, squeeze: bool = False, **headers: str) -> dict[str, Any]:
    """A request of payload format 2.0; `squeeze` sends the body as gzip."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if squeeze:
        body, named = gzip.compress(body, 6, mtime=0), {**named, "content-encoding": "gzip"}
    text = not squeeze and named.get("content-type", "").startswith(TEXTS)
    return {
        "version": "2.0",
        "routeKey": f"POST {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-length": str(len(body)), **named},
        "requestContext": {
            "http": {"method": "POST", "path": path},
            "requestId": "request-1",
            "timeEpoch": 1_780_000_000_000,
        },
        "body": body.decode() if text else b64encode(body).decode(),
        "isBase64Encoded": not text,
    }


def messages(payloads: list[str]) -> bytes:
    """The body of a BatchPutMessage."""
    listed = [
        {"messageId": f"m{number}", "inputName": "telemetry", "payload": b64encode(one.encode()).decode()}
        for number, one in enumerate(payloads)
    ]
    return json.dumps({"messages": listed}).encode()


def records(payloads: list[str], *, model: str = "greedy", key: str = "d") -> dict[str, Any]:
    """A batch of the message queue, one detector for each payload."""
    return {"Records": [_record(number, one, model, f"{key}{number}") for number, one in enumerate(payloads)]}


def _record(number: int, payload: str, model: str, key: str) -> dict[str, Any]:
    head = f'{{"model":"{model}","key":"{key}","inputName":"telemetry","messageId":"m{number}","payload":'
    return {
        "messageId": f"sqs-{number}",
        "receiptHandle": "r",
        "body": f"{head}{payload}}}",
        "attributes": {
            "MessageGroupId": group_of(model, key),
            "SequenceNumber": str(10_000 + number),
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1780000000000",
        },
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:messages.fifo",
    }


def spilled(sink: str, body: str) -> dict[str, Any]:
    """A batch of ten messages of a sink's retry queue."""
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1780000000000"}
    source = f"arn:aws:sqs:us-east-1:123456789012:{sink}-spill"
    message = {"receiptHandle": "r", "body": body, "attributes": attributes, "eventSourceARN": source}
    return {"Records": [{"messageId": f"sqs-{number}", **message} for number in range(10)]}
