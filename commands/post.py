"""Sending samples to a stage's endpoint and pairing each event of the answer with what must arrive of it."""

import http.client
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from commands.samples import Sample


class UnexpectedAnswerError(Exception):
    """The endpoint did not accept what it should have."""


@dataclass(frozen=True)
class Sent:
    """One accepted event: its id, what must be found of it, and the sinks' receipts."""

    kind: str
    id: str
    arrives: Mapping[str, Any]
    receipts: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def request(
    endpoint: str, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """One request with exactly these headers; no redirect is followed."""
    url = urlsplit(endpoint)
    host = url.netloc
    connection = (
        http.client.HTTPSConnection(host, timeout=40, context=ssl.create_default_context())
        if url.scheme == "https"
        else http.client.HTTPConnection(host, timeout=40)
    )
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def post(endpoint: str, sample: Sample, credential: Mapping[str, str]) -> list[Sent]:
    """Each event of the sample with its answered id; `credential` are the headers that let it in.

    Raises UnexpectedAnswerError where not all are accepted.
    """
    headers = {**sample.headers, **credential} | ({"content-type": sample.content_type} if sample.content_type else {})
    answer = request(endpoint, "POST", f"/v1/events{sample.query}", headers=headers, body=sample.body)
    if answer.status != http.client.ACCEPTED:
        raise UnexpectedAnswerError(f"{sample.kind}: {answer.status} {answer.body.decode(errors='replace')}")
    events: Sequence[Mapping[str, Any]] = json.loads(answer.body)["events"]
    if len(events) != len(sample.arrives) or any(event["status"] != "accepted" for event in events):
        raise UnexpectedAnswerError(f"{sample.kind}: {answer.body.decode()}")
    return [
        Sent(sample.kind, event["id"], arrives, event["sinks"])
        for event, arrives in zip(events, sample.arrives, strict=True)
    ]
