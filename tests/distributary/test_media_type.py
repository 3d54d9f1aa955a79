import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.media_type import MediaType, is_header


@pytest.mark.parametrize(
    ("header", "name", "charset", "text"),
    [
        ("", "", "", ""),
        ("application/json", "application/json", "", "application/json"),
        (' Text/PLAIN; a=b ; Charset="UTF-8" ', "text/plain", "utf-8", 'Text/PLAIN; a=b ; Charset="UTF-8"'),
        ('text/plain; v="1;charset=x"', "text/plain", "", 'text/plain; v="1;charset=x"'),
        ('text/plain; v="\\";charset=x"; charset=y', "text/plain", "y", 'text/plain; v="\\";charset=x"; charset=y'),
        ('text/plain; charset="lat\\in1"', "text/plain", "latin1", 'text/plain; charset="lat\\in1"'),
        ("text/plain; xcharset=x", "text/plain", "", "text/plain; xcharset=x"),
        ("text/plain; charset=a; charset=b", "text/plain", "a", "text/plain; charset=a; charset=b"),
        ("application/json;", "application/json", "", "application/json;"),
        # Twice, or more often: the last one that is valid.
        ("application/json,application/json", "application/json", "", "application/json"),
        ("text/plain, application/json; charset=utf-8", "application/json", "utf-8", "application/json; charset=utf-8"),
        ("application/json, json", "application/json", "", "application/json"),
        ("application/json, ", "application/json", "", "application/json"),
        ('text/x; a="b,c/d", text/y', "text/y", "", "text/y"),
        ('multipart/mixed; boundary="a,b"', "multipart/mixed", "", 'multipart/mixed; boundary="a,b"'),
        # Not valid, yet all there is.
        ("application/json; charset", "application/json", "", "application/json; charset"),
        ("text/plain; x; charset=latin1", "text/plain", "latin1", "text/plain; x; charset=latin1"),
        ("json", "json", "", "json"),
        ('text/x; a="b', "text/x", "", 'text/x; a="b'),
    ],
)
def test_a_content_type_is_read_as_http_has_it(header: str, name: str, charset: str, text: str) -> None:
    """Name and charset in lower case; parameters may be quoted; of a repeated one the last valid member counts."""
    media = MediaType.read(header)

    assert (media.name, media.charset, media.text) == (name, charset, text)


@pytest.mark.parametrize(
    ("header", "is_json"),
    [
        ("application/json", True),
        ("Application/vnd.api+JSON; charset=latin1", True),
        ("text/json", True),
        ("application/csp-report", True),
        ("application/reports+json", True),
        ("application/jsonl", False),
        ("application/json-seq", False),
        ("text/plain", False),
        ("", False),
    ],
)
def test_json_is_known_by_its_name(header: str, is_json: bool) -> None:
    """As CloudEvents have it, and the reports of browsers."""
    assert MediaType.read(header).is_json is is_json


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("text/xml", True),
        ('text/x; a="b c"', True),
        ("text/" + "x" * 250, True),
        ("text/" + "x" * 251, False),
        ("text/caf\u00e9", False),
        ('text/x; a="\u00e9"', False),
        ("text/\u65e5", False),
        ("text/x\n", False),
        ("text/x\r\nx-amz-acl: public-read", False),
        (" text/x", False),
        ("text/x,text/y", False),
        ("text", False),
        ("", False),
    ],
)
def test_what_is_no_header_is_told(text: str, fits: bool) -> None:
    """Only a valid media type in ASCII, of a length that any server takes."""
    assert is_header(text) is fits


@given(st.text('abc/;,="\\ \t=+', max_size=40))
def test_a_name_never_has_a_parameter(header: str) -> None:
    """Whatever is sent, there is an answer, and what counts stands in the header as it was sent."""
    media = MediaType.read(header)

    assert ";" not in media.name
    assert media.text in header
    assert not re.search("[ \t]$", media.text)
