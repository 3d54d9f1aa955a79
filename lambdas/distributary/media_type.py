"""Media types as a Content-Type names them: which one counts, its parameters, and whether its data is JSON.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-content-type and …#name-parameters
"""

import re
from typing import NamedTuple

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*+"'
_PARAMETER = re.compile(rf"[ \t]*;[ \t]*(?:({_WORD})=({_WORD}|{_QUOTED}))?")
_MEDIA_TYPE = re.compile(rf"{_WORD}/{_WORD}(?:{_PARAMETER.pattern})*+")
# API Gateway joins repeated headers with commas. A quotation mark on its own is a character like any other.
_MEMBER = re.compile(rf'(?:{_QUOTED}|[^",]++|")++')
_ESCAPED = re.compile(r"\\(.)")
_MOST_HEADER = 255
_ALSO_JSON = frozenset({"application/csp-report"})


class MediaType(NamedTuple):
    """A media type: `name` in lower case and without parameters, "" where there is none; `text` as it was given."""

    name: str
    charset: str
    text: str

    @classmethod
    def read(cls, header: str) -> "MediaType":
        """What a Content-Type says: the last valid member of a repeated one; the whole of it where none is valid."""
        members = [member.strip(" \t") for member in _MEMBER.findall(header)]
        valid = [member for member in members if _MEDIA_TYPE.fullmatch(member)]
        text = valid[-1] if valid else header.strip()
        return cls(text.partition(";")[0].strip().lower(), _charset(text), text)

    @property
    def is_json(self) -> bool:
        """Whether data of this type is JSON: as CloudEvents say, and the reports that browsers send.

        Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#31-handling-of-data
        """
        return self.name.endswith(("/json", "+json")) or self.name in _ALSO_JSON


def is_header(text: str) -> bool:
    """Whether the text is a media type that any HTTP header can carry: valid, ASCII, and at most 255 characters."""
    return len(text) <= _MOST_HEADER and text.isascii() and _MEDIA_TYPE.fullmatch(text) is not None


def _charset(text: str) -> str:
    """The first `charset` among the parameters, in lower case."""
    for name, value in _PARAMETER.findall(text):
        if name.lower() == "charset":
            return (_ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value).lower()
    return ""
