import json
from typing import Any

import pytest
from cpu_time import parsing, seconds
from hypothesis import given
from hypothesis import strategies as st

from distributary.errors import BadEvent
from distributary.json_text.text import Element, cut_array, cut_lines, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=25,
)


def code_of(element: Element | BadEvent) -> str | None:
    """The fault's code, None for a good element."""
    return element.code if isinstance(element, BadEvent) else None


@given(st.lists(VALUES, max_size=8), st.sampled_from([None, 0, 2]), st.booleans())
def test_cutting_neither_loses_nor_invents(values: list[Any], indent: int | None, ascii_only: bool) -> None:
    """The elements are what a parser reads from the whole, and their texts are parts of it, in order."""
    text = json.dumps(values, indent=indent, ensure_ascii=ascii_only)

    elements = [element for element in cut_array(text) if isinstance(element, Element)]

    assert [element.value for element in elements] == json.loads(text)
    assert [json.loads(element.text) for element in elements] == json.loads(text)
    remaining = text.replace("\n", " ").removeprefix("[")
    for element in elements:
        before, found, remaining = remaining.partition(element.text)
        assert found == element.text
        assert before.strip(" ,") == ""
    assert remaining.strip() == "]"


@given(st.text('[]{}:,"\\ \n\t019.-+eEnulltruefasNIity\u00e9', max_size=40))
def test_it_is_as_strict_as_a_parser(text: str) -> None:
    """What Python's parser refuses is refused; what is taken means the same."""
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(BadEvent, match="MalformedJson"):
            parse_json(text)
        return
    try:
        assert parse_json(text).value == expected
    except BadEvent as error:
        assert error.code in {"DuplicateKey", "InvalidNumber", "LoneSurrogate"}  # noqa: PT017 - both outcomes are right


@given(st.text('[]{}:,"\\ \n01ab\u2028', max_size=60))
def test_an_array_that_is_none_is_refused(text: str) -> None:
    """Text after an opening bracket is cut just where a parser reads it, and else refused as malformed."""
    text = "[" + text
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(BadEvent, match="MalformedJson"):
            list(cut_array(text))
        return
    assert len(list(cut_array(text))) == len(expected)


def test_written_forms_are_kept() -> None:
    """Numbers, escapes and blanks inside an element stay as they were."""
    texts = ["1.10", "1E400", "-0", "0.1e-7", "9" * 5000, '"\\u0041\\/"', '{"a" : [ ] }']

    assert [element.text for element in cut_array(f"[ {' , '.join(texts)} ]") if isinstance(element, Element)] == texts


def test_line_breaks_between_tokens_become_blanks() -> None:
    """So an element stays one line; a JSON string cannot hold one."""
    assert parse_json('\n{"a":\r\n[1,\n2]}\n').text == '{"a":  [1, 2]}'
    assert parse_json('{"a":\r1}').text == '{"a": 1}'


def test_numbers_that_python_refuses_are_read() -> None:
    """An integer over 4,300 digits is infinite to rules, its neighbours are not harmed."""
    element = parse_json(f'{{"huge":{"9" * 5000},"small":-{"0"},"long":{"7" * 640}}}')

    assert element.value == {"huge": float("inf"), "small": 0, "long": int("7" * 640)}


def test_huge_numbers_take_linear_time() -> None:
    """Ten million digits cost what a parser takes for as many bytes: quadratic time would take hours."""
    text = f"[{'9' * 10_000_000}]"

    assert seconds(lambda: parse_json(text)) < 5 * parsing(len(text))


@pytest.mark.parametrize("text", ["[" * 300_000, "[" * 3000 + '\\"' * 300_000, '["' + '\\"' * 300_000, "[{" * 200_000])
def test_hostile_text_takes_linear_time(text: str) -> None:
    """Brackets and quotation marks that never end cost about what a parser takes for as many bytes."""

    def refuse() -> None:
        with pytest.raises(BadEvent, match="MalformedJson"):
            list(cut_array(text))

    assert seconds(refuse) < 20 * parsing(len(text))


@pytest.mark.parametrize(
    ("text", "code", "pointer"),
    [
        ('{"a":1,"a":1}', "DuplicateKey", "/a"),
        ('{"a":[{"b":1,"c":2,"b":3}]}', "DuplicateKey", "/a/0/b"),
        ('{"a":{"b":NaN}}', "InvalidNumber", "/a/b"),
        ("-Infinity", "InvalidNumber", ""),
        ('["x","\\ud800y"]', "LoneSurrogate", "/1"),
        ('{"\\uDFFF":1}', "LoneSurrogate", ""),
        ('{"a":' * 129 + "1" + "}" * 129, "TooDeep", ""),
        ("[" * 20_000 + "]" * 20_000, "TooDeep", ""),
    ],
)
def test_a_rule_that_parsers_forget_is_a_fault_with_its_place(text: str, code: str, pointer: str) -> None:
    """A name twice, NaN, half a surrogate pair, more than 128 levels."""
    with pytest.raises(BadEvent) as caught:
        parse_json(text)

    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_a_faulty_element_leaves_its_neighbours_alone() -> None:
    """The array is cut around it, also where it is nested too deeply for any parser."""
    deep = "[" * 20_000 + '"]]\\""' + "]" * 20_000

    elements = list(cut_array(f'[1,{{"a":1,"a":2}},{deep},NaN,"\\ud83d\\ude00"]'))

    assert [code_of(element) for element in elements] == [None, "DuplicateKey", "TooDeep", "InvalidNumber", None]
    assert [code_of(element) for element in cut_array("[" * 20_000 + "]" * 20_000)] == ["TooDeep"]


def test_128_levels_are_taken() -> None:
    """The limit is exact."""
    assert parse_json("[" * 128 + "]" * 128).text == "[" * 128 + "]" * 128


def test_lines_are_numbered_and_blank_ones_left_out() -> None:
    """Only a line feed ends a line; blanks are JSON's."""
    text = '1\n\n \t\r\n{"a":"\u2028\u0085"}\r\nbroken\n\u00a0'

    lines = [(number, code_of(element)) for number, element in cut_lines(text)]

    assert lines == [(1, None), (4, None), (5, "MalformedJson"), (6, "MalformedJson")]
