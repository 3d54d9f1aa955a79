import base64
import hashlib
import json
import re
from base64 import b64decode
from typing import Any

import pytest
from bad_requests import CASES
from fake_clock import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from distributary.clock import Clock, rfc3339
from distributary.errors import BadEvent, BadRequest
from distributary.events import Event, Rejection
from distributary.ingest.envelope import Posted, Sender, address, encode, request_key

SENDER = Sender(key="K", source="plant", type="reading", time=1_700_000_000.1234)
REQUIRED = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
ENVELOPES = json.loads((CASES / "envelopes.json").read_text(encoding="utf-8"))


def posted(case: dict[str, Any]) -> Posted:
    """What a case says was posted."""
    data = b64decode(case["opaque_base64"]) if "opaque_base64" in case else case.get("data")
    return Posted(case.get("index", 0), data, None, case.get("content_type"), case.get("attributes"))


@pytest.mark.parametrize("case", ENVELOPES, ids=lambda case: case["name"])
def test_an_envelope_is_written_as_the_case_says(case: dict[str, Any]) -> None:
    """Attributes in their order, data as it was posted; with envelope `none` the data alone."""
    sender = Sender(
        key="K",
        time=SENDER.time,
        **{"source": SENDER.source, "type": SENDER.type, **case.get("sender", {})},
    )

    (event,) = address([posted(case["posted"])], sender, many=case["many"])

    assert isinstance(event, Event)
    assert encode(event).decode() == case["cloudevents"]
    assert json.loads(encode(event))["specversion"] == "1.0"
    if "none" in case:
        assert encode(event, "none") == case["none"].encode("latin-1" if isinstance(event.data, bytes) else "utf-8")


def test_without_an_envelope_an_event_needs_data() -> None:
    """Nothing would be left of it; empty data is data."""
    nothing, empty = (Event(0, REQUIRED, data) for data in (None, b""))

    with pytest.raises(BadEvent, match="NothingToDo"):
        encode(nothing, "none")
    assert encode(empty, "none") == b""


def test_an_event_keeps_its_place() -> None:
    """Index, line and value go along; what was rejected before stays where it is."""
    bad = Rejection(0, "MalformedJson", "d", "", line=1)

    found = address([bad, Posted(1, "2", 2, "application/json", line=4)], SENDER, many=True)

    assert found[0] is bad
    assert isinstance(found[1], Event)
    assert (found[1].index, found[1].line, found[1].value, found[1].id) == (1, 4, 2, "K/1")


def test_an_id_may_come_once_from_a_source() -> None:
    """The second event with the same source and id is rejected; another source's is another event."""
    ids = [("/a", "1"), ("/b", "1"), ("/a", "2"), ("/a", "1")]
    batch = [Posted(i, None, attributes={**REQUIRED, "source": s, "id": d}) for i, (s, d) in enumerate(ids)]

    found = address(batch, SENDER, many=True)

    assert [isinstance(one, Event) for one in found] == [True, True, True, False]
    assert isinstance(found[3], Rejection)
    assert (found[3].index, found[3].code, found[3].pointer, found[3].id) == (3, "DuplicateId", "/id", "1")


@pytest.mark.parametrize("key", ["k", "0-_Zz", "k" * 59])
def test_a_client_s_own_key_is_kept(key: str) -> None:
    """1 to 59 characters of the alphabet."""
    assert request_key(key, Clock()) == key


KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True) | st.from_regex(r"[ !#-}][ -~]{0,8}", fullmatch=True)
REQUESTS = st.tuples(KEYS, st.none() | st.integers(min_value=1, max_value=12))
"""A key, and how many events an array under it holds: None is one event by itself."""


def ids(key: str, count: int | None) -> set[str]:
    """The ids of a request's events."""
    batch = [Posted(index, "1", 1, "application/json") for index in range(count or 1)]
    made = address(batch, SENDER._replace(key=request_key(key, Clock())), many=count is not None)
    return {one.id for one in made if isinstance(one, Event)}


@given(REQUESTS, REQUESTS, st.integers(min_value=0, max_value=11))
def test_two_keys_or_two_shapes_never_share_an_id(one: Any, other: Any, number: int) -> None:
    """One event under `K-1` or `K1` is never an element of an array under `K`."""
    (key, count), (other_key, other_count) = one, other
    lookalikes = [(f"{key}{joint}{number}", None) for joint in ("-", "_", "")]

    for another_key, another_count in [(other_key, other_count), *lookalikes, (key, None if count else 1)]:
        if (another_key, another_count is None) != (key, count is None):
            assert not ids(key, count) & ids(another_key, another_count)


@pytest.mark.parametrize("key", ["k" * 60, "a b", "a.b", "a/0", "/", "x" * 255, " ", '"a', '"a\\n"', '"a"b"', "a,b"])
def test_a_long_key_or_one_of_other_characters_is_hashed(key: str) -> None:
    """`~` and the SHA-256 of its bytes in base64url, which is no short key."""
    expected = "~" + base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()).decode().rstrip("=")

    assert request_key(key, Clock()) == expected
    assert len(expected) == 44


@pytest.mark.parametrize(
    ("quoted", "key"),
    [('"k"', "k"), ('"a b"', "a b"), (r'"a\"b"', 'a"b'), (r'"a\\b"', r"a\b"), ('"~"', "~"), ('""', "")],
)
def test_quotes_are_removed_first(quoted: str, key: str) -> None:
    """As the draft of the IETF has the header: the key is the same with them and without."""
    try:
        expected = request_key(key, Clock())
    except BadRequest as error:
        with pytest.raises(BadRequest, match=str(error)):
            request_key(quoted, Clock())
    else:
        assert request_key(quoted, Clock()) == expected


@pytest.mark.parametrize("key", ["", '""', "k" * 256, "é", "a\n", "a\tb", "~", "~a", '"~a"', "\x7f"])
def test_another_key_is_refused(key: str) -> None:
    """It is no printable text, too long, or could be taken for the hash of another."""
    with pytest.raises(BadRequest, match="InvalidIdempotencyKey"):
        request_key(key, Clock())


def test_a_key_of_ours_is_a_uuid_of_version_7() -> None:
    """Its first 48 bits are the milliseconds since 1970, so that ids sort by time; the rest is chance."""
    clock = FakeClock(since_1970=1_700_000_000.5).clock

    first, second = request_key(None, clock), request_key(None, clock)

    assert first != second
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first)
    assert int(first.replace("-", "")[:12], 16) == 1_700_000_000_500


def test_a_key_s_chance_is_chance() -> None:
    """No bit but those of time, version and variant is the same in all of many keys."""
    clock = FakeClock().clock
    numbers = [int(request_key(None, clock).replace("-", ""), 16) for _ in range(200)]

    always_one, never_one = numbers[0], numbers[0]
    for number in numbers:
        always_one &= number
        never_one |= number
    fixed = always_one | ~never_one & (1 << 128) - 1

    assert fixed == ((1 << 48) - 1) << 80 | 0xF << 76 | 0b11 << 62


@pytest.mark.parametrize(
    ("time", "text"),
    [(0.0, "1970-01-01T00:00:00.000Z"), (1_700_000_000.9996, "2023-11-14T22:13:20.999Z")],
)
def test_a_time_is_utc_to_the_millisecond(time: float, text: str) -> None:
    """RFC 3339, as CloudEvents write it."""
    assert rfc3339(time) == text
