"""What one request of the matrix holds: a batch of events, sent by one of the contract's two ways to be retried."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

BATCH = 20
DEVICES = 50
LARGE_PADDING = 56_000
"""Bytes of padding an event; a batch of them is over Firehose's 1,000 KiB."""


@dataclass(frozen=True)
class RequestBatch:
    """One request's events by their ids, in order.

    `key` is the Idempotency-Key under which the whole request is sent again; without it the events are CloudEvents
    with ids of their own, and only those that the answer marks `retry` are.
    """

    events: Mapping[str, Mapping[str, Any]]
    key: str | None = None

    @property
    def content_type(self) -> str:
        """Of the body."""
        return "application/json" if self.key else "application/cloudevents-batch+json"

    def body(self, ids: Collection[str]) -> bytes:
        """The body that holds these events; with a key, all of them."""
        if self.key:
            return json.dumps(list(self.events.values())).encode()
        return json.dumps([cloud_event(one, data) for one, data in self.events.items() if one in ids]).encode()


def cloud_event(event_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The event as a CloudEvent."""
    return {"specversion": "1.0", "id": event_id, "source": "/chaos", "type": "chaos.event", "data": data}


def request_batches(run: str, scenario: int, *, events: int, large_every: int = 0) -> list[RequestBatch]:
    """The requests of a scenario: every other one with a key; ids begin with the run and the scenario."""
    made = []
    for number in range(events // BATCH):
        name = f"{run}-{scenario:02}-{number:04}"
        large = bool(large_every) and number % large_every == 0
        key = name if number % 2 else None
        ids = [f"{name}{'/' if key else '-'}{place}" for place in range(BATCH)]  # with a key the endpoint makes them
        held = {event: data(event, number * BATCH + place, large=large) for place, event in enumerate(ids)}
        made.append(RequestBatch(held, key=key))
    return made


def data(event_id: str, number: int, *, large: bool) -> dict[str, Any]:
    """An event's data; it names its event, because a queue's message carries nothing else of it."""
    padding = {"padding": f"{number:08}" * (LARGE_PADDING // 8)} if large else {}
    return {"deviceId": f"d-{number % DEVICES}", "temperature": number / 10, "event": event_id, **padding}
