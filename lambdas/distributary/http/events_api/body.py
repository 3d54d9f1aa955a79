"""From a request's body to what was posted for each event: the Content-Type decides how it is cut."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Literal, NamedTuple

from distributary.errors import BadEvent, BadRequest, TooLarge
from distributary.events import Rejection
from distributary.http.content import bytes_of, content, require_utf8, text_of
from distributary.http.events_api import cloud_event
from distributary.http.request import Request
from distributary.ingest.envelope import Posted
from distributary.json_text.bounds import has_more_values
from distributary.json_text.text import Element, blank_end, cut_array, cut_lines, parse_json
from distributary.media_type import MediaType

# What API Gateway hands over as text, as it does text/*, so that another charset is broken before we see it.
_TEXT_TYPES = ("application/xml", "application/javascript")
_JSON = "application/json"
_SNIFFED = ("", "application/x-www-form-urlencoded")
"""What clients send that were told no type; curl takes what follows `-d` for a form."""

MAX_VALUES = 1_000_000
"""Values in a body of JSON, names of members included: what each costs, however short it is, is memory and time."""

Shape = Literal["one", "array", "lines"]


class Body(NamedTuple):
    """What was posted for each event, in order; `shape` says how the body held them.

    Only a batch of CloudEvents may be empty.
    """

    events: Sequence[Posted | Rejection]
    shape: Shape


def read_posted(request: Request, *, max_events: int, sniff: bool = False) -> Body:
    """The events of a request; `sniff`: a body of no type, or of a form's, that is a JSON object is one.

    Raises BadRequest where the body as a whole cannot be taken.
    """
    media = MediaType.read(request.headers.get("content-type", ""))
    reader = _READERS.get(media.name) or (_json if media.is_json else _opaque)
    if sniff and media.name in _SNIFFED and not request.headers.get("content-encoding"):
        reader = _json_object_or_opaque
    if cloud_event.in_headers(request.headers) and not media.name.startswith("application/cloudevents"):
        reader = _binary
    if media.name in _TEXT_TYPES or media.name.startswith("text/"):
        require_utf8(media)
    return reader(_Piece(request, media, content(request), max_events))


class _Piece(NamedTuple):
    """What every reader needs: the request, its type, its decoded content."""

    request: Request
    media: MediaType
    content: bytes | str
    max_events: int

    def text(self) -> str:
        """The content as text that is not blank."""
        text = text_of(self.content)
        if blank_end(text, 0) == len(text):
            raise _empty()
        return text

    def json(self) -> str:
        """The content as text that is not blank and may be read as JSON without a danger to memory."""
        text = self.text()
        if has_more_values(text, MAX_VALUES):
            limit = f"a JSON body may have {MAX_VALUES:,} values: objects, arrays, names, strings, numbers and literals"
            raise TooLarge("TooManyValues", f"{limit}; split it into several requests")
        return text

    def body(self, events: Iterable[Posted | Rejection], shape: Shape, *, may_be_empty: bool = False) -> Body:
        """The events, cut no further than the first that is too many."""
        taken = list(islice(events, self.max_events + 1))
        if len(taken) > self.max_events:
            place = f"/{self.max_events}" if shape == "array" else None
            raise TooLarge("TooManyEvents", f"a request may have {self.max_events:,} events; send several", place)
        if not taken and not may_be_empty:
            raise _empty()
        return Body(taken, shape)


def _json(piece: _Piece) -> Body:
    text = piece.json()
    if text.startswith("[", blank_end(text, 0)):
        return _array(piece, text, _own)
    if not text.startswith("{", blank_end(text, 0)):
        _whole(text)  # is it JSON at all?
        raise BadRequest("ScalarBody", "a JSON body must be an object, or an array with an element for each event", "")
    kind = piece.media.text if piece.media.is_json and piece.media.name != _JSON else _JSON
    return Body([_one(0, lambda: replace(_own(0, _whole_event(text)), content_type=kind))], "one")


def _lines(piece: _Piece) -> Body:
    cut = enumerate(cut_lines(piece.json()))
    return piece.body((_posted(index, element, _own, line) for index, (line, element) in cut), "lines")


def _cloud_event(piece: _Piece) -> Body:
    text = piece.json()
    return Body([_one(0, lambda: _structured(0, _whole_event(text)))], "one")


def _cloud_events(piece: _Piece) -> Body:
    text = piece.json()
    if not text.startswith("[", blank_end(text, 0)):
        _whole(text)
        raise BadRequest("NotABatch", "a CloudEvents batch must be a JSON array", "")
    return _array(piece, text, _structured, may_be_empty=True)


def _text(piece: _Piece) -> Body:
    """JSON if it is an object or an array, since a browser's beacon can say no other type; else text."""
    text = piece.text()
    if _begins_as_container(text):
        try:
            return _json(piece)
        except BadRequest as error:
            if error.code != "MalformedJson":
                raise
    return _opaque(piece)


def _json_object_or_opaque(piece: _Piece) -> Body:
    """One JSON object, if the body is one that can be taken; else its bytes as they are."""
    with suppress(BadRequest, BadEvent):
        text = piece.json()
        if text.startswith("{", blank_end(text, 0)):
            return Body([_own(0, _whole_event(text))], "one")
    return _opaque(piece)


def _opaque(piece: _Piece) -> Body:
    if not piece.content:
        raise _empty()
    return Body(
        [Posted(0, bytes_of(piece.content), content_type=piece.media.text or "application/octet-stream")], "one"
    )


def _binary(piece: _Piece) -> Body:
    return Body([_one(0, lambda: _from_headers(piece))], "one")


def _from_headers(piece: _Piece) -> Posted:
    attributes = cloud_event.from_headers(piece.request.headers)
    if piece.media.text:
        attributes["datacontenttype"] = piece.media.text
    if not piece.content:
        return Posted(0, None, attributes=attributes)
    if piece.media.text and not piece.media.is_json:
        return Posted(0, bytes_of(piece.content), attributes=attributes)
    element = _whole_event(piece.json()) if piece.media.text else _json_if_it_is(piece)
    if element is None:
        return Posted(0, bytes_of(piece.content), attributes=attributes)
    return Posted(0, element.text, element.value, attributes=attributes)


def _json_if_it_is(piece: _Piece) -> Element | None:
    """The value of data without a type, which CloudEvents take for JSON; None where it is something else.

    Raises BadEvent or BadRequest where it is an object or an array that breaks a rule.
    """
    try:
        return _whole_event(piece.json())
    except BadRequest as error:
        if error.code not in ("MalformedJson", "InvalidUtf8", "EmptyBody"):
            raise
    except BadEvent:
        if _begins_as_container(text_of(piece.content)):
            raise
    return None


def _begins_as_container(text: str) -> bool:
    return text.startswith(("{", "["), blank_end(text, 0))


def _array(piece: _Piece, text: str, make: "_Maker", *, may_be_empty: bool = False) -> Body:
    events = (_posted(index, element, make) for index, element in enumerate(cut_array(text)))
    try:
        return piece.body(events, "array", may_be_empty=may_be_empty)
    except BadEvent as error:
        raise _unreadable(error) from None


def _posted(index: int, element: Element | BadEvent, make: "_Maker", line: int | None = None) -> Posted | Rejection:
    if isinstance(element, BadEvent):
        return _rejected(index, element, line)
    return _one(index, lambda: make(index, element, line), line)


def _one(index: int, make: Callable[[], Posted], line: int | None = None) -> Posted | Rejection:
    try:
        return make()
    except BadEvent as error:
        return _rejected(index, error, line)


def _own(index: int, element: Element, line: int | None = None) -> Posted:
    return Posted(index, element.text, element.value, _JSON, line=line)


def _structured(index: int, element: Element, line: int | None = None) -> Posted:
    attributes, data, value = cloud_event.structured(element)
    return Posted(index, data, value, attributes=attributes, line=line)


_Maker = Callable[[int, Element, int | None], Posted]


def _rejected(index: int, error: BadEvent, line: int | None) -> Rejection:
    return Rejection(index, error.code, error.detail, error.pointer, line=line)


def _whole(text: str) -> None:
    """Raises BadRequest where the text is no JSON; a rule that its value breaks is not looked at."""
    try:
        parse_json(text)
    except BadEvent as error:
        if error.code == "MalformedJson":
            raise _unreadable(error) from None


def _whole_event(text: str) -> Element:
    """The one event that the text is. Raises BadRequest where it is no JSON, BadEvent where it breaks another rule."""
    try:
        return parse_json(text)
    except BadEvent as error:
        if error.code == "MalformedJson":
            raise _unreadable(error) from None
        raise


def _unreadable(error: BadEvent) -> BadRequest:
    return BadRequest(error.code, error.detail, error.pointer)


def _empty() -> BadRequest:
    return BadRequest("EmptyBody", "there is no event in this request")


_READERS: dict[str, Callable[[_Piece], Body]] = {
    _JSON: _json,
    "application/x-ndjson": _lines,
    "application/ndjson": _lines,
    "application/jsonl": _lines,
    "application/stream+json": _lines,
    "application/cloudevents+json": _cloud_event,
    "application/cloudevents-batch+json": _cloud_events,
    "text/plain": _text,
}
