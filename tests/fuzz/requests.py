"""`cd tests && python -m fuzz.requests [REQUESTS]`: random requests to a local stack, some slow, some cut short.

None may be answered 5xx, none without a key may come in, and what was posted may stand in no log line. What goes to the
AWS APIs is signed, so that what is behind the signature is met too.
"""

import socket
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from commands.key_ring import KeyRing, bearer
from commands.post import request
from commands.stage import Stage
from distributary.access.key import for_everything
from local.stack import LocalStack

SEED = 20_260_520
MARK = b"u7Jx9-posted"
"""Stands in every body and in no log line."""
UNAUTHORIZED, SERVER_ERRORS = 401, 500
INVALID_SIGNATURE = "InvalidSignatureException"
SLOW_EVERY, CUT_EVERY, PIECE = 100, 50, 40

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
AWS_PATHS = ("/", "/inputs/messages")
# What API Gateway hands on as it came: of a text type, bytes that are no UTF-8 are others than those that were signed.
BINARY_TYPES = ("application/x-amz-json-1.1", "application/x-amz-cbor-1.1", "image/png", "")
TARGETS = (
    *("Firehose_20150804.PutRecord", "Firehose_20150804.PutRecordBatch", "Firehose_20150804.DescribeDeliveryStream"),
    *("Kinesis_20131202.PutRecord", "Kinesis_20131202.PutRecords", "Kinesis_20131202.DescribeStream"),
    *("Kinesis_20131202.DescribeStreamSummary", "Kinesis_20131202.", "Firehose_20150804.'"),
)
# Around what is random, so that it gets past the first brace.
FRAMES = (
    (b"", b""),
    (b'{"DeliveryStreamName":"events","StreamName":"events","Record":{"Data":"', b'"}}'),
    (b'{"DeliveryStreamName":"events","StreamName":"events","Records":[{"PartitionKey":"k","Data":"', b'"}]}'),
    (b'{"StreamName":"events","PartitionKey":"k","ExplicitHashKey":"1","Data":', b"}"),
    (b'{"messages":[{"messageId":"m","inputName":"telemetry","payload":"', b'"}]}'),
    (b'{"messages":[', b"]}"),
)


@dataclass(frozen=True)
class Shot:
    """One random request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


def shots(count: int, seed: int = SEED) -> Iterator[Shot]:
    """So many requests, the same for the same seed; those to the AWS APIs are not yet signed."""
    random = Random(seed)  # noqa: S311 - the same requests each time
    for _ in range(count):
        parts = [
            random.choice(FRAGMENTS) if random.random() < 0.7 else random.randbytes(12)
            for _ in range(random.randrange(30))
        ]
        headers = dict(random.sample(HEADERS, random.randrange(3)), **{"content-type": random.choice(TYPES)})
        body = MARK + b"".join(parts) if random.random() < 0.5 else b"".join([*parts, MARK])
        path = random.choice(PATHS)
        if path in AWS_PATHS:
            before, after = random.choice(FRAMES)
            body, headers["x-amz-target"] = before + body + after, random.choice(TARGETS)
            headers["content-type"] = random.choice(BINARY_TYPES)
        yield Shot(path, headers, body)


def let_in(endpoint: str, shot: Shot, credential: tuple[str, str]) -> Shot:
    """The same with what its api asks for: the signature of its body, or the key itself."""
    if shot.path not in AWS_PATHS:
        return replace(shot, headers={**shot.headers, **bearer(*credential)})
    service = shot.headers["x-amz-target"].partition("_")[0].lower() if shot.path == "/" else "ioteventsdata"
    asked = AWSRequest("POST", endpoint + shot.path, headers=dict(shot.headers), data=shot.body)
    SigV4Auth(Credentials(*credential), service, "eu-west-1").add_auth(asked)
    return replace(shot, headers=dict(asked.headers))


def main(count: int) -> int:
    """0 if none was answered 5xx, came in without a key, or shows in a log."""
    log: list[str] = []
    with LocalStack(port=0, aws_port=0, say=log.append) as local:
        ring = KeyRing(Stage("local", local.outputs, local.aws_endpoint))
        key, secret = ring.create(for_everything("fuzz"))
        wrong = [
            fault
            for number, shot in enumerate(shots(count))
            for fault in _faults(local.endpoint, (key.id, secret), number, shot)
        ]
    wrong += [f"in a log line: {line}" for line in log if MARK.decode() in line]
    said = "\n".join(wrong[:20]) or f"{count} requests: none answered 5xx, none came in without a key, none in a log"
    sys.stdout.write(f"{said}\n")
    return 1 if wrong else 0


def _faults(endpoint: str, credential: tuple[str, str], number: int, shot: Shot) -> Iterator[str]:
    good = let_in(endpoint, shot, credential)
    with_key = request(endpoint, "POST", good.path, headers=good.headers, body=good.body)
    if with_key.status >= SERVER_ERRORS or with_key.headers.get("x-amzn-errortype") == INVALID_SIGNATURE:
        yield f"{with_key.status} for {shot}"
    if number % SLOW_EVERY == 0:
        status = _dripped(endpoint, good)
        if not 0 < status < SERVER_ERRORS:
            yield f"{status} for the slow {shot}"
    if number % CUT_EVERY == 0:
        _dripped(endpoint, good, cut=True)
    without = request(endpoint, "POST", shot.path, headers=shot.headers, body=shot.body)
    if without.status not in (400, UNAUTHORIZED, 403):
        yield f"{without.status} without a key for {shot}"


def _dripped(endpoint: str, shot: Shot, *, cut: bool = False) -> int:
    """The status of a request that comes a little at a time; 0 where only half of it comes and then nothing more."""
    host = urlsplit(endpoint)
    headers = {"host": host.netloc, **shot.headers, "content-length": str(len(shot.body)), "connection": "close"}
    lines = [f"POST {shot.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    sent = "\r\n".join(lines).encode() + (shot.body[: len(shot.body) // 2] if cut else shot.body)
    with socket.create_connection((host.hostname or "", host.port or 80), timeout=60) as connection:
        for start in range(0, len(sent), PIECE):
            connection.sendall(sent[start : start + PIECE])
            time.sleep(0 if cut else 0.01)
        if cut:
            return 0
        with connection.makefile("rb") as answer:
            words = answer.readline().split()
            return int(words[1]) if len(words) > 1 else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
