"""`cd tests && python -m fuzz.requests [REQUESTS]`: random requests to a local stack, some slow, some cut short.

None may be answered 5xx, none without a key may come in, and what was posted may stand in no log line.
"""

import socket
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from commands.key_ring import passing_key
from commands.post import request
from commands.stage import Stage
from local.stack import LocalStack

SEED = 20_260_520
MARK = b"u7Jx9-posted"
"""Stands in every body and in no log line."""
UNAUTHORIZED, SERVER_ERRORS = 401, 500
SLOW_EVERY, CUT_EVERY = 50, 50

TYPES = (
    "application/json",
    "application/x-ndjson",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)
TYPES += ("text/plain", "text/plain; charset=utf-16", "image/png", "*/*", "", "application/json;" + "x" * 200)
FRAGMENTS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"\\u0000",
    b"\n",
    b",",
    b":",
    b"1e999",
    b"-",
    b"null",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
)
FRAGMENTS += (
    b'{"specversion":"1.0","id":"a","source":"../../b","type":"\\n"}',
    b"\x1f\x8b\x08\x00",
    b"x\x9c",
    b'"\\ud800"',
    b"NaN",
)
FRAGMENTS += (b"../" * 20, b"${jndi:ldap://x}", b"%0d%0aset-cookie:a=b", b"<script>", b"' OR 1=1", b'{"a":1,"a":2}')
HEADERS = (
    *(
        ("ce-specversion", "1.0"),
        ("ce-id", "%0A"),
        ("ce-source", "../x"),
        ("ce-type", "a%ZZb"),
        ("ce-time", "yesterday"),
    ),
    *(
        ("content-encoding", "gzip"),
        ("content-encoding", "br"),
        ("idempotency-key", "../../x"),
        ("prefer", "return=minimal, x"),
    ),
    *(
        ("x-amz-target", "Firehose_20150804.PutRecord"),
        ("x-api-key", "a.b"),
        ("accept-encoding", "\t"),
        ("x-y", "z" * 4000),
    ),
)
PATHS = ("/v1/events", "/v1/events?type=%00", "/v1/events?type=a&type=b", "/v1/events?key=a.b", "/", "/inputs/messages")


@dataclass(frozen=True)
class Shot:
    """One random request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


def shots(count: int, seed: int = SEED) -> Iterator[Shot]:
    """So many requests, the same for the same seed."""
    random = Random(seed)  # noqa: S311 - the same requests each time
    for _ in range(count):
        parts = [
            random.choice(FRAGMENTS) if random.random() < 0.7 else random.randbytes(12)
            for _ in range(random.randrange(30))
        ]
        headers = dict(random.sample(HEADERS, random.randrange(3)), **{"content-type": random.choice(TYPES)})
        yield Shot(
            random.choice(PATHS), headers, MARK + b"".join(parts) if random.random() < 0.5 else b"".join([*parts, MARK])
        )


def main(count: int) -> int:
    """0 if none was answered 5xx, came in without a key, or shows in a log."""
    log: list[str] = []
    with (
        LocalStack(port=0, aws_port=0, say=log.append) as local,
        passing_key(Stage("local", local.outputs, local.aws_endpoint), "fuzz") as key,
    ):
        wrong = [
            fault for number, shot in enumerate(shots(count)) for fault in _faults(local.endpoint, key, number, shot)
        ]
    wrong += [f"in a log line: {line}" for line in log if MARK.decode() in line]
    said = "\n".join(wrong[:20]) or f"{count} requests: none answered 5xx, none came in without a key, none in a log"
    sys.stdout.write(f"{said}\n")
    return 1 if wrong else 0


def _faults(endpoint: str, key: Mapping[str, str], number: int, shot: Shot) -> Iterator[str]:
    with_key = request(endpoint, "POST", shot.path, headers={**shot.headers, **key}, body=shot.body)
    if with_key.status >= SERVER_ERRORS:
        yield f"{with_key.status} for {shot}"
    if number % CUT_EVERY == 0:
        _half(endpoint, shot, slow=number % (2 * SLOW_EVERY) == 0)
    without = request(endpoint, "POST", shot.path, headers=shot.headers, body=shot.body)
    if without.status not in (400, UNAUTHORIZED, 403):
        yield f"{without.status} without a key for {shot}"


def _half(endpoint: str, shot: Shot, *, slow: bool) -> None:
    """Announce a body, send half of it, a little at a time if slow, and hang up."""
    host = urlsplit(endpoint)
    head = f"POST /v1/events HTTP/1.1\r\nHost: {host.netloc}\r\nContent-Length: {2 * len(shot.body)}\r\n\r\n".encode()
    with socket.create_connection((host.hostname or "", host.port or 80), timeout=60) as connection:
        for start in range(0, len(head + shot.body), 40):
            connection.sendall((head + shot.body)[start : start + 40])
            time.sleep(0.01 if slow else 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
