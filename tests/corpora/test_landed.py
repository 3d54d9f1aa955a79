import json
from datetime import UTC, datetime
from typing import Any

import pytest
from corpora.framings import Arrives, Shot, shots
from corpora.landed import Posted, faults_of_answer, faults_of_landing

from commands.post import Answer
from commands.stage import Stage

ONE = Arrives('{"a":1.10}', {"datacontenttype": "application/json"})
RECEIPT = {"kinesis": {"shardId": "s", "sequenceNumber": "1"}}
ACCEPTED = {"status": "accepted", "id": "i", "sinks": RECEIPT}
RECORD = b'{"specversion":"1.0","id":"i","datacontenttype":"application/json","data":{"a":1.10}}'


def posted(status: int, events: list[dict[str, Any]] | None, wanted: list[Arrives | None] | None) -> Posted:
    """A request that was answered so."""
    counts = {name: sum(one["status"] == name for one in events or ()) for name in ("accepted", "rejected", "retry")}
    document = {"code": "MalformedJson"} if events is None else {**counts, "events": events}
    return Posted("one", Shot("as JSON", {}, b"", wanted), Answer(status, {}, json.dumps(document).encode()))


@pytest.mark.parametrize(
    ("status", "events", "wanted", "fault"),
    [
        (202, [ACCEPTED], [ONE], None),
        (400, None, None, None),
        (413, None, [ONE], None),
        (400, [{"status": "rejected", "error": {}}], [None], None),
        (500, None, None, "answered 500"),
        (503, [{**ACCEPTED, "status": "retry"}], [ONE], "answered 503"),
        (202, [ACCEPTED], None, "must be refused"),
        (400, None, [ONE], "must be taken"),
        (202, [ACCEPTED], [ONE, ONE], "2 events were posted"),
        (202, [ACCEPTED], [None], "must be rejected"),
        (400, [{"status": "rejected", "error": {}}], [ONE], "must be accepted"),
    ],
)
def test_an_answer_is_right_or_its_fault_is_named(status: int, events: Any, wanted: Any, fault: str | None) -> None:
    """Accepted is what must be, refused is what must be, and no answer is a server's error."""
    found = list(faults_of_answer(posted(status, events, wanted)))

    assert found == [] if fault is None else len(found) == 1 and fault in found[0]


@pytest.mark.parametrize(
    ("record", "lines", "faults"),
    [
        (RECORD, [RECORD], []),
        (None, [RECORD], ["is not in Kinesis"]),
        (RECORD, [], ["not in the bucket"]),
        (RECORD, [RECORD.replace(b"1.10", b"1.1")], ["not in the bucket"]),
        (RECORD.replace(b"1.10", b"1.1"), None, ["holds"]),
        (RECORD.replace(b"application/json", b"text/json"), None, ["instead of"]),
        (RECORD.replace(b'"i"', b'"j"'), None, ["instead of"]),
    ],
)
def test_one_byte_that_differs_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, record: bytes | None, lines: list[bytes] | None, faults: list[str]
) -> None:
    """In Kinesis or in the bucket: what is missing is a fault, what is different is another."""
    monkeypatch.setattr("corpora.landed.LANDS_WITHIN_SECONDS", 0)
    monkeypatch.setattr("corpora.landed.kinesis_records", lambda *_: {("s", "1"): record} if record else {})
    monkeypatch.setattr("corpora.landed.s3_lines", lambda *_: [record] if lines is None else lines)

    found = list(faults_of_landing(Stage("local", {}, ""), [posted(202, [ACCEPTED], [ONE])], datetime.now(UTC)))

    assert len(found) == len(faults)
    assert all(fault in one for fault, one in zip(faults, found, strict=True))


def test_a_payload_is_posted_in_many_ways() -> None:
    """As bytes, text, JSON, lines, an element, a member, CloudEvents data, and as a CloudEvent where it is one."""
    event = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data":1}'

    assert len(shots(b"{}")) >= 13
    assert [one.framing for one in shots(event)][-1] == "as application/cloudevents+json"
    assert [one.framing for one in shots(b"[" + event + b"]")][-1] == "as application/cloudevents-batch+json"
