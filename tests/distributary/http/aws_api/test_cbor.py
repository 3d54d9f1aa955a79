import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackson_cbor import encoded

from distributary.http.aws_api.cbor import NotCbor, read_cbor, write_cbor

CASES = json.loads((Path(__file__).parents[3] / "cases/cbor.json").read_text())
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
WHOLE = st.integers(-(2**64), 2**64 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(TEXT, inner, max_size=30),
    max_leaves=30,
).filter(lambda value: depth(value) < 15)


def depth(value: Any) -> int:
    """How many levels a value has."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inside), default=0)


def meant(value: Any) -> Any:
    """The value of a case, its blobs as bytes."""
    return bytes.fromhex(value["$hex"]) if isinstance(value, dict) and "$hex" in value else value


@pytest.mark.parametrize(("hexadecimal", "value"), CASES["good"], ids=lambda one: one if isinstance(one, str) else "")
def test_bytes_are_their_value(hexadecimal, value) -> None:
    """Each case, with its type: 1 is not 1.0."""
    found = read_cbor(bytes.fromhex(hexadecimal))

    assert (found, type(found)) == (meant(value), type(meant(value)))


@pytest.mark.parametrize(("hexadecimal", "reason"), CASES["bad"])
def test_other_bytes_are_refused_with_the_reason(hexadecimal, reason) -> None:
    """Each case names what is wrong and the byte."""
    with pytest.raises(NotCbor, match=reason):
        read_cbor(bytes.fromhex(hexadecimal))


@given(VALUES)
def test_what_is_written_is_read(value) -> None:
    """Every answer's value, and the same as Jackson writes it."""
    assert read_cbor(write_cbor(value)) == value
    assert read_cbor(encoded(value)) == value


def test_a_time_is_milliseconds_under_tag_1() -> None:
    """As the Java SDK reads it."""
    written = write_cbor({"t": datetime(2023, 11, 14, 22, 13, 20, 99_000, UTC)})

    assert written.hex() == "a16174c11b0000018bcfe56863"
    assert read_cbor(written) == {"t": 1_700_000_000.099}


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    """An error's message may quote a client's text; its answer is CBOR all the same."""
    assert read_cbor(write_cbor("a\ud800")) == "a?"


def test_what_no_answer_has_is_not_written() -> None:
    """A type that nobody thought of is no silent text."""
    with pytest.raises(TypeError, match="set"):
        write_cbor({"a": {1}})


@given(st.binary(max_size=300))
def test_any_bytes_are_a_value_or_no_cbor(data) -> None:
    """And nothing else is raised."""
    try:
        read_cbor(data)
    except NotCbor:
        return


BOMBS = {
    "empty lists": b"\x9f" + b"\x80" * 1_000_000 + b"\xff",
    "lists in lists": b"\x81" * 1_000_000 + b"\x80",
    "lists without a length in lists": b"\x9f" * 1_000_000,
    "tags of tags": b"\xd9\xd9\xf7" * 300_000 + b"\x00",
    "one-byte pieces of a string": b"\x5f" + b"\x41\x00" * 500_000 + b"\xff",
    "a map of a million": b"\xba\x00\x0f\x42\x40" + b"\x60\x80" * 1_000_000,
    "a list that says it is long": b"\x9b\x00\xff\xff\xff\xff\xff\xff\xff" + b"\x00" * 1_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_after_so_many_items(name) -> None:
    """Ten thousand items and sixteen levels are more than any request of this API has."""
    with pytest.raises(NotCbor, match=r"more than 10000 items, or nested deeper than 16|ends too early"):
        read_cbor(BOMBS[name])


def test_it_is_loaded_for_a_request_that_needs_it_alone() -> None:
    """A function's start does not pay for it."""
    code = "import sys, distributary.http.aws_api.endpoint; print('distributary.http.aws_api.cbor' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)

    assert told.stdout == "False\n"
