"""What BatchPutMessage takes and what it says: messages, entries for the refused ones, and who may take them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

# The codes of an entry: https://docs.aws.amazon.com/iotevents/latest/apireference/API_iotevents-data_BatchPutMessageErrorEntry.html
INVALID_REQUEST: Final = "InvalidRequestException"
RESOURCE_NOT_FOUND: Final = "ResourceNotFoundException"
MESSAGE_THROTTLING: Final = "ThrottlingException"
SERVICE_UNAVAILABLE: Final = "ServiceUnavailableException"
MESSAGE_INTERNAL_FAILURE: Final = "InternalFailureException"

# https://docs.aws.amazon.com/iotevents/latest/apireference/API_iotevents-data_Message.html
MESSAGE_ID: Final = re.compile("[a-zA-Z0-9_-]+")
LONGEST_MESSAGE_ID: Final = 64

MAX_PAYLOAD_BYTES: Final = 128 * 1024
"""Of one message. Ours: AWS took 1,024. It never comes near the 1 MiB that a queue takes, even with its key and
everything escaped."""

RETRYABLE_CODES = frozenset({MESSAGE_THROTTLING, SERVICE_UNAVAILABLE, MESSAGE_INTERNAL_FAILURE})
"""After these the same message may be sent again, with the same messageId."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to an input: `payload` is a JSON object in UTF-8; `hops` counts the detectors that handed it on."""

    message_id: str
    input_name: str
    payload: bytes
    timestamp_ms: int | None = None
    value: dict[str, Any] | None = field(default=None, compare=False)
    """What the payload means, where its maker has checked it already: then nobody parses it again."""
    hops: int = 0
    accepted_ms: int | None = None
    """When it was accepted, where it waited for its sink since: a detector takes it as of then."""
    caller: str = ""
    """Who sent it (`access.Key.caller`, …): a messageId means nothing outside its caller. Empty: nobody was asked."""


class ErrorEntry(NamedTuple):
    """A message that was refused, in AWS's words."""

    message_id: str
    error_code: str
    error_message: str


class Provider(Protocol):
    """Whoever takes messages: the stack itself, or an IoT Events Data API somewhere."""

    @property
    def max_messages(self) -> int:
        """The most messages of one call."""

    @property
    def max_bytes(self) -> int:
        """The most bytes of all payloads of one call."""

    @property
    def max_payload_bytes(self) -> int:
        """The most bytes of one payload; its callers see to that."""

    def check(self) -> None:
        """Nothing, if it takes messages. Raises SinkUnavailable."""

    def batch_put_message(self, messages: Sequence[Message]) -> list[ErrorEntry | None]:
        """For each message, in order, its error entry, or None where it was accepted. Raises SinkUnavailable."""
