"""Cutting records into batches that an API takes: nothing is lost, the order stays, no limit is passed."""

from collections.abc import Callable, Sequence
from typing import TypeVar

R = TypeVar("R")


def split(records: Sequence[R], max_records: int, max_bytes: int, size: Callable[[R], int]) -> list[Sequence[R]]:
    """The records in as few consecutive batches as fit; none is empty.

    Raises ValueError for a record that is over `max_bytes` by itself: whoever made it should have refused it.
    """
    batches: list[Sequence[R]] = []
    start = weight = 0
    for place, record in enumerate(records):
        added = size(record)
        if added > max_bytes:
            raise ValueError(f"record {place} has {added} bytes; a batch takes {max_bytes}")
        if place - start == max_records or weight + added > max_bytes:
            batches.append(records[start:place])
            start, weight = place, 0
        weight += added
    if start < len(records):
        batches.append(records[start:])
    return batches
