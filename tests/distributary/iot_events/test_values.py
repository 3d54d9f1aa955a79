import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_peak import memory_peak

from distributary.iot_events.values import (
    UNREADABLE,
    BadPayload,
    keep_json,
    plain,
    read_json,
    read_object,
    same,
    write_json,
)

NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.text(st.characters(codec="utf-8")), NUMBERS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_what_is_kept_is_read_again_unchanged(value):
    """Keeping and reading gives the same value, digits and types included."""
    assert repr(read_json(keep_json(value))) == repr(value)


@pytest.mark.parametrize(
    "text", ["1e5", "2E0", "20.0", "0.10", "-0.0", "9223372036854775808", "1e6143", "1e-6143", "0e0"]
)
def test_a_decimal_survives_to_its_last_digit(text):
    """A decimal without a fraction does not come back as an integer."""
    value = read_json(text)
    assert isinstance(value, Decimal)
    assert same(read_json(keep_json(value)), value)


def test_an_unreadable_number_stays_unreadable():
    """What could not be read does not become null by being stored."""
    assert read_json(keep_json({"a": UNREADABLE})) == {"a": UNREADABLE}


@given(JSON)
def test_what_is_written_is_json(value):
    """Any value's text is compact JSON that any parser reads."""
    assert json.loads(write_json(value)) == json.loads(json.dumps(value, default=float))


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (True, "true"), (False, "false"), (7, "7"), (Decimal("20.0"), "20.0"), (Decimal("1E+3"), "1000.0")],
)
def test_plain_text_is_what_people_read(value, text):
    """Booleans in small letters, decimals without exponent and always with a point."""
    assert plain(value) == text


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[1]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"\xff\xfe{}", "no UTF-8"),
        (b"\xef\xbb\xbf{}", "no JSON"),
        (b'{"a":NaN}', "NaN is no JSON"),
        (b'{"a":-Infinity}', "-Infinity is no JSON"),
        (b'{"a":"\\ud800"}', "unpaired surrogate"),
        (b'{"\\uDC00":1}', "unpaired surrogate"),
        (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "nested more than 64 deep"),
        (b'{"a":' * 100_000, "nested more than 64 deep"),
        (b'{"a":01}', "no JSON"),
        (b'{"a":"\x00"}', "no JSON"),
    ],
)
def test_what_is_no_payload_is_refused_with_its_reason(payload, reason):
    """Each way not to be a JSON object is one documented error."""
    with pytest.raises(BadPayload, match=reason):
        read_object(payload)


@pytest.mark.parametrize(
    "payload", [b'{"a":' + b"[" * 63 + b"]" * 63 + b"}", b'{"a":"\\ud83d\\ude00 \\\\ud800"}', b"{}"]
)
def test_what_is_just_within_the_limits_is_read(payload):
    """64 levels, a pair of surrogates and an empty object are fine."""
    read_object(payload)


@pytest.mark.parametrize("text", ['{"a":"\ud800"}', '{"\udc00":1}'])
def test_half_a_character_is_refused_however_it_came(text):
    """A text that was decoded from another may hold it unescaped."""
    with pytest.raises(BadPayload, match="unpaired surrogate"):
        read_object(text)


@pytest.mark.parametrize(
    "number", ["9" * 35, "9" * 5_000, "9" * 100_000, "1e1000000", "1e-9999999999999999999", "0." + "1" * 35]
)
def test_a_number_outside_the_limits_is_unreadable_alone(number):
    """The reading is lost, the message is not."""
    assert read_object(f'{{"bad":{number},"good":1}}') == {"bad": UNREADABLE, "good": 1}


def test_a_payload_is_not_written_anew_to_be_looked_at():
    """286 bytes of gzip held 20,000 numbers of 6,144 digits each: what they take is what they are, not their digits."""
    text = r'{"e":"\ud83d\ude00","y":[' + ",".join(["[]"] * 65) + '],"x":[1' + ",1e6143" * 20_000 + "]}"
    assert memory_peak(lambda: read_object(text)) < 30 * len(text)
