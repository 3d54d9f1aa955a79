"""One detector's records of a batch, and what becomes of them."""

from dataclasses import dataclass

from distributary.iot_events.runtime.detector_item import Row
from distributary.iot_events.runtime.detector_run import RunOutcome
from distributary.iot_events.runtime.detector_table import DetectorName
from distributary.iot_events.runtime.queue_record import Work


@dataclass
class DetectorRecords:
    """One detector's records, in order, and what becomes of them."""

    works: list[Work]
    row: Row | None = None
    outcome: RunOutcome | None = None
    pause: int | None = None
    failed: bool = False
    """Whether a call to AWS failed: its records come again."""
    counted: bool = False
    """Whether the detector's item counts this as a try of its first record alone."""

    @property
    def place(self) -> DetectorName | None:
        """The detector; None where no record of the group can be read."""
        return next(((work.model, work.key) for work in self.works if not work.fault), None)

    def left(self) -> list[Work]:
        """The records that have to come again."""
        if self.failed or self.outcome is None:
            return self.works
        return self.works[self.outcome.done :]
