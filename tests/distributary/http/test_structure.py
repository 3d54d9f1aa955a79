import pytest
from cpu_time import parsing, seconds
from memory_peak import memory_peak

from distributary.errors import BadRequest
from distributary.http.aws_api.stream_names import _ARN, _LONGEST_ARN
from distributary.http.structure import Structure

MANY = 300_000


def test_a_list_that_is_too_long_is_not_gone_through() -> None:
    """Its length is noted once; what it holds beyond the limit costs nothing."""
    parsed = {"Records": [{}] * MANY}

    def read() -> None:
        listed = Structure(parsed).structures("Records", longest=500)
        assert [one.text("Name", required=True) for one in listed] == [None] * 500

    assert memory_peak(read) < 1_000_000
    body = Structure(parsed)
    for one in body.structures("Records", longest=500):
        one.text("Name", required=True)
    with pytest.raises(BadRequest, match=r"501 validation errors detected.*less than or equal to 500"):
        body.check()


def test_what_is_no_structure_is_still_refused_behind_the_limit() -> None:
    """A wrong type is an error of the whole, wherever it stands."""
    with pytest.raises(BadRequest, match="SerializationException"):
        Structure({"a": [{}, {}, 1]}).structures("a", longest=1)


def test_a_text_that_is_too_long_is_not_compared_with_its_pattern() -> None:
    """A pattern looks back over what it has passed: over megabytes it would do so for hours."""
    text = "arn:aws:kinesis:" + ":kinesis:" * 100_000

    def look() -> Structure:
        body = Structure({"StreamARN": text})
        body.text("StreamARN", longest=_LONGEST_ARN, pattern=_ARN)
        return body

    body = look()
    assert seconds(look) < parsing(len(text))
    with pytest.raises(BadRequest, match=r"1 validation error detected.*2048"):
        body.check()
