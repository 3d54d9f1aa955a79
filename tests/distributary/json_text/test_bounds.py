import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_peak import memory_peak

from distributary.json_text.bounds import has_half_character, has_more_values, is_deeper

PIECES = [
    "a",
    "\\",
    '"',
    "\\n",
    "\\\\",
    "u",
    "d83d",
    "\\ud83d",
    "\\uDBFF",
    "\\ude00",
    "\\uDC00",
    "\\u0041",
    "é",
    "\ud800",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)


def depth(value) -> int:
    """How many objects and arrays stand in each other."""
    if isinstance(value, dict | list):
        return 1 + max((depth(one) for one in (value.values() if isinstance(value, dict) else value)), default=0)
    return 0


def count(value) -> int:
    """All values, names included."""
    if isinstance(value, dict):
        return 1 + sum(1 + count(one) for one in value.values())
    return 1 + sum(map(count, value)) if isinstance(value, list) else 1


@given(VALUES, st.integers(0, 5))
def test_levels(value, levels):
    """A value is deeper than so many levels where objects and arrays stand in each other more often."""
    assert is_deeper(value, levels) == (depth(value) > levels)


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_half_characters(inside):
    """Half a character is found in every JSON string that means one, and in no other."""
    try:
        meant = json.loads(f'"{inside}"')
    except ValueError:
        return
    # A pair of which one half is escaped joins in no decoder: each half is looked for by itself.
    half = any("\ud800" <= one <= "\udfff" for one in meant)
    assert has_half_character(f'"{inside}"') == half


@given(VALUES, st.integers(1, 30), st.sampled_from([None, 1]))
def test_values_are_counted(value, most, indent):
    """Names, strings, numbers, literals, objects and arrays, however the text is laid out."""
    assert has_more_values(json.dumps(value, indent=indent), most) == (count(value) > most)


def test_marks_in_strings_are_no_values():
    """A string full of commas is one value."""
    assert not has_more_values(f'["{",:[{" * 50}"]', 2)


@pytest.mark.parametrize("text", ['"' + '\\"' * 2_000_000, '"' + '\\"' * 2_000_000 + "\\", '{"' * 1_000_000])
def test_a_string_that_never_ends_is_met_once(text):
    """What is no JSON has an answer after one look: else these texts would take hours."""
    assert not has_more_values(f",:{text}", 4_000_000)


@pytest.mark.parametrize("piece", ["a", r"\n", r"\ud83d\ude00", r"\\", "[],", "1,"])
def test_an_answer_takes_less_memory_than_the_text(piece):
    """None of the answers copies what it looks at, but for the bytes of text that is not ASCII."""
    text = piece * (1_000_000 // len(piece))
    assert memory_peak(lambda: has_half_character(text)) < 100_000
    assert memory_peak(lambda: has_more_values(text, 500_000)) < 100_000
