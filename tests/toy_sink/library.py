"""A DynamoDB table as a sink: PutItem, an item a record. It is copied to lambdas/distributary/sinks/toy.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from distributary.aws.call import call
from distributary.events import Outcome, Receipt, RoutedEvent, SinkName
from distributary.metrics import SinkMetrics
from distributary.sinks.sink import (
    OVERHEAD,
    EventSink,
    SinkContext,
    SinkKind,
    SinkSettings,
    bytes_from_json,
    bytes_to_json,
    expect_active,
)


@dataclass(frozen=True, slots=True)
class ToyRecord:
    """What the table keeps as one item."""

    key: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class ToySettings(SinkSettings):
    """What functions know of the table."""

    prefix: ClassVar[str] = "TOY_"

    toy_table: str


class ToySink(EventSink[ToyRecord]):
    """One table; receipts hold `key`."""

    name: SinkName = "toy"
    max_records = 1
    max_bytes = max_record_bytes = 400_000

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = {"TableName": table}

    def size(self, record: ToyRecord) -> int:
        """The bytes of the item."""
        return len(record.data) + len(record.key.encode())

    def put(self, records: Sequence[ToyRecord]) -> list[Outcome]:
        """One call: an outcome for each record, in order. Raises SinkUnavailable."""
        return [self._put(record) for record in records]

    def record(self, routed: RoutedEvent) -> ToyRecord:
        """The event's envelope under the key that the rules give it."""
        return ToyRecord(routed.route.partition_key, routed.line)

    def check(self) -> None:
        """Raises SinkUnavailable unless the table is active."""
        expect_active(call(self._client.describe_table, **self._table)["Table"]["TableStatus"])

    def _put(self, record: ToyRecord) -> Receipt:
        item = {"key": {"S": record.key}, "data": {"S": record.data.decode()}}
        call(self._client.put_item, Item=item, **self._table)
        return Receipt({"key": record.key})


def _open(settings: ToySettings, context: SinkContext) -> ToySink:
    return ToySink(context.clients.make("dynamodb"), settings.toy_table)


def _to_json(record: ToyRecord) -> dict[str, Any]:
    return {**bytes_to_json("data", record.data), "key": record.key}


def _from_json(members: Mapping[str, Any]) -> ToyRecord:
    return ToyRecord(members["key"], bytes_from_json("data", members))


def _weight(record: ToyRecord) -> int:
    return len(record.data) + len(record.key.encode()) + OVERHEAD


KIND = SinkKind(
    name="toy",
    settings=ToySettings,
    open=_open,
    to_json=_to_json,
    from_json=_from_json,
    weight=_weight,
    metrics=SinkMetrics(
        delivered="delivered_toy",
        retry_queued="spilled_toy",
        redriven="redriven_toy",
        pending="waiting_toy",
        dead_letters="dead_letters_toy",
        oldest_pending="oldest_spilled_seconds_toy",
    ),
)
