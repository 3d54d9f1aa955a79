"""The vocabulary: an event that a client sent, a record that a sink takes, and what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

SinkName = str
"""A sink's name in rules and receipts; `sinks.registry` lists them."""


@dataclass(frozen=True, slots=True)
class Event:
    """One CloudEvent on its way: `data` is the posted JSON text, opaque bytes, or None where there is no data.

    `attributes` are the context attributes and extensions in the order in which they will be written, `value` the
    parsed data for rules to look at (None for opaque data), `index` the position in the request.
    """

    index: int
    attributes: Mapping[str, Any]
    data: str | bytes | None
    value: Any = None
    line: int | None = None

    @property
    def id(self) -> str:
        """The CloudEvents `id`."""
        return str(self.attributes["id"])

    @property
    def source(self) -> str:
        """The CloudEvents `source`."""
        return str(self.attributes["source"])


class Route(NamedTuple):
    """Where one event goes: the keys are for Kinesis, the input for IoT Events, `rule` counts from 1."""

    sinks: tuple[SinkName, ...]
    partition_key: str = ""
    explicit_hash_key: str | None = None
    input: str | None = None
    rule: int = 0


class RoutedEvent(NamedTuple):
    """One event as sinks see it: `line` is its envelope, `caller` who sent it (`access.key.Key.caller`).

    `delimited`: True if the event may share a newline-delimited record. Raw bytes may contain newlines.
    """

    event: Event
    route: Route
    line: bytes
    caller: str = ""
    delimited: bool = True


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that nobody will take: sending it again will not help; `pointer` counts from the event itself."""

    index: int
    code: str
    detail: str
    pointer: str
    id: str | None = None
    line: int | None = None


class Failure(NamedTuple):
    """A record that a sink refused, or that a failed call carried: AWS's `code`, never an exception.

    `retryable` says that the same call may be sent again at once (a throttled record); a failed call is False here,
    since botocore has tried it again already. `permanent` says that no later attempt can succeed.
    """

    code: str
    detail: str
    retryable: bool
    permanent: bool = False


class Receipt(NamedTuple):
    """A record that a sink has stored: `values` are the sink's own words, as the answer shows them."""

    values: Mapping[str, Any] = {}


Outcome = Receipt | Failure


class EventResult(NamedTuple):
    """What became of an event: for each chosen sink its receipt, why it skips the event, or its `error`.

    `rule` is the number of the rule that chose them, from 1; 0 where none did.
    """

    event: Event
    status: Literal["accepted", "rejected", "retry"]
    sinks: Mapping[SinkName, Mapping[str, Any]] = {}
    error: Rejection | None = None
    rule: int = 0
