"""The table of keys as an operator's command writes it: each change only where nobody else made one meanwhile.

Beside the keys it has an item for each name that a key was made with, `{"id": "name:…", "key"}`: the newest key of that
name. Whoever adds a key replaces this item as they have read it, so that of two who add one of the same name at the
same time only one succeeds.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from distributary.access.key import Key
from distributary.access.key_item import item_of

_NAME = "name:"
"""How the id of a name's item begins; no key's id does."""
_RIGHTS = ("doors", "rights", "sinks", "sources")
# The last is a transaction's, among its reasons: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_LOST = ("ConditionalCheckFailedException", "TransactionConflict", "ConditionalCheckFailed")


class KeyRingError(Exception):
    """What was asked cannot be done, and why."""


class KeyTable:
    """The items, in DynamoDB's own JSON."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table = {"TableName": table_name}

    def keys(self) -> Iterator[dict[str, Any]]:
        """Every key's item; a consistent read."""
        for page in self._client.get_paginator("scan").paginate(ConsistentRead=True, **self._table):
            yield from (item for item in page["Items"] if not item["id"]["S"].startswith(_NAME))

    def item(self, item_id: str) -> dict[str, Any] | None:
        """One item, None if there is none; a consistent read."""
        answer = self._client.get_item(Key={"id": {"S": item_id}}, ConsistentRead=True, **self._table)
        return answer.get("Item")  # type: ignore[no-any-return]  # boto3's answers have no types

    def newest_of(self, name: str) -> str | None:
        """The id of the newest key of this name; None where none was made since names have items."""
        item = self.item(f"{_NAME}{name}")
        return str(item["key"]["S"]) if item else None

    def add(self, key: Key, newest: str | None) -> None:
        """Add the key, if `newest` is what `newest_of` its name says still. Raises KeyRingError else."""
        as_read: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(id)"}
        if newest:
            as_read = {
                "ConditionExpression": "#key = :newest",
                "ExpressionAttributeNames": {"#key": "key"},
                "ExpressionAttributeValues": {":newest": {"S": newest}},
            }
        name = {"id": {"S": f"{_NAME}{key.name}"}, "key": {"S": key.id}}
        puts = [{"Item": item_of(key), "ConditionExpression": "attribute_not_exists(id)"}, {"Item": name, **as_read}]
        with _or_else(f"another key named {key.name} was made just now: look at it with list"):
            self._client.transact_write_items(TransactItems=[{"Put": {**self._table, **put}} for put in puts])

    def change(self, before: Mapping[str, Any], after: Key) -> None:
        """Give a key's item the doors, rights, sinks and sources of `after`. Raises KeyRingError if it has changed."""
        item_id, wanted = before["id"]["S"], item_of(after)
        with _or_else(f"the key {item_id} was changed just now: look at it with list, and try again"):
            self._client.update_item(Key={"id": {"S": item_id}}, **self._table, **_update(before, wanted))

    def revoke(self, key_id: str) -> None:
        """Write down when the key was revoked first. Raises KeyRingError if there is none."""
        with _or_else(f"there is no key {key_id}"):
            self._client.update_item(
                Key={"id": {"S": key_id}},
                UpdateExpression="SET revoked = if_not_exists(revoked, :now)",
                ConditionExpression="attribute_exists(id)",
                ExpressionAttributeValues={":now": {"N": str(int(time.time()))}},
                **self._table,
            )


@contextmanager
def _or_else(why: str) -> Iterator[None]:
    """Raises KeyRingError with this reason where the table's condition did not hold."""
    try:
        yield
    except ClientError as error:
        if any(name in str(error) for name in _LOST):
            raise KeyRingError(why) from error
        raise


def _update(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateItem's parameters that make one item's rights the other's, unless they have changed meanwhile."""
    sets = [f"#{name} = :{name}" for name in _RIGHTS if name in after]
    removes = [f"#{name}" for name in _RIGHTS if name not in after]
    unchanged = [f"#{name} = :old_{name}" for name in _RIGHTS if name in before]
    unchanged += [f"attribute_not_exists(#{name})" for name in _RIGHTS if name not in before]
    new_values = {f":{name}": after[name] for name in _RIGHTS if name in after}
    return {
        "UpdateExpression": f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removes)}" if removes else ""),
        "ConditionExpression": " AND ".join(["attribute_not_exists(revoked)", *unchanged]),
        "ExpressionAttributeNames": {f"#{name}": name for name in _RIGHTS},
        "ExpressionAttributeValues": new_values | {f":old_{name}": before[name] for name in _RIGHTS if name in before},
    }
