"""IoT Events inputs as a sink: BatchPutMessage, taken by the stack itself or by another IoT Events Data API."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Literal

from distributary.aws.call import call
from distributary.events import Event, Failure, Outcome, Receipt, RoutedEvent, SinkName
from distributary.iot_events.message import MAX_PAYLOAD_BYTES, RETRYABLE_CODES, ErrorEntry, Message, Provider
from distributary.iot_events.message_queue import QUEUE_CONNECTIONS, MessageQueue
from distributary.iot_events.queue_entry import digest, why_unreadable
from distributary.iot_events.routing import Readers
from distributary.metrics import SinkMetrics
from distributary.settings import Settings
from distributary.sinks.sink import (
    OVERHEAD,
    EventSink,
    SinkContext,
    SinkKind,
    SinkSettings,
    bytes_from_json,
    bytes_to_json,
)

# AWS's limits: https://docs.aws.amazon.com/iotevents/latest/apireference/API_iotevents-data_BatchPutMessage.html
STRICT_MAX_MESSAGES = 10
STRICT_MAX_PAYLOAD_BYTES = 1024
# Ours.
MAX_MESSAGES_A_PUT = 500
# In base64, and with the names and ids of 500 messages, this stays below the 4.5 MB that another stack's API takes.
MAX_CALL_BYTES = 3_200_000


@dataclass(frozen=True, kw_only=True)
class IotEventsChoices(Settings):
    """What the owner of a stage chooses for IoT Events: who answers BatchPutMessage."""

    prefix: ClassVar[str] = "IOT_EVENTS_"

    provider: Literal["stack", "endpoint"] = "stack"
    """`stack`: this stack answers BatchPutMessage; `endpoint`: the service at `endpoint` does."""
    endpoint: str = ""
    """The URL of that service, such as another stack's endpoint."""
    strict: bool = False
    """Hold clients to AWS's own limits: 10 messages of 1,024 bytes in a BatchPutMessage."""

    def faults(self) -> Iterator[str]:
        """As above, and an endpoint that is missing or no URL."""
        yield from super().faults()
        if self.provider == "endpoint" and not self.endpoint.startswith(("https://", "http://")):
            yield f"endpoint = {self.endpoint!r}: must be an http or https URL"
        if "iotevents." in self.endpoint and ".amazonaws.com" in self.endpoint:
            yield f"endpoint = {self.endpoint!r}: AWS switched this service off on 2026-05-20; name another stack's URL"
        if self.endpoint and self.provider != "endpoint":
            yield "endpoint: is used with provider = 'endpoint' only"


@dataclass(frozen=True, kw_only=True)
class IotEventsSettings(IotEventsChoices, SinkSettings):
    """What functions know of the inputs."""

    message_queue_url: str = ""
    """The FIFO queue of accepted messages; empty with provider `endpoint`."""


class IotEventsSink(EventSink[Message]):
    """Messages to inputs; receipts hold `messageId`. Without `readers`, another service knows who reads an input."""

    name: SinkName = "iot_events"
    takes_claim_checks = False

    def __init__(self, provider: Provider, readers: Readers | None = None) -> None:
        self._provider = provider
        self._readers = readers
        self.max_records = provider.max_messages
        self.max_record_bytes = provider.max_payload_bytes
        self.max_bytes = provider.max_bytes

    def size(self, message: Message) -> int:
        """The payload's bytes."""
        return len(message.payload)

    def put(self, messages: Sequence[Message]) -> list[Outcome]:
        """One call: an outcome for each message, in order. Raises SinkUnavailable."""
        entries = self._provider.batch_put_message(messages)
        return [_outcome(message, entry) for message, entry in zip(messages, entries, strict=True)]

    def record(self, routed: RoutedEvent) -> Message:
        """The event's data as a message to the rule's input."""
        event = routed.event
        payload = event.data.encode() if isinstance(event.data, str) else bytes(event.data or b"")
        time = _milliseconds(str(event.attributes["time"]))
        return Message(message_id(event), routed.route.input or "", payload, time, event.value, caller=routed.caller)

    def describe_record(self, message: Message) -> Mapping[str, Any]:
        """The input and the id of the message."""
        return {"inputName": message.input_name, "messageId": message.message_id}

    def why_skipped(self, routed: RoutedEvent) -> str | None:
        """Why the event is for no detector, by its kind and its key, or why none could read it."""
        event = routed.event
        if not isinstance(event.value, dict) or not isinstance(event.data, str):
            return "its data is not a JSON object"
        if self._readers and (why := self._readers.why_unread(routed.route.input or "", event.value)):
            return why
        size = len(event.data) if event.data.isascii() else len(event.data.encode())
        if size > self.max_record_bytes:  # too large to be looked at
            return None
        why = why_unreadable(event.data, event.value)
        return why and f"its data is {why}"

    def check(self) -> None:
        """Raises SinkUnavailable unless the stack's own queue answers; nothing is asked of another service."""
        self._provider.check()


class DataEndpoint:
    """An IoT Events Data API elsewhere, such as another stack's."""

    max_bytes = MAX_CALL_BYTES

    def __init__(self, client: Any, *, max_messages: int, max_payload_bytes: int) -> None:
        self._client = client
        self.max_messages = max_messages
        self.max_payload_bytes = max_payload_bytes

    def check(self) -> None:
        """Nothing: another service's health is its own."""

    def batch_put_message(self, messages: Sequence[Message]) -> list[ErrorEntry | None]:
        """For each message, in order, its error entry, or None where it was accepted. Raises SinkUnavailable.

        The API tells messages apart by messageId alone: an entry stands for every message of the call that has its id.
        """
        answer = call(self._client.batch_put_message, messages=[_members(message) for message in messages])
        entries = {entry["messageId"]: entry for entry in answer.get("BatchPutMessageErrorEntries") or ()}
        return [_entry(message, entries.get(_sent_id(message))) for message in messages]


def message_id(event: Event) -> str:
    """The messageId that stands for an event: 43 characters that depend on its `source` and `id` alone."""
    digest = hashlib.sha256(f"{event.source}\0{event.id}".encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


@lru_cache(maxsize=64)
def _milliseconds(time: str) -> int | None:
    """The event's time as BatchPutMessage writes it; None for one that it cannot carry (a leap second, before 1970)."""
    try:
        milliseconds = round(datetime.fromisoformat(time.upper()).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return milliseconds if milliseconds > 0 else None


def open_provider(settings: IotEventsSettings, context: SinkContext) -> Provider:
    """Who takes messages by the settings."""
    max_payload_bytes = STRICT_MAX_PAYLOAD_BYTES if settings.strict else MAX_PAYLOAD_BYTES
    if settings.provider == "stack":
        return MessageQueue(
            context.clients.make("sqs", connections=QUEUE_CONNECTIONS),
            settings.message_queue_url,
            context.inputs,
            context.readers,
            max_payload_bytes=max_payload_bytes,
            clock=context.clock,
            note=context.note,
        )
    return DataEndpoint(
        context.clients.make("iotevents-data", endpoint=settings.endpoint),
        max_messages=STRICT_MAX_MESSAGES if settings.strict else MAX_MESSAGES_A_PUT,
        max_payload_bytes=max_payload_bytes,
    )


def open_sink(settings: IotEventsSettings, context: SinkContext) -> IotEventsSink:
    """The sink by the settings."""
    readers = context.readers if settings.provider == "stack" else None
    return IotEventsSink(open_provider(settings, context), readers)


def _outcome(message: Message, entry: ErrorEntry | None) -> Outcome:
    if entry is None:
        return Receipt({"messageId": message.message_id})
    retryable = entry.error_code in RETRYABLE_CODES
    return Failure(entry.error_code, entry.error_message, retryable=retryable, permanent=not retryable)


def _members(message: Message) -> dict[str, Any]:
    members: dict[str, Any] = {
        "messageId": _sent_id(message),
        "inputName": message.input_name,
        "payload": message.payload,
    }
    if message.timestamp_ms is not None:
        members["timestamp"] = {"timeInMillis": message.timestamp_ms}
    return members


def _sent_id(message: Message) -> str:
    """The messageId at another service, for which all our callers are one: so the caller is part of it there."""
    return digest(message.message_id, message.caller) if message.caller else message.message_id


def _entry(message: Message, entry: Mapping[str, Any] | None) -> ErrorEntry | None:
    if entry is None:
        return None
    return ErrorEntry(message.message_id, entry.get("errorCode", ""), entry.get("errorMessage", ""))


def _to_json(message: Message) -> dict[str, Any]:
    members = {
        "messageId": message.message_id,
        "inputName": message.input_name,
        **bytes_to_json("payload", message.payload),
    }
    optional = {
        "timestamp": message.timestamp_ms,
        "hops": message.hops or None,
        "acceptedAt": message.accepted_ms,
        "caller": message.caller or None,
    }
    return members | {name: value for name, value in optional.items() if value is not None}


def _from_json(members: Mapping[str, Any]) -> Message:
    payload = bytes_from_json("payload", members)
    return Message(
        members["messageId"],
        members["inputName"],
        payload,
        members.get("timestamp"),
        hops=members.get("hops", 0),
        accepted_ms=members.get("acceptedAt"),
        caller=members.get("caller", ""),
    )


def _weight(message: Message) -> int:
    names = f"{message.message_id}{message.input_name}{message.caller}"
    return len(message.payload) + len(names.encode()) + OVERHEAD


KIND = SinkKind(
    name="iot_events",
    settings=IotEventsSettings,
    open=open_sink,
    to_json=_to_json,
    from_json=_from_json,
    weight=_weight,
    metrics=SinkMetrics(
        delivered="delivered_iot_events",
        retry_queued="spilled_iot_events",
        redriven="redriven_iot_events",
        pending="waiting_iot_events",
        dead_letters="dead_letters_iot_events",
        oldest_pending="oldest_spilled_seconds_iot_events",
    ),
)
