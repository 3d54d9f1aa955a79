import pytest
from corpora.strict_json import element, elements, members


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ('{"a":[1.10,-0,1E400,"\\ud83d\\ude00",true,null]}', True),
        ("[" * 128 + "]" * 128, True),
        ("[" * 129 + "]" * 129, False),
        ("[" * 128 + '"\\ud800"' + "]" * 128, False),
        ('{"a":1,"a":1}', False),
        ('[{"b":{"a":1,"a":1}}]', False),
        ("NaN", False),
        ("[-Infinity]", False),
        ('{"\\udc00":1}', False),
        ("[1,]", None),
        ("[1]x", None),
        ("'a'", None),
        ('"a\nb"', None),
        ("[" * 100_000, None),
        ("", None),
    ],
)
def test_json_is_read_a_second_time(text: str, good: bool | None) -> None:
    """A value is good, or JSON that the contract refuses, or no JSON."""
    found = element(text)

    assert (None if found is None else found.good) is good


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[]", []),
        (' [ 1 ,\n{"a"\n:2} ]\n', ["1", '{"a" :2}']),
        ('["],[", [3] ]', ['"],["', "[3]"]),
        ("[1", None),
        ("[1,]", None),
        ("[1]]", None),
        ("[1 2]", None),
    ],
)
def test_an_array_is_cut_into_its_elements(text: str, found: list[str] | None) -> None:
    """Each as it was written, with blanks for line breaks."""
    cut = elements(text)

    assert (None if cut is None else [one.text for one in cut]) == found


def test_an_object_is_cut_into_its_members() -> None:
    """The text of each value, as it was written."""
    assert members(' { "a" : 1.10 ,"b":[ {} ],"c": "}," }') == {"a": "1.10", "b": "[ {} ]", "c": '"},"'}
    assert members("{}") == {}
