"""A transport that answers from a list, and a clock that goes on while a client sleeps."""

import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from distributary_client import Answer


class Sent(NamedTuple):
    """A request as it came."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def events(self) -> list[Any]:
        """The events of the body."""
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        return json.loads(body)


class Scripted:
    """Answers in turn: "none" raises, a document is answered, and without a rest every request is accepted."""

    def __init__(self, answers: Iterable[Any] = ()) -> None:
        self.answers = list(answers)
        self.requests: list[Sent] = []
        self.waits: list[float] = []
        self.now = 1000.0

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.requests.append(Sent(url, dict(headers), body))
        answer = self.answers.pop(0) if self.answers else accepted(len(self.requests[-1].events))
        if answer == "none":
            raise ConnectionResetError("as scripted")
        text = answer["body"] if isinstance(answer["body"], str) else json.dumps(answer["body"])
        return Answer(answer["status"], answer.get("headers", {}), text.encode())

    def sleep(self, seconds: float) -> None:
        """The clock goes on, and nobody waits."""
        self.waits.append(seconds)
        self.now += seconds

    @property
    def options(self) -> dict[str, Any]:
        """What a client takes to live in this world, without threads and without chance."""
        return {
            "background": False,
            "transport": self,
            "clock": lambda: self.now,
            "sleep": self.sleep,
            "chance": lambda: 1.0,
        }


def accepted(count: int) -> dict[str, Any]:
    """The answer that takes all."""
    return {"status": 202, "body": {"accepted": count, "rejected": 0, "retry": 0, "events": []}}
