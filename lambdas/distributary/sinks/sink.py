"""What a sink is: a destination of records, and the registration that the rest of the code is written over."""

from abc import ABC, abstractmethod
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.errors import SinkUnavailable
from distributary.events import Outcome, RoutedEvent, SinkName
from distributary.iot_events.input import Input
from distributary.iot_events.routing import Readers
from distributary.metrics import SinkMetrics
from distributary.settings import Settings

R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)

# A stream that is being resharded or re-encrypted takes records all the while:
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StreamDescriptionSummary.html
_ACTIVE = frozenset({"ACTIVE", "UPDATING"})


class Sink(Protocol[R_contra]):
    """A destination of records: `max_records` and `max_bytes` bound one call, `size` counts as that API counts."""

    @property
    def name(self) -> SinkName:
        """The sink's name in rules and receipts."""

    @property
    def max_records(self) -> int:
        """The most records of one call."""

    @property
    def max_bytes(self) -> int:
        """The most bytes of one call, counted by `size`."""

    @property
    def max_record_bytes(self) -> int:
        """The most bytes of one record, counted by `size`."""

    def size(self, record: R_contra) -> int:
        """The bytes that a record counts for."""

    def put(self, records: Sequence[R_contra]) -> list[Outcome]:
        """One call: an outcome for each record, in order. Raises SinkUnavailable where the call itself failed."""


class EventSink(ABC, Generic[R]):
    """A `Sink` that events are sent to. What most sinks have in common stands here: inherit and override."""

    name: SinkName
    max_records: int
    max_bytes: int
    max_record_bytes: int
    takes_claim_checks: bool = True
    """Whether an event over the limit goes there with a `dataref` instead of its data."""

    @abstractmethod
    def size(self, record: R) -> int:
        """The bytes that a record counts for."""

    @abstractmethod
    def put(self, records: Sequence[R]) -> list[Outcome]:
        """One call: an outcome for each record, in order. Raises SinkUnavailable where the call itself failed."""

    @abstractmethod
    def record(self, routed: RoutedEvent) -> R:
        """The event in the form that the sink takes."""

    def describe_record(self, _record: R) -> Mapping[str, Any]:
        """What a plan says of the record, beside its bytes."""
        return {}

    def why_skipped(self, _routed: RoutedEvent) -> str | None:
        """Why the sink gets nothing of this event; None for an event that it gets."""
        return None

    def joined(self, records: Sequence[R], _events: Sequence[RoutedEvent]) -> list[tuple[R, list[int]]]:
        """The records to send, each with the places of the events that it carries."""
        return [(record, [place]) for place, record in enumerate(records)]

    @abstractmethod
    def check(self) -> None:
        """Nothing, if the sink is there to take records. Raises SinkUnavailable."""


@dataclass(frozen=True, kw_only=True)
class SinkSettings(Settings):
    """What every sink has: its retry queue, and the dead-letter queue of that queue."""

    retry_queue_url: str = ""
    dead_letter_queue_url: str = ""


class SinkContext(NamedTuple):
    """What a sink may be made with; `note` writes a line to the log: what happened, and its members."""

    clients: Clients
    clock: Clock
    inputs: Mapping[str, Input]
    readers: Readers
    note: Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class SinkKind(Generic[R]):
    """One kind of sink, as `registry.SINKS` lists it."""

    name: SinkName
    settings: type[SinkSettings]
    open: Callable[[Any, SinkContext], EventSink[R]]
    """Makes the sink of its settings."""
    to_json: Callable[[R], dict[str, Any]]
    """A record as the JSON object in which it waits in the retry queue and is kept as a dead letter."""
    from_json: Callable[[Mapping[str, Any]], R]
    """The record of such an object. Raises KeyError, TypeError or ValueError for another."""
    weight: Callable[[R], int]
    """About the bytes that a record takes as JSON where its data is text."""
    metrics: SinkMetrics


OVERHEAD = 128
"""Bytes of JSON around a record's own, rounded up."""


def bytes_to_json(name: str, data: bytes) -> dict[str, Any]:
    """Bytes as a member of an object: as text where they are UTF-8, and in base64 as `<name>_base64` where not."""
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": b64encode(data).decode()}


def bytes_from_json(name: str, members: Mapping[str, Any]) -> bytes:
    """The bytes that `bytes_to_json` wrote. Raises KeyError or ValueError."""
    text = members.get(name)
    return b64decode(members[f"{name}_base64"], validate=True) if text is None else str(text).encode()


def expect_active(status: str) -> None:
    """Nothing, if a stream's status says that it takes records. Raises SinkUnavailable."""
    if status not in _ACTIVE:
        raise SinkUnavailable(status, "not taking records", retryable=True)
