"""DynamoDB that stores numbers as AWS does, keeps its limits, makes a transaction once, and deletes what has expired.

moto 5.2.5 keeps a number's text as it came, takes batches and transactions of any size, ignores `ClientRequestToken`
and time to live, and works on two requests at once without a lock: a condition may hold when it is asked and not when
the item is written.
"""

from __future__ import annotations

import copy
import threading
import time
from contextlib import contextmanager
from decimal import localcontext
from typing import TYPE_CHECKING, Any

from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException, MockValidationException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler

from local.aws.attribute_value import EXACT, NotANumber, item_size, number, numbers, settle
from local.aws.limits import longer_than
from local.aws.services import Completed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.dynamodb.models.dynamo_type import DynamoType, Item
    from moto.dynamodb.models.table import Table

    Answer = Callable[[DynamoHandler], Any]

# docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html, API_TransactWriteItems.html
BATCH_REQUESTS = 25
TRANSACTION_BYTES = 4 * 1024 * 1024
TOKEN_SECONDS = 600
TOKEN_CHARACTERS = 36
# docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-before-you-start.html: later is never
EXPIRED_TOO_LONG_SECONDS = 5 * 365 * 86_400
OPERATIONS = (
    "put_item",
    "get_item",
    "update_item",
    "delete_item",
    "query",
    "scan",
    "batch_get_item",
    "batch_write_item",
    "transact_get_items",
    "transact_write_items",
)


class DynamoDb(Completed, DynamoDBBackend):
    """moto's service, one request at a time; `expire_due` deletes what has expired."""

    __module__ = DynamoDBBackend.__module__  # moto finds a service's URLs by its backend's module

    def __init__(self, region_name: str, account_id: str, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region_name, account_id)
        self.clock = clock
        self.lock = threading.RLock()
        self.made: dict[str, tuple[float, Any]] = {}  # client request token → when, and what was written

    def update_item(self, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any) -> Item:
        """The updated item; a sum is exact, and one that is no number of DynamoDB's leaves the item as it was."""
        table = self.get_table(table_name)
        before = copy.deepcopy(self.get_item(table_name, key))
        with localcontext(EXACT):
            item = super().update_item(table_name, key, *args, **kwargs)
        try:
            for value in item.attrs.values():
                settle_stored(value)
        except NotANumber as error:
            table.delete_item(item.hash_key, item.range_key)
            if before is not None:
                keep(table, before)
            raise MockValidationException(str(error)) from error
        return item

    def write_once(self, request: dict[str, Any], write: Callable[[], Any]) -> Any:
        """The answer of a transaction; one whose token was used in the last ten minutes is not written again."""
        token, items = request.get("ClientRequestToken"), copy.deepcopy(request["TransactItems"])
        if token is None:
            return write()
        if not 1 <= len(token) <= TOKEN_CHARACTERS:
            raise MockValidationException(longer_than("clientRequestToken", TOKEN_CHARACTERS))
        now = self.clock()
        self.made = {one: made for one, made in self.made.items() if made[0] > now - TOKEN_SECONDS}
        if token not in self.made:
            answer = write()
            self.made[token] = now, (items, answer)
            return answer
        written, answer = self.made[token][1]
        if written != items:
            name = "IdempotentParameterMismatchException"
            raise DynamodbException(ERROR_TYPE_PREFIX + name, f"{name}: the token was used for another request")
        return answer

    def expire_due(self) -> None:
        """Deletes every item whose time to live is over."""
        now = self.clock()
        with self.lock:
            for table in list(self.tables.values()):  # tables are made meanwhile
                if table.ttl["TimeToLiveStatus"] == "ENABLED":
                    for item in expired(table, now):
                        table.delete_item(item.hash_key, item.range_key)


def expired(table: Table, now: float) -> list[Item]:
    """The items of a table that are due to be deleted."""
    name = table.ttl["AttributeName"]
    rows: list[Any] = list(table.items.values())
    items = [item for row in rows for item in row.values()] if table.has_range_key else rows
    times = ((item, item.attrs.get(name)) for item in items)
    return [
        item
        for item, time in times
        if time is not None and time.is_number() and now - EXPIRED_TOO_LONG_SECONDS < float(time.value) <= now
    ]


def keep(table: Table, item: Item) -> None:
    """Puts the item back as it was."""
    if item.range_key is None:
        table.items[item.hash_key] = item  # type: ignore[assignment]  # moto's own way to hold it
    else:
        table.items[item.hash_key][item.range_key] = item


def settle_stored(value: DynamoType) -> None:
    """Gives the numbers of a stored value DynamoDB's text. Raises NotANumber."""
    match value.type:
        case "N":
            value.value = number(value.value)
        case "NS":
            value.value = numbers(value.value)
        case "L" | "M":
            for one in value.value if value.is_list() else value.value.values():
                settle_stored(one)


def check_batch(request: dict[str, Any]) -> None:
    """Raises AWS's error for a BatchWriteItem over its limit."""
    if sum(len(requests) for requests in request["RequestItems"].values()) > BATCH_REQUESTS:
        raise MockValidationException(longer_than("requestItems", BATCH_REQUESTS))


def check_transaction(request: dict[str, Any]) -> None:
    """Raises AWS's error for a TransactWriteItems over its limit: items that are put, keys of the others."""
    writes = [write for one in request["TransactItems"] for write in one.values()]
    if sum(item_size(write.get("Item") or write.get("Key") or {}) for write in writes) > TRANSACTION_BYTES:
        raise MockValidationException("Aggregate size of the items in the transaction exceeds 4 MB")


CHECKS = {"batch_write_item": check_batch, "transact_write_items": check_transaction}


def as_aws(operation: str, answer: Answer) -> Answer:
    """An operation's answer of moto's, for requests that AWS would take, in AWS's form, one at a time."""

    def answered(handler: DynamoHandler) -> Any:
        backend, request = handler.dynamodb_backend, handler.body
        assert isinstance(backend, DynamoDb)  # noqa: S101 - ours stands in moto's place while the server runs
        with backend.lock:
            try:
                settle(request)
            except NotANumber as error:
                raise MockValidationException(str(error)) from error
            if operation in CHECKS:
                CHECKS[operation](request)
            if operation == "transact_write_items":
                return backend.write_once(request, lambda: answer(handler))
            return answer(handler)

    return answered


@contextmanager
def checked() -> Iterator[None]:
    """Inside it, moto's request handler does as AWS."""
    own = {operation: getattr(DynamoHandler, operation) for operation in OPERATIONS}
    for operation, answer in own.items():
        setattr(DynamoHandler, operation, as_aws(operation, answer))
    try:
        yield
    finally:
        for operation, answer in own.items():
            setattr(DynamoHandler, operation, answer)
