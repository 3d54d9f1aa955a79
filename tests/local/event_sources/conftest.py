"""A queue that follows a script and functions that do as told."""

import dataclasses
import json
import time
from types import SimpleNamespace

import pytest

from local.event_sources import EventSource
from local.functions import Invocation


class ScriptedSqs:
    """Hands out `batches` poll by poll, each as a list of message ids; time passes where a poll waits in vain."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.polls: list[dict] = []
        self.deleted: list[list[str]] = []
        self.refuse_deletes = False
        self.now = 0.0

    def receive_message(self, **asked) -> dict:
        self.polls.append(asked)
        found = self.batches.pop(0) if self.batches else []
        if not found:
            self.now += asked["WaitTimeSeconds"] or 0.2
            time.sleep(0.002)
        return {"Messages": [message(one) for one in found]} if found else {}

    def delete_message_batch(self, QueueUrl: str, Entries: list[dict]) -> dict:
        self.deleted.append([entry["ReceiptHandle"].removeprefix("handle of ") for entry in Entries])
        return {"Failed": [{"Id": "0", "Message": "no"}]} if self.refuse_deletes else {}


class ToldFunctions:
    """Does `act(event)` at each invocation; keeps the message ids of each."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.act = lambda event: None

    def invoke(self, name: str, payload: bytes) -> Invocation:
        event = json.loads(payload)
        self.batches.append([record["messageId"] for record in event["Records"]])
        done = self.act(event)
        return done if isinstance(done, Invocation) else Invocation(json.dumps(done).encode(), None, "id")


def message(message_id: str, body: str = "body") -> dict:
    """A message as ReceiveMessage gives it."""
    return {
        "MessageId": message_id,
        "ReceiptHandle": f"handle of {message_id}",
        "Body": body,
        "MD5OfBody": "md5",
        "Attributes": {"ApproximateReceiveCount": "1"},
    }


def source(**changes: object) -> EventSource:
    """A mapping of a standard queue with Lambda's defaults."""
    return dataclasses.replace(
        EventSource("uuid", "http://localhost/1/queue", "arn:aws:sqs:us-east-1:1:queue", "work"), **changes
    )


@pytest.fixture
def make():
    """Builders of messages and mappings, and what fails a whole batch."""
    return SimpleNamespace(
        message=message,
        source=source,
        fifo="arn:aws:sqs:us-east-1:1:queue.fifo",
        error=Invocation(b'{"errorType":"X"}', "Unhandled", "id"),
    )


@pytest.fixture
def sqs():
    """A scripted queue."""
    return ScriptedSqs()


@pytest.fixture
def functions():
    """Functions that do as told."""
    return ToldFunctions()
