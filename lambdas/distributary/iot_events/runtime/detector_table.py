"""The table of detectors: one item each, written only where nobody else wrote meanwhile."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from distributary.aws.call import call
from distributary.errors import SinkUnavailable
from distributary.iot_events.runtime.detector_item import (
    SHARDS,
    Item,
    Row,
    Version,
    from_item,
    item_key,
    new_row,
    to_item,
    version_key,
)

DetectorName = tuple[str, str | None]
"""A detector: its model and its key."""

CONFLICT = "ConditionalCheckFailedException"
_MAX_KEYS = 100
"""Of one BatchGetItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""
_PAGE = 100
"""Items that are read at a time in search of a detector."""
_LISTED = {"#s": "sk", "#v": "version", "#n": "stateName", "#c": "created", "#u": "updated"}
"""What a list reads of an item: a detector's state may be a thousand times as long."""
_UNCHANGED = {"ConditionExpression": "#c = :c", "ExpressionAttributeNames": {"#c": "counter"}}


class DetectorTable:
    """Calls DynamoDB; each method raises SinkUnavailable, with the code CONFLICT where somebody else was quicker."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def load(self, places: Iterable[DetectorName]) -> tuple[dict[DetectorName, Row], dict[str, Version]]:
        """The rows of these detectors, and the active version of each of their models; a consistent read.

        A model without an active version is not there, and none of its detectors.
        """
        wanted = list(dict.fromkeys(places))
        models = list(dict.fromkeys(model for model, _ in wanted))
        keys = [*(version_key(model) for model in models), *(item_key(model, key) for model, key in wanted)]
        items = {_place(item): item for item in self._items(keys)}
        versions = {model: _version(items[place]) for model in models if (place := _place(version_key(model))) in items}
        rows = {
            (model, key): _row(items.get(_place(item_key(model, key))), model, key, versions[model].number)
            for model, key in wanted
            if model in versions
        }
        return rows, versions

    def _items(self, keys: Sequence[Item]) -> Iterator[Mapping[str, Any]]:
        left = list(keys)
        for _ in range(3):
            request = {self._table: {"Keys": left[:_MAX_KEYS], "ConsistentRead": True}}
            answer = call(self._client.batch_get_item, RequestItems=request)
            yield from answer["Responses"].get(self._table, ())
            left = [*answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", ()), *left[_MAX_KEYS:]]
            if not left:
                return
        raise SinkUnavailable("UnprocessedKeys", "the table did not read all items", retryable=True)

    def put(self, row: Row) -> Row:
        """The row as it is stored now, where its item had not changed since it was loaded."""
        after = row._replace(counter=row.counter + 1)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if row.counter:
            condition = {**_UNCHANGED, "ExpressionAttributeValues": {":c": {"N": str(row.counter)}}}
        call(self._client.put_item, TableName=self._table, Item=to_item(after), **condition)
        return after

    def clear(self, row: Row) -> None:
        """Forgets the row's pending actions, which have been handed on."""
        self._remove(row, "pending, parked")

    def forget_tries(self, row: Row) -> None:
        """Forgets how often a record was tried alone."""
        self._remove(row, "trying")

    def _remove(self, row: Row, names: str) -> None:
        call(
            self._client.update_item,
            TableName=self._table,
            Key=item_key(row.model, row.key),
            UpdateExpression=f"REMOVE {names}",
            ExpressionAttributeValues={":c": {"N": str(row.counter)}},
            **_UNCHANGED,
        )

    def versions(self, models: Iterable[str]) -> dict[str, Version]:
        """The active version of each model that has one."""
        names = {_place(version_key(model)): model for model in models}
        items = self._items([version_key(model) for model in names.values()]) if names else ()
        return {names[_place(item)]: _version(item) for item in items}

    def activate(self, model: str, version: Version, before: Version | None) -> None:
        """Makes the version the active one, in place of the one before."""
        item = {**version_key(model), "version": {"S": version.number}, "sha256": {"S": version.sha256}}
        if version.added:
            item["added"] = {"N": str(version.added)}
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before:
            condition = {
                "ConditionExpression": "#v = :v",
                "ExpressionAttributeNames": {"#v": "version"},
                "ExpressionAttributeValues": {":v": {"S": before.number}},
            }
        call(self._client.put_item, TableName=self._table, Item=item, **condition)

    def page(self, model: str, shard: int, after: str | None, limit: int) -> tuple[list[Mapping[str, Any]], str | None]:
        """Up to `limit` items of one shard, in the order of their keys, and the key after which there are more.

        Of each item what a list shows; a detector that is gone has no `stateName`.
        """
        start = {"pk": {"S": f"{model}#{shard}"}, "sk": {"S": after}} if after else None
        answer = call(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": f"{model}#{shard}"}},
            ProjectionExpression=", ".join(_LISTED),
            ExpressionAttributeNames=_LISTED,
            ConsistentRead=True,
            Limit=limit,
            **({"ExclusiveStartKey": start} if start else {}),
        )
        last = answer.get("LastEvaluatedKey")
        return list(answer["Items"]), last["sk"]["S"] if last else None

    def has_detectors(self, model: str) -> bool:
        """Whether the model has a detector that is not deleted."""
        return any(self._has_detectors(model, shard) for shard in SHARD_NUMBERS)

    def _has_detectors(self, model: str, shard: int) -> bool:
        after: str | None = None
        while True:
            items, after = self.page(model, shard, after, _PAGE)
            if any("stateName" in item for item in items):
                return True
            if after is None:
                return False


SHARD_NUMBERS = range(SHARDS)


def _place(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _version(item: Mapping[str, Any]) -> Version:
    return Version(item["version"]["S"], item["sha256"]["S"], int(item.get("added", {}).get("N", 0)))


def _row(item: Mapping[str, Any] | None, model: str, key: str | None, version: str) -> Row:
    return from_item(item, model, key, version) if item else new_row(model, key, version)
