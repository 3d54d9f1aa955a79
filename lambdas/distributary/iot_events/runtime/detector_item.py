"""A detector as it is kept: one item of the table, with what is needed to handle each record once."""

import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from distributary.iot_events.engine.detector import Detector, read_detector, write_detector

SHARDS = 8
"""Parts of a model's detectors: each takes 1,000 writes a second, and listing asks them one after the other.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""
KEYLESS = "."
"""Stands for the key of a model without one: no key can be this."""
VERSION_ATTRIBUTE = "version"

Item = dict[str, dict[str, Any]]


class Row(NamedTuple):
    """What is kept of one detector. `detector` is a new one where none is there, was deleted or is of another version.

    `counter` counts the item's changes, 0 where there is none. `queue` and `sequence` name the last record that changed
    it, `token` the live arming of its wake-up. `pending` are the actions that still have to be handed on, as texts;
    those in the objects `parked` come before them. `trying` says which record was tried alone, and how often: see
    `solo_retry.py`. `written` is the detector's text, where it has been made just now.
    """

    model: str
    key: str | None
    version: str
    detector: Detector
    counter: int = 0
    queue: str = ""
    sequence: int = 0
    token: str = ""
    pending: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()
    expires: int = 0
    trying: str = ""
    written: str = ""

    @property
    def exists(self) -> bool:
        """Whether there is a detector."""
        return self.detector.state is not None

    @property
    def has_actions(self) -> bool:
        """Whether actions have to be handed on."""
        return bool(self.pending or self.parked)


class Version(NamedTuple):
    """The version of a model that is to run: its number, and the hash of its definition.

    `added`: when a deployment added the model to the stage, in seconds since 1970; 0 where the item does not hold it.
    """

    number: str
    sha256: str
    added: int = 0


def item_key(model: str, key: str | None) -> Item:
    """The key of a detector's item."""
    shard = zlib.crc32((key or "").encode()) % SHARDS
    return {"pk": {"S": f"{model}#{shard}"}, "sk": {"S": key or KEYLESS}}


def version_key(model: str) -> Item:
    """The key of the item of a model's active version."""
    return {"pk": {"S": f"{model}#{VERSION_ATTRIBUTE}"}, "sk": {"S": KEYLESS}}


def new_row(model: str, key: str | None, version: str) -> Row:
    """The row of a detector that has no item."""
    return Row(model, key, version, Detector(key))


def to_item(row: Row) -> Item:
    """The item. No value of a user is a number or a map in it: DynamoDB would turn 20.0 into 20."""
    item: Item = {
        **item_key(row.model, row.key),
        "version": {"S": row.version},
        "counter": {"N": str(row.counter)},
        "queue": {"S": row.queue},
        "sequence": {"N": str(row.sequence)},
    }
    if row.exists:
        detector = row.detector
        item["state"] = {"S": row.written or write_detector(detector)}
        item["stateName"] = {"S": detector.state}
        item["created"] = {"N": str(detector.created)}
        item["updated"] = {"N": str(detector.updated)}
    if row.token:
        item["token"] = {"S": row.token}
    if row.pending:
        item["pending"] = {"L": [{"S": text} for text in row.pending]}
    if row.parked:
        item["parked"] = {"L": [{"S": key} for key in row.parked]}
    if row.expires:
        item["expires"] = {"N": str(row.expires)}
    if row.trying:
        item["trying"] = {"S": row.trying}
    return item


def from_item(item: Mapping[str, Any], model: str, key: str | None, version: str) -> Row:
    """The row that `to_item` wrote; a detector of another version does not exist."""
    alive = "state" in item and item["version"]["S"] == version
    detector = Detector(key)
    if alive:
        times = {name: int(item[name]["N"]) for name in ("created", "updated")}
        detector = read_detector(item["state"]["S"], key=key, **times)
    return Row(
        model,
        key,
        version,
        detector,
        counter=int(item["counter"]["N"]),
        queue=item["queue"]["S"],
        sequence=int(item["sequence"]["N"]),
        token=item["token"]["S"] if alive and "token" in item else "",
        pending=_texts(item, "pending"),
        parked=_texts(item, "parked"),
        trying=item.get("trying", {}).get("S", ""),
    )


def _texts(item: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(one["S"] for one in item.get(name, {}).get("L", ()))


def size(row: Row) -> int:
    """About the item's bytes, never less."""
    texts = [
        row.written or write_detector(row.detector),
        *row.pending,
        *row.parked,
        row.model,
        row.queue,
        row.key or "",
    ]
    return sum(len(text.encode()) + 8 for text in texts) + 512
