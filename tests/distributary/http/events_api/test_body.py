import json
from base64 import b64decode
from typing import Any

import pytest
from bad_requests import Case, load
from hypothesis import given
from hypothesis import strategies as st

from distributary.errors import BadEvent, BadRequest, TooLarge
from distributary.events import Rejection
from distributary.http.events_api.body import MAX_VALUES, read_posted
from distributary.http.request import Request
from distributary.ingest.envelope import Posted
from distributary.json_text.text import cut_array, parse_json


def shown(one: Posted | Rejection) -> dict[str, Any]:
    """What was posted for one event, as the cases write it."""
    line = {"line": one.line} if one.line else {}
    if isinstance(one, Rejection):
        return {"code": one.code, **line}
    about = {"content_type": one.content_type, "attributes": one.attributes}
    data = {"opaque": one.data} if isinstance(one.data, bytes) else {"data": one.data}
    return {name: value for name, value in {**data, **about}.items() if value is not None} | line


def wanted(event: dict[str, Any]) -> dict[str, Any]:
    """A case's event with its opaque data as bytes."""
    event = dict(event)
    if "opaque_base64" in event:
        event["opaque"] = b64decode(event.pop("opaque_base64"))
    elif "opaque" in event:
        event["opaque"] = event["opaque"].encode()
    return event


def body(content: str | bytes, kind: str = "application/json", **headers: str) -> Request:
    """A request with that body."""
    return Request("POST", "/v1/events", {"content-type": kind, **headers}, body=content)


@pytest.mark.parametrize("case", load("bodies.json"), ids=lambda case: case.name)
def test_a_body_becomes_events(case: Case) -> None:
    """Each kind of body holds the events that the case lists, data as it was written."""
    found = read_posted(case.received(), max_events=5000, sniff=case.sniff)

    assert found.shape == case.expect["shape"]
    assert [shown(one) for one in found.events] == [wanted(event) for event in case.expect["events"]]
    assert [one.index for one in found.events] == list(range(len(found.events)))


@pytest.mark.parametrize("case", load("bodies.json"), ids=lambda case: case.name)
def test_the_value_is_what_the_data_says(case: Case) -> None:
    """Rules see the parsed data; opaque data has no value."""
    for one in read_posted(case.received(), max_events=5000).events:
        if isinstance(one, Posted) and isinstance(one.data, str) and len(one.data) < 4000:
            assert one.value == json.loads(one.data)
        elif isinstance(one, Posted) and not isinstance(one.data, str):
            assert one.value is None


def test_the_limit_on_events_is_exact() -> None:
    """As many events as the setting says are taken, one more is too many, whatever comes after it."""
    assert len(read_posted(body("[1,2,3]"), max_events=3).events) == 3
    assert len(read_posted(body("1\n\n2\n3\n", "application/jsonl"), max_events=3).events) == 3
    for many in (body("[1,2,3,4,broken"), body("1\n2\n3\n4", "application/jsonl")):
        with pytest.raises(TooLarge, match="TooManyEvents"):
            read_posted(many, max_events=3)


def test_the_limit_on_values_is_exact() -> None:
    """A million values are read, one more is refused before any is."""
    inner = MAX_VALUES - 2
    assert read_posted(body("[[" + ",".join(["[]"] * inner) + "]]"), max_events=1).shape == "array"
    for one_more in ("[]", "1", '""'):
        with pytest.raises(TooLarge, match="TooManyValues"):
            read_posted(body("[[" + ",".join(["[]"] * inner) + f",{one_more}]]"), max_events=1)


def test_marks_inside_of_strings_are_no_values() -> None:
    """A string may hold as many commas and brackets as a body may have bytes."""
    text = json.dumps({"csv": ",:{[" * (MAX_VALUES // 4) + ","})

    assert len(read_posted(body(text), max_events=1).events) == 1


def test_what_is_wrong_inside_text_is_said() -> None:
    """Text that is JSON but against a rule for the request is refused as JSON is, not stored as text."""
    with pytest.raises(BadRequest, match="EmptyBody"):
        read_posted(body("[]", "text/plain"), max_events=1)


EMPTY = ("EmptyBody", "there is no event in this request", None)
VALUES_SAID = (
    "TooManyValues",
    (
        "a JSON body may have 1,000,000 values: objects, arrays, names, strings, numbers and literals; "
        "split it into several requests"
    ),
    None,
)
SCALAR = ("ScalarBody", "a JSON body must be an object, or an array with an element for each event", "")
REFUSED = {
    "nothing": (body(""), EMPTY),
    "nothing opaque": (body(b"", "application/octet-stream"), EMPTY),
    "blanks": (body(" \n\t\r "), EMPTY),
    "an empty array": (body("[]"), EMPTY),
    "no line": (body("\n\n", "application/jsonl"), EMPTY),
    "blank text": (body(" ", "text/plain"), EMPTY),
    "a number": (body("5"), SCALAR),
    "a string after blanks": (body('  "a"'), SCALAR),
    "a batch that is none": (
        body("{}", "application/cloudevents-batch+json"),
        ("NotABatch", "a CloudEvents batch must be a JSON array", ""),
    ),
    "an element too many": (
        body("[1,2,3,4,5]"),
        ("TooManyEvents", "a request may have 3 events; send several", "/3"),
    ),
    "a line too many": (
        body("1\n2\n3\n4\n5", "application/jsonl"),
        ("TooManyEvents", "a request may have 3 events; send several", None),
    ),
    "a value too many": (body("[" + "1," * MAX_VALUES + "1]"), VALUES_SAID),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_body_that_cannot_be_taken_is_refused_in_words(name: str) -> None:
    """Code, words and place."""
    request, said = REFUSED[name]
    with pytest.raises((BadRequest, TooLarge)) as refused:
        read_posted(request, max_events=3)

    assert (refused.value.code, refused.value.detail, refused.value.pointer) == said


@pytest.mark.parametrize("kind", ["text/plain", "text/csv", "application/xml", "application/javascript"])
def test_text_of_another_charset_is_refused(kind: str) -> None:
    """API Gateway hands these types over as text: in another charset it is broken already."""
    with pytest.raises(BadRequest, match="UnknownCharset"):
        read_posted(body("a", f"{kind}; charset=utf-16"), max_events=3)
    assert len(read_posted(body("a", f"{kind}; charset=utf-8"), max_events=3).events) == 1
    assert len(read_posted(body(b"a", "application/pdf; charset=utf-16"), max_events=3).events) == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("application/json", '{"a":1,}'),
        ("application/json", "nul"),
        ("application/json", "[1,"),
        ("application/cloudevents+json", "{"),
        ("application/cloudevents-batch+json", "{"),
    ],
)
def test_what_is_no_json_is_refused_at_its_place(kind: str, text: str) -> None:
    """The parser's words are the answer's."""
    with pytest.raises(BadRequest) as refused:
        read_posted(body(text, kind), max_events=3)
    with pytest.raises(BadEvent) as parsed:
        [*cut_array(text)] if text[0] == "[" else parse_json(text)

    assert refused.value.code == "MalformedJson"
    assert (refused.value.detail, refused.value.pointer) == (parsed.value.detail, parsed.value.pointer)


def test_a_rejected_event_has_its_line_and_its_fault() -> None:
    """The other lines are events."""
    first, broken, last = read_posted(
        body('{"a":1}\n\n{"a":1,"a":2}\n{"a":3}', "application/jsonl"), max_events=3
    ).events
    with pytest.raises(BadEvent) as parsed:
        parse_json('{"a":1,"a":2}')
    fault = parsed.value

    assert broken == Rejection(1, fault.code, fault.detail, fault.pointer, line=3)
    assert [(one.index, one.line, one.value) for one in (first, last)] == [(0, 1, {"a": 1}), (2, 4, {"a": 3})]


CE = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}


@pytest.mark.parametrize(
    "request_",
    [
        body('{"a":1,"a":2}'),
        body('{"specversion":"1.0"}', "application/cloudevents+json"),
        body('{"a":1,"a":2}', **CE),
    ],
    ids=["JSON", "a CloudEvent", "a CloudEvent in headers"],
)
def test_the_one_event_of_a_body_that_breaks_a_rule_is_the_first(request_: Request) -> None:
    """It is rejected under its index, not the request refused."""
    [one] = read_posted(request_, max_events=3).events

    assert isinstance(one, Rejection)
    assert (one.index, one.line) == (0, None)


def test_blanks_before_an_array_are_nothing() -> None:
    """A pretty-printer may put a line end first."""
    assert [one.value for one in read_posted(body(" \n\t[1, 2]"), max_events=3).events] == [1, 2]


def test_data_that_is_said_to_be_json_and_is_none_is_refused() -> None:
    """In a CloudEvent's binary mode too; without a type it is whatever it is."""
    with pytest.raises(BadRequest, match="MalformedJson"):
        read_posted(body("{", **CE), max_events=3)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(VALUES, min_size=1, max_size=8), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_an_array_and_its_lines_are_the_same_events(values: list[Any], indent: Any, ascii_only: bool) -> None:
    """However it is indented, an array has the events that its elements have as lines, and each fits on a line."""
    array = read_posted(body(json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode()), max_events=9).events
    text = "\n".join(json.dumps(value, ensure_ascii=ascii_only) for value in values)
    lines = read_posted(body(text.encode(), "application/jsonl"), max_events=9).events

    assert [one.value for one in array] == [one.value for one in lines] == values
    assert not any("\n" in one.data or "\r" in one.data for one in array)
