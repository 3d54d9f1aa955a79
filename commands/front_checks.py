"""The points of the contract that are API Gateway's or the function URL's, and that AWS documents thinly or nowhere."""

import gzip
import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from commands.post import Answer, UnexpectedAnswerError, post, request
from commands.samples import Sample
from commands.stage import Stage
from distributary.access.key import DEFAULT_APIS

Credential = Mapping[str, str]
Check = Callable[[Stage, Credential], bool]

DOORS = DEFAULT_APIS | {"aws"}
"""What the checks' key opens."""
HEALTH_ATTEMPTS, HEALTH_PAUSE_SECONDS = 5, 1.0
OVER_LAMBDAS_LIMIT = 6 * 1024 * 1024 + 1
"""Bytes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""
CHALLENGES = ("www-authenticate", "x-amzn-remapped-www-authenticate")
"""The challenge of a 401, and what a function URL makes of its name."""


def front_is_as_assumed(stage: Stage, credential: Credential) -> bool:
    """Whether each check passes; prints a line for each."""
    results = {name: check(stage, credential) for name, check in {**_OF_BOTH, **_OF_ONE[stage.front]}.items()}
    for name, good in results.items():
        print(f"{'ok    ' if good else 'FAILED'} {name}", flush=True)
    return all(results.values())


def _health(stage: Stage, method: str) -> int:
    """The status of the health check, which anyone may ask once a second: `make status` may just have done so."""
    for _ in range(HEALTH_ATTEMPTS):
        status = _get(stage, method, "/v1/health").status
        if status != HTTPStatus.TOO_MANY_REQUESTS:
            break
        time.sleep(HEALTH_PAUSE_SECONDS)
    return status


def _split(stage: Stage, credential: Credential) -> bool:
    text, binary = (
        _post(stage, kind, b'{"text": "\xff"}', credential) for kind in ("application/json", "application/octet-stream")
    )
    return _is_invalid_utf8(text) and _is_read(binary)


def _replacements(stage: Stage, credential: Credential) -> bool:
    """Whether Content-Length tells a U+FFFD that was sent from one that API Gateway put in, in JSON and in text."""
    kinds = ("application/json", "text/csv")
    sent = [_post(stage, kind, b'{"text": "\xef\xbf\xbd"}', credential) for kind in kinds]
    broken = [_post(stage, kind, b'{"text": "\xff"}', credential) for kind in kinds]
    return all(map(_is_read, sent)) and all(map(_is_invalid_utf8, broken))


def _characters(stage: Stage, credential: Credential) -> bool:
    """As `_replacements`, but text that is not ASCII may come as base64: then even FF is the byte that was sent."""
    sent = [_post(stage, kind, b'{"text": "\xef\xbf\xbd"}', credential) for kind in ("application/json", "text/csv")]
    json_answer, text = (
        _post(stage, kind, b'{"text": "\xff"}', credential) for kind in ("application/json", "text/csv")
    )
    print(f"       text that is not ASCII arrives as {'base64' if _is_read(text) else 'text'}")
    return all(map(_is_read, sent)) and _is_invalid_utf8(json_answer) and (_is_read(text) or _is_invalid_utf8(text))


def _post(stage: Stage, kind: str, body: bytes, credential: Credential) -> Answer:
    return request(stage.endpoint, "POST", "/v1/events", headers={**credential, "content-type": kind}, body=body)


def _is_invalid_utf8(answer: Answer) -> bool:
    return answer.status == HTTPStatus.BAD_REQUEST and b"InvalidUtf8" in answer.body


def _is_read(answer: Answer) -> bool:
    """Whether the event is accepted, or was read and only IoT Events, which skips it, could have taken it."""
    return answer.status == HTTPStatus.ACCEPTED or b"NothingToDo" in answer.body


def _gzipped() -> Sample:
    data = {"deviceId": "smoke", "temperature": 21.5}
    body = gzip.compress(json.dumps(data).encode())
    return Sample("JSON, gzip", "application/json", body, ({"data": data},), {"content-encoding": "gzip"})


def _accepted(stage: Stage, sample: Sample, credential: Credential) -> bool:
    try:
        return len(post(stage.endpoint, sample, credential)) == len(sample.arrives)
    except UnexpectedAnswerError as error:
        print(error)
        return False


def _get(stage: Stage, method: str, path: str) -> Answer:
    return request(stage.endpoint, method, path)


def _allow(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.headers.get("allow")


def _moved_to(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.headers.get("location")


def _shakes_hands(stage: Stage) -> bool:
    """200 of the function, or its 405 where no sender is named; with CORS API Gateway might answer first."""
    answer = request(stage.endpoint, "OPTIONS", "/v1/events", headers={"webhook-request-origin": "smoke.example"})
    return answer.status in (HTTPStatus.OK, HTTPStatus.METHOD_NOT_ALLOWED) and "x-request-id" in answer.headers


def _stays_outside(stage: Stage, _: Credential) -> bool:
    return _get(stage, "POST", "/v1/events").status == HTTPStatus.UNAUTHORIZED


def _is_challenged(stage: Stage, _: Credential) -> bool:
    """Whether the challenge arrives, under which name whatever; the line says which."""
    found = [name for name in CHALLENGES if name in _get(stage, "POST", "/v1/events").headers]
    print(f"       the challenge of a 401 arrives as {', '.join(found) or 'nothing'}")
    return bool(found)


def _is_signed(stage: Stage, credential: Credential) -> bool:
    """Whether a signed call of an AWS SDK is let in, and one that is signed with another secret is not."""
    key_id, _, secret = credential["authorization"].removeprefix("Bearer ").partition(".")
    if not {"kinesis", "firehose"} & {*stage.sinks}:
        return True
    return _asks(stage, key_id, secret) == "" and _asks(stage, key_id, "another") == "InvalidSignatureException"


def _asks(stage: Stage, key_id: str, secret: str) -> str:
    """The code of the error that a call which only reads ends in; empty where it succeeds."""
    made: Any = partial(
        boto3.client,
        endpoint_url=stage.endpoint,
        region_name=stage.client("lambda").meta.region_name,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        if "kinesis" in stage.sinks:
            made("kinesis").describe_stream_summary(StreamName=stage.outputs["StreamName"])
        else:
            name = stage.outputs["DeliveryStreamName"]
            made("firehose").describe_delivery_stream(DeliveryStreamName=name)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except BotoCoreError as error:
        return str(error)
    return ""


def _has_its_length(stage: Stage, _: Credential) -> bool:
    answer = _get(stage, "GET", "/")
    return answer.headers.get("content-length") == str(len(answer.body))


def _is_too_large(stage: Stage, credential: Credential) -> bool:
    body = bytes(OVER_LAMBDAS_LIMIT)
    return _post(stage, "application/octet-stream", body, credential).status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _is_absent(stage: Stage, _: Credential) -> bool:
    answers = [_get(stage, "GET", path) for path in ("/v1/health", "/detectors/any")]
    return all(one.status == HTTPStatus.NOT_FOUND and b"[http] front" in one.body for one in answers)


_OF_BOTH: Mapping[str, Check] = {
    "invalid UTF-8 in a text type is refused, in other types it arrives": _split,
    "gzip under application/json arrives whole": lambda stage, credential: _accepted(stage, _gzipped(), credential),
    "a slash too many is redirected": lambda stage, _: (
        _moved_to(_get(stage, "POST", "/v1/events/")) == (308, "/v1/events")
    ),
    "another method is 405 with Allow": lambda stage, _: (
        _allow(_get(stage, "PUT", "/v1/events")) in ((405, "POST"), (405, "OPTIONS, POST"))
    ),
    "a caller without a key stays outside": _stays_outside,
    "a call that an AWS SDK has signed is let in, one that another key has signed is not": _is_signed,
}
_OF_ONE: Mapping[str, Mapping[str, Check]] = {
    "api-gateway": {
        "text with U+FFFD (EF BF BD) is accepted, text with FF in its place is not": _replacements,
        "the handshake of webhooks reaches the function, if the stage has it": lambda stage, _: _shakes_hands(stage),
        "health is open": lambda stage, _: _health(stage, "GET") == HTTPStatus.OK,
        "health has a head": lambda stage, _: _health(stage, "HEAD") == HTTPStatus.OK,
    },
    "function-url": {
        "text with U+FFFD (EF BF BD) is accepted, JSON with FF in its place is not": _characters,
        "a 401 has its challenge": _is_challenged,
        "an answer has its content-length": _has_its_length,
        "a body of more than 6 MB is 413": _is_too_large,
        "health and detectors are 404 that name [http] front": _is_absent,
    },
}
