"""`make smoke STAGE=…`: post to a deployed stage, read back, and check what only an account can show."""

import argparse
import gzip
import json
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from botocore.exceptions import BotoCoreError, ClientError

from commands.ending import ended
from commands.key_ring import KeyRingError, passing_key
from commands.landing import landings, table, written
from commands.post import Answer, Sent, UnexpectedAnswerError, post, request
from commands.read_back import kinesis_envelopes, s3_envelopes, wait_for
from commands.samples import Sample, samples
from commands.stage import Stage, StageNotFoundError, add_arguments, chosen

Check = Callable[[], bool]
Credential = Mapping[str, str]

HEALTH_ATTEMPTS, HEALTH_PAUSE_SECONDS = 5, 1.0
FIREHOSE_BUFFERS_SECONDS = 400
"""Firehose's buffering interval, at most 300 s in the presets, and a delivery."""


def main() -> int:
    """0 if every event was found and API Gateway behaved as the contract says."""
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    add_arguments(parser)
    options = parser.parse_args()
    try:
        stage = chosen(options)
        with passing_key(stage, "smoke") as credential:
            return 0 if all([gateway_is_as_assumed(stage, credential), _events_land(stage, credential)]) else 1
    except (StageNotFoundError, KeyRingError, UnexpectedAnswerError, ClientError, BotoCoreError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _events_land(stage: Stage, credential: Credential) -> bool:
    since = datetime.now(UTC) - timedelta(seconds=60)
    sent: list[Sent] = []
    for sample in samples(uuid.uuid4().hex[:8], stage.sinks):
        sent += post(stage.endpoint, sample, credential)
        print(f"posted {sample.kind}", flush=True)
    if "firehose" in stage.sinks:
        print(f"waiting for Firehose's buffer, up to {FIREHOSE_BUFFERS_SECONDS} s", flush=True)
    rows = landings(
        sent,
        kinesis=wait_for(written(sent, "kinesis"), lambda: kinesis_envelopes(stage, since), seconds=60, pause=2),
        firehose=wait_for(
            written(sent, "firehose"), lambda: s3_envelopes(stage, since), seconds=FIREHOSE_BUFFERS_SECONDS, pause=10
        ),
        messages=None,  # the queue is consumed: its receipt is what can be seen from outside
    )
    print(table(rows))
    return all(row.complete for row in rows)


def gateway_is_as_assumed(stage: Stage, credential: Credential) -> bool:
    """The points of the contract that are API Gateway's, not ours, and that AWS documents thinly or nowhere."""
    checks: dict[str, Check] = {
        "text types arrive as text, others as base64 (invalid UTF-8 is seen only in text)": lambda: _split(
            stage, credential
        ),
        "text with U+FFFD (EF BF BD) is accepted, text with FF in its place is not": lambda: _replacements(
            stage, credential
        ),
        "gzip under application/json arrives whole": lambda: _accepted(stage, _gzipped(), credential),
        "a slash too many is redirected": lambda: _moved_to(_get(stage, "POST", "/v1/events/")) == (308, "/v1/events"),
        "another method is 405 with Allow": lambda: _allow(_get(stage, "PUT", "/v1/events")) == (405, "POST"),
        "a caller without a key stays outside": lambda: (
            _get(stage, "POST", "/v1/events").status == HTTPStatus.UNAUTHORIZED
        ),
        "health is open": lambda: _health(stage, "GET") == HTTPStatus.OK,
        "health has a head": lambda: _health(stage, "HEAD") == HTTPStatus.OK,
    }
    results = {name: check() for name, check in checks.items()}
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


if __name__ == "__main__":
    sys.exit(ended(main))
