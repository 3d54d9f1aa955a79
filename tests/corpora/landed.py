"""What landed of each event of a request, compared byte by byte with what was posted."""

import json
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from corpora.framings import Arrives, Shot

from commands.post import Answer
from commands.read_back import kinesis_records, s3_lines
from commands.stage import Stage

ACCEPTED, REFUSED, TOO_LARGE, SERVER_ERROR = 202, 400, 413, 500
LANDS_WITHIN_SECONDS = 60
Places = Mapping[tuple[str, str], bytes]


@dataclass(frozen=True)
class Posted:
    """A request and its answer; `what` names the payload and its framing."""

    what: str
    shot: Shot
    answer: Answer

    @property
    def document(self) -> Any:
        """The answer's JSON."""
        return json.loads(self.answer.body)

    @property
    def refusal(self) -> str:
        """Why the request, or an event of it, was refused; empty where nothing was."""
        if self.answer.status != ACCEPTED and "events" not in self.document:
            return str(self.document.get("code", self.answer.status))
        codes = {event["error"]["code"] for event in self.document["events"] if "error" in event}
        return ", ".join(sorted(codes))


def faults_of_answer(posted: Posted) -> Iterator[str]:
    """What is wrong with the answer, whatever landed."""
    status, wanted = posted.answer.status, posted.shot.events
    if status >= SERVER_ERROR or status not in (ACCEPTED, REFUSED, TOO_LARGE):
        yield f"answered {status} {posted.answer.body[:200]!r}"
    elif status == TOO_LARGE:
        return  # limits are the contract's own; the summary counts them
    elif wanted is None:
        if status != REFUSED or "events" in posted.document:
            yield f"must be refused, and is answered {status}"
    else:
        yield from _faults_of_events(posted, wanted)


def _faults_of_events(posted: Posted, wanted: Sequence[Arrives | None]) -> Iterator[str]:
    document = posted.document
    events = document.get("events")
    if events is None:
        yield f"must be taken, and is refused: {posted.refusal}"
        return
    if document["accepted"] + document["rejected"] + document["retry"] != len(wanted) or len(events) != len(wanted):
        yield f"{len(wanted)} events were posted, {len(events)} are answered for"
        return
    for number, (one, event) in enumerate(zip(wanted, events, strict=True)):
        right = "accepted" if one else "rejected"
        # A CloudEvent may break a rule of CloudEvents, which only their reader knows: the summary names it.
        may_be_rejected = posted.shot.framing.startswith("as application/cloudevents")
        if event["status"] != right and not (may_be_rejected and event["status"] == "rejected"):
            yield f"event {number} must be {right}, and is {event['status']} {event.get('error', '')}"


def faults_of_landing(stage: Stage, posted: Sequence[Posted], since: datetime) -> Iterator[str]:
    """What did not land in Kinesis as it was posted, or not in the bucket as it is in Kinesis."""
    expected = [(one.what, arrives, event) for one in posted for arrives, event in _accepted(one)]
    records = _records(stage, {_place(event) for _, _, event in expected}, since)
    for what, arrives, event in expected:
        record = records.get(_place(event))
        if record is None:
            yield f"{what}: {event['id']} is not in Kinesis"
        elif fault := _difference(stage, arrives, event, record):
            yield f"{what}: {event['id']} {fault}"
    wanted = Counter(records[_place(event)] for _, _, event in expected if _place(event) in records)
    yield from (f"not in the bucket as it is in Kinesis: {line[:200]!r}" for line in _missing(stage, wanted, since))


def _accepted(posted: Posted) -> Iterator[tuple[Arrives, Any]]:
    if posted.answer.status != ACCEPTED:
        return
    for arrives, event in zip(posted.shot.events or (), posted.document["events"], strict=False):
        if arrives and event["status"] == "accepted":
            yield arrives, event


def _place(event: Any) -> tuple[str, str]:
    receipt = event["sinks"]["kinesis"]
    return receipt.get("shardId", ""), receipt.get("sequenceNumber", "")


def _difference(stage: Stage, arrives: Arrives, event: Any, record: bytes) -> str | None:
    """How the record is not what it must be; None where each byte of its data is."""
    envelope = json.loads(record, parse_int=str, parse_float=str)
    wanted = {"id": event["id"], **arrives.attributes}
    if wrong := {name: envelope.get(name) for name, value in wanted.items() if envelope.get(name) != _written(value)}:
        return f"has {wrong} instead of {wanted}"
    if "dataref" in envelope and "dataref" not in arrives.attributes:
        found, data = _claimed(stage, envelope["dataref"]), _bytes(arrives.data)
    elif arrives.data is None:
        return None
    else:
        data = b',"data":' + _bytes(arrives.data) + b"}"
        if isinstance(arrives.data, bytes):
            data = b',"data_base64":"' + b64encode(arrives.data) + b'"}'
        found = record[-len(data) :]
    return None if found == data else f"holds {found[:200]!r} instead of {data[:200]!r}"


def _written(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _bytes(data: str | bytes | None) -> bytes:
    return data.encode() if isinstance(data, str) else data or b""


def _claimed(stage: Stage, reference: str) -> bytes:
    bucket, _, name = reference.removeprefix("s3://").partition("/")
    content: bytes = stage.client("s3").get_object(Bucket=bucket, Key=name)["Body"].read()
    return content


def _records(stage: Stage, places: set[tuple[str, str]], since: datetime) -> Places:
    deadline = time.monotonic() + LANDS_WITHIN_SECONDS
    while not places <= (found := kinesis_records(stage, since)).keys() and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def _missing(stage: Stage, wanted: Counter[bytes], since: datetime) -> list[bytes]:
    deadline = time.monotonic() + LANDS_WITHIN_SECONDS
    while (missing := wanted - Counter(s3_lines(stage, since))) and time.monotonic() < deadline:
        time.sleep(0.5)
    return list(missing)
