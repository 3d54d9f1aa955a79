"""The ways in which one payload is posted, each with what must arrive of it."""

import gzip
import json
import re
import uuid
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from corpora import strict_json
from corpora.strict_json import BLANKS, Element

JSON, LINES, FORM = "application/json", "application/x-ndjson", "application/x-www-form-urlencoded"
EVENT, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
_VERSION = re.compile(rb'"specversion"\s*:\s*"1\.0"')


@dataclass(frozen=True)
class Arrives:
    """One event that must arrive: its `data` as JSON text or as bytes, and attributes that it must have."""

    data: str | bytes | None
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Shot:
    """One request: `events` has for each event what must arrive of it, None for one that must be rejected.

    `events` is None where the whole request must be refused.
    """

    framing: str
    headers: Mapping[str, str]
    body: bytes
    events: Sequence[Arrives | None] | None


def shots(payload: bytes) -> list[Shot]:
    """Every way to post the payload."""
    return [shot for framing in FRAMINGS for shot in framing(payload)]


def _octets(payload: bytes) -> list[Shot]:
    kinds = ("application/octet-stream", "multipart/form-data; boundary=x")
    return [_opaque(f"as {kind}", kind, payload, payload) for kind in kinds]


def _sniffed(payload: bytes) -> list[Shot]:
    """Without a type or with a form's: one JSON object is JSON, all else keeps its bytes."""
    text = (_decoded(payload) or "").lstrip(BLANKS)
    one = strict_json.element(text) if text.startswith("{") else None
    json_event = _arrives(one, JSON)
    shots = [_opaque(f"as {kind or 'no type'}", kind, payload, payload) for kind in ("", FORM)]
    return [replace(shot, events=[json_event]) if json_event else shot for shot in shots]


def _text(payload: bytes) -> list[Shot]:
    """As API Gateway hands text over: with U+FFFD for what is no UTF-8, which only the length can tell."""
    text = payload.decode(errors="replace")
    kept = text.encode() if len(text.encode()) == len(payload) else None
    plain = _opaque("as text/plain", "text/plain", payload, kept)
    inner = (_decoded(kept or b"") or "").strip(BLANKS)
    if not inner or (inner.startswith("[") and strict_json.elements(inner) == []):
        plain = replace(plain, events=None)
    elif inner.startswith(("{", "[")):
        plain = replace(plain, events=_events(inner, "text/plain") or plain.events)
    return [_opaque("as text/csv", "text/csv", payload, kept), plain]


def _json(payload: bytes) -> list[Shot]:
    packed = _whole("as JSON, gzip", payload, JSON)
    coded = {**packed.headers, "content-encoding": "gzip"}
    return [
        _whole("as JSON", payload, JSON, _as_text(payload)),
        _whole("as a JSON type of one's own", payload, "application/vnd.corpus+json; charset=latin1"),
        Shot(packed.framing, coded, gzip.compress(payload, mtime=0), packed.events),
    ]


def _inside(payload: bytes) -> list[Shot]:
    """As the element of an array, and as a member that detectors may read."""
    element = b"[" + payload + b"]"
    member = b'{"deviceId":"corpus","payload":' + payload + b"}"
    return [
        _whole("as an element", element, JSON, _as_text(element)),
        _whole("as a member", member, JSON, _as_text(member)),
    ]


def _lines(payload: bytes) -> list[Shot]:
    text = _decoded(payload)
    lines = [line for line in (text or "").split("\n") if line.strip(BLANKS)]
    taken = [strict_json.element(line) for line in lines]
    events = [_arrives(one, JSON) for one in taken] if lines else None
    return [Shot("as NDJSON", {"content-type": LINES}, payload, events)]


def _data_in_headers(payload: bytes) -> list[Shot]:
    """As the data of a CloudEvent in binary mode, with a type and without."""
    typed, untyped = _in_headers(), _in_headers()
    text = _decoded(_as_text(payload))
    one = strict_json.element(text) if text is not None else None
    events = None if one is None else [_arrives(one, JSON)]
    empty = [Arrives(None)]
    rest = _untyped(payload)
    return [
        Shot("as CloudEvents data", {**typed, "content-type": JSON}, payload, events if payload else empty),
        Shot("as CloudEvents data, no type", untyped, payload, rest if payload else empty),
    ]


def _untyped(payload: bytes) -> list[Arrives | None]:
    text = _decoded(payload)
    one = strict_json.element(text) if text is not None else None
    if one is None:
        return [Arrives(payload)]
    if not one.good and not one.text.startswith(("{", "[")):
        return [Arrives(payload)]
    return [Arrives(one.text) if one.good else None]


def _cloud_event(payload: bytes) -> list[Shot]:
    """A payload that is a CloudEvent itself, or a batch of them, as such: what is accepted must arrive as it is."""
    if not _VERSION.search(payload):
        return []
    text = _decoded(payload) or ""
    many = strict_json.elements(text) if text.lstrip(BLANKS).startswith("[") else None
    found = many if many is not None else [one] if (one := strict_json.element(text)) else []
    if not found or not all(one.good for one in found):
        return []
    kind = EVENT if many is None else BATCH
    return [Shot(f"as {kind}", {"content-type": kind}, payload, [_event(one) for one in found])]


def _event(one: Element) -> Arrives:
    members = strict_json.members(one.text)
    attributes = {name: json.loads(text) for name, text in members.items() if name not in ("data", "data_base64")}
    encoded = json.loads(members.get("data_base64", "null"))
    data = members.get("data") if encoded is None else _unencoded(encoded)
    return Arrives(data, {name: value for name, value in attributes.items() if value is not None})


def _unencoded(text: object) -> bytes:
    """The bytes of base64; none of what is no base64, which is rejected."""
    try:
        return b64decode(str(text), validate=True)
    except ValueError:
        return b""


def _whole(name: str, payload: bytes, kind: str, received: bytes | None = None) -> Shot:
    """The payload as a body of JSON: one event, or one for each element; `received` is what the function sees of it."""
    text = _decoded(payload if received is None else received)
    return Shot(name, {"content-type": kind}, payload, None if text is None else _events(text, kind))


def _events(text: str, kind: str) -> Sequence[Arrives | None] | None:
    begins = text.lstrip(BLANKS)[:1]
    if begins == "[":
        found = strict_json.elements(text)
        return [_arrives(one, JSON) for one in found] if found else None
    one = strict_json.element(text) if begins == "{" else None
    return None if one is None else [_arrives(one, JSON if kind == "text/plain" else kind)]


def _arrives(one: Element | None, kind: str) -> Arrives | None:
    return Arrives(one.text, {"datacontenttype": kind}) if one and one.good else None


def _opaque(name: str, kind: str, payload: bytes, arrives: bytes | None) -> Shot:
    about = {"datacontenttype": kind or "application/octet-stream"}
    return Shot(name, {"content-type": kind} if kind else {}, payload, [Arrives(arrives, about)] if arrives else None)


def _in_headers() -> dict[str, str]:
    return {"ce-specversion": "1.0", "ce-id": uuid.uuid4().hex, "ce-source": "/corpora", "ce-type": "corpus"}


def _as_text(payload: bytes) -> bytes:
    """What a function can know of a payload that API Gateway hands over as text: itself, or bytes that are no UTF-8."""
    text = payload.decode(errors="replace").encode()
    return text if len(text) == len(payload) else b"\xff"


def _decoded(payload: bytes) -> str | None:
    try:
        return payload.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None


FRAMINGS: Sequence[Callable[[bytes], list[Shot]]] = (
    _octets,
    _sniffed,
    _text,
    _json,
    _inside,
    _lines,
    _data_in_headers,
    _cloud_event,
)
