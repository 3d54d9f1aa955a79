"""The three calls that can refuse some of their records: how to take those out, and what the whole answer is then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Refusal:
    """Why one record was refused; `sender_fault` as SQS says it."""

    error: str
    message: str
    sender_fault: bool


@dataclass(frozen=True)
class RecordBatch:
    """PutRecords and PutRecordBatch: an answer for each record in the request's order, and a count of the refused."""

    answers: str
    count: str
    nothing: Mapping[str, Any]
    records: str = "Records"

    def merge(
        self, request: Mapping[str, Any], answer: Mapping[str, Any] | None, refused: Mapping[int, Refusal]
    ) -> dict[str, Any]:
        """The answer to the whole request; `answer` is that to the rest, None where nothing was left."""
        given = dict(answer or self.nothing)
        rest = iter(given.get(self.answers, ()))
        given[self.answers] = [
            {"ErrorCode": refused[place].error, "ErrorMessage": refused[place].message}
            if place in refused
            else next(rest)
            for place in range(len(request[self.records]))
        ]
        given[self.count] = given.get(self.count, 0) + len(refused)
        return given


@dataclass(frozen=True)
class EntryBatch:
    """SendMessageBatch: two lists, of what was taken and what was not, each entry under the sender's own id."""

    records: str = "Entries"

    def merge(
        self, request: Mapping[str, Any], answer: Mapping[str, Any] | None, refused: Mapping[int, Refusal]
    ) -> dict[str, Any]:
        """The answer to the whole request; `answer` is that to the rest, None where nothing was left."""
        given = dict(answer or {})
        failed = [
            {
                "Id": request[self.records][place]["Id"],
                "SenderFault": refusal.sender_fault,
                "Code": refusal.error,
                "Message": refusal.message,
            }
            for place, refusal in refused.items()
        ]
        return given | {"Successful": given.get("Successful") or [], "Failed": [*(given.get("Failed") or []), *failed]}


Batch = RecordBatch | EntryBatch

BATCHES: Mapping[str, Batch] = {
    "kinesis.PutRecords": RecordBatch("Records", "FailedRecordCount", {}),
    "firehose.PutRecordBatch": RecordBatch("RequestResponses", "FailedPutCount", {"Encrypted": False}),
    "sqs.SendMessageBatch": EntryBatch(),
}


def without(request: Mapping[str, Any], batch: Batch, refused: Mapping[int, Refusal]) -> dict[str, Any] | None:
    """The request without its refused records; None where none is left."""
    records: Sequence[Any] = request[batch.records]
    kept = [record for place, record in enumerate(records) if place not in refused]
    return {**request, batch.records: kept} if kept else None
