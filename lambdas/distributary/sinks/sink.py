"""What a sink is: its limits and one call."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from distributary.events import Outcome, SinkName

R_contra = TypeVar("R_contra", contravariant=True)


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
