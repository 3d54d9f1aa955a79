import pytest

from distributary.json_text.fault import malformed, pointer


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ([], ""),
        (["a", 0, "b"], "/a/0/b"),
        (["a/b", "~", "~1", ""], "/a~1b/~0/~01/"),
        (["é"], "/é"),
    ],
)
def test_a_pointer_is_written_as_rfc_6901_has_it(path: list[str | int], expected: str) -> None:
    """The two special characters are escaped, all others stand for themselves."""
    assert pointer(path) == expected


def test_a_pointer_never_echoes_a_payload() -> None:
    """Names that are too long, or that no answer could hold, end it early."""
    assert pointer(["a", "x" * 300, "b"]) == "/a"
    assert pointer(["a", "\ud800", "b"]) == "/a"
    assert len(pointer(["abc"] * 100)) <= 200


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ('{"a":[1,{"b":', 13, "/a/1/b"),
        ('{"a":1,"b":"x,y","c"', 20, "/c"),
        ("[[1,2],[3,4],[5,", 16, "/2/1"),
        ('{"a":{"b":1},', 13, ""),
        ('["unterminated [[[', 18, "/0"),
        ('{"a":"x", "b"', 13, "/b"),
    ],
)
def test_a_place_in_text_has_a_pointer(text: str, position: int, expected: str) -> None:
    """The value that stands there, found by what comes before it."""
    assert malformed(text, position, "what", start=0).pointer == expected


def test_python_s_versions_agree_on_a_trailing_comma() -> None:
    """Some blame the comma, some what follows it; the pointer is the same."""
    blamed = malformed("[1,]", 2, "Illegal trailing comma before end of array", start=0)
    followed = malformed("[1,]", 3, "Expecting value", start=0)

    assert blamed.pointer == followed.pointer == "/1"


def test_a_place_too_far_into_the_text_is_not_looked_for() -> None:
    """Text is read again for at most a mebibyte; line and column are said anyway."""
    text = '{"a":"' + "x" * 1024 * 1024 + '",'

    fault = malformed(text, len(text), "what", ["items", 3], start=0)

    assert fault.pointer == "/items/3"
    assert "line 1, column" in fault.detail
