"""The requests that are measured: API Gateway's payload format 2.0 with telemetry of 1 KB an event."""

import json
from typing import Any

from distributary.access.key import derive_secret

EVENT_BYTES = 1024
KEY_ID = "DK1AAAAAAAAAAAAAAAA"

# Only the product looks at it; the stub holds the master secret and the key.
BEARER = f"Bearer {KEY_ID}.{derive_secret('bench', KEY_ID)}"


def request(events: int, size: int = EVENT_BYTES) -> bytes:
    """A POST of so many events, each of `size` bytes and of its own device; a single one is posted as an object."""
    posted = [_event(number, size) for number in range(events)]
    body = json.dumps(posted if events > 1 else posted[0], separators=(",", ":"))
    return json.dumps(_payload(body)).encode()


def _event(number: int, size: int) -> dict[str, Any]:
    event = {
        "deviceId": f"device-{number:05}",
        "recordedAt": "2026-11-22T15:32:13.123Z",
        "temperature": 21.5 + number % 10,
        "humidity": 48,
        "online": True,
        "position": {"latitude": 52.3702, "longitude": 4.8952, "altitude": None},
        "samples": [round(20 + (number * 7 + step * 3) % 50 / 10, 2) for step in range(24)],
        "note": "",
    }
    event["note"] = "n" * (size - len(json.dumps(event, separators=(",", ":"))))
    return event


def _payload(body: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "POST /v1/events",
        "rawPath": "/v1/events",
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "authorization": BEARER,
            "content-length": str(len(body)),
            "content-type": "application/json",
            "host": "abcdefghij.execute-api.us-east-1.amazonaws.com",
            "user-agent": "bench",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "abcdefghij.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "abcdefghij",
            "http": {
                "method": "POST",
                "path": "/v1/events",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "bench",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /v1/events",
            "stage": "$default",
            "time": "22/Nov/2026:15:32:13 +0000",
            "timeEpoch": 1795361533123,
        },
        "body": body,
        "isBase64Encoded": False,
    }
