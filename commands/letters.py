"""A stage's dead letters, object by object, without those that were replayed: that is written down beside them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from commands.stage import Stage
from distributary.delivery.dead_letters import DEAD_PREFIX

REPLAYED = "dead-letters-replayed/"
"""For each object of dead letters, under the same name: the lines that were replayed, as a JSON list of numbers."""


@dataclass(frozen=True)
class Choice:
    """Which letters are meant: those of this sink, this reason, and a last attempt in [since, until)."""

    sink: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, letter: Mapping[str, Any]) -> bool:
        """Whether this letter is meant."""
        last = datetime.fromisoformat(letter["last"])
        return (
            self.sink in {None, letter["sink"]}
            and self.reason in {None, letter["reason"]}
            and (self.since is None or last >= self.since)
            and (self.until is None or last < self.until)
        )


@dataclass(frozen=True)
class Page:
    """One object: `letters` by their line, those that are meant and were not replayed."""

    key: str
    letters: Mapping[int, Mapping[str, Any]]
    replayed: frozenset[int]


class Letters:
    """The dead letters of one stage."""

    def __init__(self, stage: Stage) -> None:
        self._s3 = stage.client("s3")
        self._bucket = stage.outputs["BucketName"]

    def pages(self, choice: Choice) -> Iterator[Page]:
        """Every object with letters that are meant, the oldest of each sink first."""
        for key in self._keys(f"{DEAD_PREFIX}{choice.sink}/" if choice.sink else DEAD_PREFIX):
            replayed = self._replayed(key)
            lines = enumerate(self._read(key).splitlines())
            wanted = {number: json.loads(line) for number, line in lines if number not in replayed}
            letters = {number: letter for number, letter in wanted.items() if choice.takes(letter)}
            if letters:
                yield Page(key, letters, replayed)

    def mark(self, page: Page, lines: Iterable[int]) -> None:
        """Write down that these lines were replayed too."""
        body = json.dumps(sorted(page.replayed | set(lines))).encode()
        self._s3.put_object(Bucket=self._bucket, Key=_mark_of(page.key), Body=body, ContentType="application/json")

    def _keys(self, prefix: str) -> Iterator[str]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (one["Key"] for one in page.get("Contents", ()))

    def _read(self, key: str) -> bytes:
        content: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return content

    def _replayed(self, key: str) -> frozenset[int]:
        try:
            return frozenset(json.loads(self._read(_mark_of(key))))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return frozenset()
            raise


def _mark_of(key: str) -> str:
    return REPLAYED + key.removeprefix(DEAD_PREFIX)
