"""Where each sent event landed: what was sent compared with what was read back, as rows of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commands.columns import ruled
from commands.post import Sent

FOUND, MISSING, DIFFERENT, SKIPPED, UNREAD, ABSENT = "found", "MISSING", "DIFFERENT", "skipped", "stored, not read", "-"
NO_MODEL = "no model reads it"
"""A stage without detector models skips what one with them takes."""


@dataclass(frozen=True)
class Landing:
    """One event and what was found of it in each sink."""

    sent: Sent
    firehose: str
    kinesis: str
    iot_events: str

    @property
    def complete(self) -> bool:
        """Whether nothing of it is missing or different."""
        return not {MISSING, DIFFERENT} & {self.firehose, self.kinesis, self.iot_events}


def written(sent: Sequence[Sent], sink: str) -> list[str]:
    """The ids of the events that went to this sink."""
    return [one.id for one in sent if sink in one.receipts]


def landings(
    sent: Sequence[Sent],
    *,
    firehose: Mapping[str, Mapping[str, Any]],
    kinesis: Mapping[str, Mapping[str, Any]],
    messages: Mapping[str, Any] | None,
) -> list[Landing]:
    """A row for each event; `messages` is None where the queue cannot be read."""
    return [
        Landing(one, _envelope(one, "firehose", firehose), _envelope(one, "kinesis", kinesis), _message(one, messages))
        for one in sent
    ]


def _envelope(sent: Sent, sink: str, found: Mapping[str, Mapping[str, Any]]) -> str:
    if sink not in sent.receipts:
        return ABSENT
    if sent.receipts[sink].get("skipped"):
        return SKIPPED
    if sent.id not in found:
        return MISSING
    envelope = found[sent.id]
    equal = all(envelope.get(name) == value for name, value in sent.arrives.items())
    return FOUND if equal and envelope["id"] == sent.id else DIFFERENT


def _message(sent: Sent, messages: Mapping[str, Any] | None) -> str:
    if (receipt := sent.receipts.get("iot_events")) is None:
        return ABSENT
    if receipt.get("skipped"):
        if str(receipt.get("reason")).startswith("no detector model reads"):
            return NO_MODEL
        data = sent.arrives.get("data")
        return MISSING if isinstance(data, dict) and "deviceId" in data else SKIPPED
    if messages is None:
        return UNREAD
    if receipt["messageId"] not in messages:
        return MISSING
    return FOUND if messages[receipt["messageId"]] == sent.arrives["data"] else DIFFERENT


def table(rows: Sequence[Landing]) -> str:
    """The rows as text, one line an event."""
    lines = [("what was posted", "event id", "S3 (Firehose)", "Kinesis", "IoT Events")]
    lines += [(row.sent.kind, row.sent.id, row.firehose, row.kinesis, row.iot_events) for row in rows]
    return ruled(lines)
