import json

import pytest

from distributary.events import Event, EventResult, Rejection
from distributary.http.events_api.receipt import MAX_ANSWER, brief, full, minimal, prefers_minimal

EVENT = Event(4, {"id": "K/4", "source": "/s"}, "{}", {}, line=9)
ACCEPTED = EventResult(EVENT, "accepted", {"firehose": {"recordId": "r"}})
RETRY = EventResult(EVENT, "retry", {"firehose": {"error": {"code": "ServiceUnavailableException"}}})
REJECTED = Rejection(4, "NoRule", "no rule takes this event", "/data", id="K/4", line=9)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("return=minimal", True),
        ('Return = "minimal"', True),
        ("respond-async, return=minimal; wait=1", True),
        ("return=representation", False),
        ("return=minimalist", False),
        ("noreturn=minimal", False),
        ("", False),
    ],
)
def test_prefer_is_read_as_rfc_7240_has_it(header: str, wanted: bool) -> None:
    """Among other preferences, in any case, with or without quotes."""
    assert prefers_minimal(header) is wanted


def test_every_event_has_its_place_its_id_and_its_fate() -> None:
    """`line` stands beside `index` where the body has lines; what is not known is left out."""
    which = {"index": 4, "line": 9, "id": "K/4"}
    error = {"code": "NoRule", "detail": "no rule takes this event", "pointer": "/data"}

    assert full([ACCEPTED, RETRY, REJECTED], "lines") == [
        {**which, "status": "accepted", "sinks": {"firehose": {"recordId": "r"}}},
        {**which, "status": "retry", "sinks": {"firehose": {"error": {"code": "ServiceUnavailableException"}}}},
        {**which, "status": "rejected", "error": error},
    ]
    assert full([Rejection(0, "c", "d", "")], "one") == [
        {"index": 0, "status": "rejected", "error": {"code": "c", "detail": "d", "pointer": ""}}
    ]


@pytest.mark.parametrize(("shape", "pointer"), [("one", "/data"), ("array", "/4/data"), ("lines", "/data")])
def test_a_pointer_counts_from_the_document_that_was_posted(shape: str, pointer: str) -> None:
    """The body itself, the array that holds the event, or the line."""
    assert full([REJECTED], shape)[0]["error"]["pointer"] == pointer


def test_minimal_and_brief_leave_out_the_accepted() -> None:
    """Brief says of the others no more than index, status and code."""
    assert minimal([ACCEPTED, RETRY, REJECTED], "lines") == full([RETRY, REJECTED], "lines")
    assert brief([ACCEPTED, RETRY, REJECTED], "lines") == [
        {"index": 4, "status": "retry"},
        {"index": 4, "status": "rejected", "error": {"code": "NoRule"}},
    ]


def test_even_the_shortest_answer_has_a_bound() -> None:
    """Of more refusals than any answer could list, the first are listed; the counts tell of all."""
    bad = [Rejection(index, "InvalidExplicitHashKey", "d", "") for index in range(100_000)]

    entries = brief(bad, "array")

    assert 30_000 < len(entries) < 100_000
    assert len(json.dumps(json.dumps(entries, separators=(",", ":")))) <= MAX_ANSWER
