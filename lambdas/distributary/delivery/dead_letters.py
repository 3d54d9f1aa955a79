"""What no sink will take, kept in the bucket: objects of NDJSON under `dead-letters/`, one record a line."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from distributary.aws.bucket import Bucket
from distributary.clock import Clock, rfc3339
from distributary.events import SinkName

DEAD_PREFIX = "dead-letters/"


class DeadLetter(NamedTuple):
    """One record that was given up: `record` as the sink's `to_json` writes it, the times in seconds since 1970.

    A message that could not be read has its text as the record's only member, `body`.
    """

    sink: SinkName
    reason: str
    detail: str
    attempts: int
    first: float
    last: float
    record: Mapping[str, Any]


class DeadLetters:
    """Writes dead letters, an object for each call and sink."""

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._clock = clock

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Keep the letters, all of one sink. Raises SinkUnavailable."""
        now = rfc3339(self._clock.time())
        key = f"{DEAD_PREFIX}{letters[0].sink}/{now[:10].replace('-', '/')}/{now}-{uuid4().hex}.ndjson"
        self._bucket.put(key, b"".join(_line(letter) for letter in letters), "application/x-ndjson")


def _line(letter: DeadLetter) -> bytes:
    members = {
        "sink": letter.sink,
        "reason": letter.reason,
        "detail": letter.detail,
        "attempts": letter.attempts,
        "first": rfc3339(letter.first),
        "last": rfc3339(letter.last),
        "record": letter.record,
    }
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
