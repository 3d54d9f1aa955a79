"""IoT Events inputs as a sink: BatchPutMessage, taken by the stack itself or by another IoT Events Data API."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from distributary.aws.call import call
from distributary.events import Failure, Outcome, Receipt, SinkName
from distributary.iot_events.message import MAX_PAYLOAD_BYTES, RETRYABLE_CODES, ErrorEntry, Message, Provider
from distributary.iot_events.message_queue import QUEUE_CONNECTIONS, MessageQueue, Note, unnoted
from distributary.iot_events.queue_entry import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distributary.aws.clients import Clients
    from distributary.clock import Clock
    from distributary.iot_events.input import Input
    from distributary.iot_events.routing import Readers
    from distributary.settings import Settings

__all__ = ["MAX_PAYLOAD_BYTES", "DataEndpoint", "IotEventsSink", "Message", "provider"]

# AWS's limits: https://docs.aws.amazon.com/iotevents/latest/apireference/API_iotevents-data_BatchPutMessage.html
STRICT_MAX_MESSAGES = 10
STRICT_MAX_PAYLOAD_BYTES = 1024
# Ours.
MAX_MESSAGES_A_PUT = 500
# In base64, and with the names and ids of 500 messages, this stays below the 4.5 MB that another stack's door takes.
MAX_CALL_BYTES = 3_200_000


class IotEventsSink:
    """Messages to inputs; receipts hold `messageId`."""

    name: SinkName = "iot_events"

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
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


class DataEndpoint:
    """An IoT Events Data API somewhere: another stack's, or AWS's where someone still has it."""

    max_bytes = MAX_CALL_BYTES

    def __init__(self, client: Any, *, max_messages: int, max_payload_bytes: int) -> None:
        self._client = client
        self.max_messages = max_messages
        self.max_payload_bytes = max_payload_bytes

    def batch_put_message(self, messages: Sequence[Message]) -> list[ErrorEntry | None]:
        """For each message, in order, its error entry, or None where it was accepted. Raises SinkUnavailable.

        The API tells messages apart by messageId alone: an entry stands for every message of the call that has its id.
        """
        answer = call(self._client.batch_put_message, messages=[_members(message) for message in messages])
        entries = {entry["messageId"]: entry for entry in answer.get("BatchPutMessageErrorEntries") or ()}
        return [_entry(message, entries.get(_sent_id(message))) for message in messages]


def provider(
    settings: "Settings",
    inputs: "Mapping[str, Input]",
    readers: "Readers",
    clients: "Clients",
    clock: "Clock",
    *,
    note: Note = unnoted,
) -> Provider:
    """Whoever takes messages by the settings; AWS's own endpoint has AWS's limits."""
    strict = settings.iot_events_strict
    if settings.iot_events_provider == "stack":
        return MessageQueue(
            clients.make("sqs", connections=QUEUE_CONNECTIONS),
            settings.message_queue_url,
            inputs,
            readers,
            max_payload_bytes=STRICT_MAX_PAYLOAD_BYTES if strict else MAX_PAYLOAD_BYTES,
            clock=clock,
            note=note,
        )
    strict = strict or not settings.iot_events_endpoint
    return DataEndpoint(
        clients.make("iotevents-data", endpoint=settings.iot_events_endpoint),
        max_messages=STRICT_MAX_MESSAGES if strict else MAX_MESSAGES_A_PUT,
        max_payload_bytes=STRICT_MAX_PAYLOAD_BYTES if strict else MAX_PAYLOAD_BYTES,
    )


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


def _entry(message: Message, entry: "Mapping[str, Any] | None") -> ErrorEntry | None:
    if entry is None:
        return None
    return ErrorEntry(message.message_id, entry.get("errorCode", ""), entry.get("errorMessage", ""))
