"""The CloudEvent around what was posted: who gives it its id, and how it is written for the streams."""

import re
import uuid
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from json.encoder import encode_basestring
from typing import Any, Literal, NamedTuple

from distributary.clock import Clock, rfc3339
from distributary.errors import BadEvent, BadRequest
from distributary.events import Event, Rejection
from distributary.settings import Settings, within

_SHORT_KEY = re.compile(r"[A-Za-z0-9_-]{1,59}")
_KEY = re.compile("[ -}][ -~]{0,254}")
_QUOTED = re.compile(r'"(?:[^"\\]|\\["\\])*"')
_ESCAPED = re.compile(r'\\(["\\])')
_FIRST = ("specversion", "id", "source", "type", "time", "datacontenttype")


@dataclass(frozen=True, kw_only=True)
class EventSettings(Settings):
    """What becomes of a request's events."""

    envelope: Literal["cloudevents", "none"] = "cloudevents"
    """`none` delivers what was posted as it is, without CloudEvents around it."""
    source: str = "distributary"
    """The CloudEvents source of events that bring none."""
    type: str = "distributary.event"
    """The CloudEvents type of events that bring none; a request may name another with `?type=`."""
    max_events: int = within(1, 100_000, 5000)
    """How many events a request may have."""

    def faults(self) -> Iterator[str]:
        """As above, and attributes that no event can have."""
        yield from super().faults()
        yield from (f"{name} is empty" for name in ("source", "type") if not getattr(self, name))


@dataclass(frozen=True, slots=True)
class Posted:
    """What a client posted for one event: `attributes` is None where it brought no CloudEvent, only data."""

    index: int
    data: str | bytes | None
    value: Any = None
    content_type: str | None = None
    attributes: Mapping[str, Any] | None = None
    line: int | None = None


class Sender(NamedTuple):
    """What a request says about each of its events that does not say it itself; `time` in seconds since 1970.

    `kept` are extensions that each event gets, whatever it says itself.
    """

    key: str
    source: str
    type: str
    time: float
    kept: Mapping[str, str] = {}


def request_key(given: str | None, clock: Clock) -> str:
    """The key that the request's ids begin with: made of the client's `Idempotency-Key`, or a UUIDv7.

    A short one stands for itself; of another comes `~` and its SHA-256, which no short one can be. Raises BadRequest.
    The header may be quoted: draft-ietf-httpapi-idempotency-key-header-07, 2.1.
    """
    if given is None:
        return _uuid7(clock.time())
    key = _ESCAPED.sub(r"\1", given[1:-1]) if _QUOTED.fullmatch(given) else given
    if not _KEY.fullmatch(key):
        detail = "Idempotency-Key must be 1 to 255 printable characters of ASCII, the first of them no ~"
        raise BadRequest("InvalidIdempotencyKey", detail)
    if _SHORT_KEY.fullmatch(key):
        return key
    return "~" + urlsafe_b64encode(sha256(key.encode()).digest()).decode().rstrip("=")


def event_id(key: str, index: int, *, many: bool) -> str:
    """The id of an event that brings none: the request's key `K`, or `K/i` for element `i` of a body that holds many.

    No such key contains `/`, so two different keys or shapes never share an id.
    """
    return f"{key}/{index}" if many else key


def address(posted: Sequence[Posted | Rejection], sender: Sender, *, many: bool) -> list[Event | Rejection]:
    """The events, with every attribute they need; `many` is what `event_id` takes.

    A second event with the `source` and `id` of an earlier one becomes a rejection.
    """
    time = rfc3339(sender.time)
    seen: set[tuple[str, str]] = set()

    def addressed(one: Posted) -> Event | Rejection:
        if one.attributes is None:
            identity = event_id(sender.key, one.index, many=many)
            return Event(one.index, _own(identity, one.content_type, sender, time), one.data, one.value, one.line)
        event = Event(one.index, _in_order({**one.attributes, **sender.kept}, time), one.data, one.value, one.line)
        if (name := (event.source, event.id)) in seen:
            detail = "an earlier event of this request has the same source and id"
            return Rejection(one.index, "DuplicateId", detail, "/id", id=event.id, line=one.line)
        seen.add(name)
        return event

    return [one if isinstance(one, Rejection) else addressed(one) for one in posted]


def encode(event: Event, envelope: Literal["cloudevents", "none"] = "cloudevents") -> bytes:
    """The event as the streams carry it: a CloudEvent in JSON, or with envelope `none` the data as it was posted.

    Raises BadEvent where there is neither data nor an envelope to carry.
    """
    data = event.data
    if envelope == "none":
        if data is None:
            raise BadEvent("NothingToDo", "this event has no data, and this stage delivers data alone")
        return data.encode() if isinstance(data, str) else data
    attributes = ",".join(
        [
            f'"{name}":{encode_basestring(value) if isinstance(value, str) else dumps(value)}'
            for name, value in event.attributes.items()
        ]
    )
    if data is None:
        return f"{{{attributes}}}".encode()
    if isinstance(data, str):
        return b"".join([f'{{{attributes},"data":'.encode(), data.encode(), b"}"])
    return b"".join([f'{{{attributes},"data_base64":"'.encode(), b64encode(data), b'"}'])


def _own(identity: str, content_type: str | None, sender: Sender, time: str) -> dict[str, Any]:
    attributes = {
        "specversion": "1.0",
        "id": identity,
        "source": sender.source,
        "type": sender.type,
        "time": time,
    }
    if content_type:
        attributes["datacontenttype"] = content_type
    attributes.update(sender.kept)
    return attributes


def _in_order(attributes: Mapping[str, Any], time: str) -> dict[str, Any]:
    complete = {**attributes, "time": attributes.get("time") or time}
    first = {name: complete.pop(name) for name in _FIRST if name in complete}
    return first | complete


def _uuid7(time: float) -> str:
    """A UUID version 7 (RFC 9562): 48 bits of milliseconds, then the random bits of a version 4."""
    bits = uuid.uuid4().int & ~(0xFFFF_FFFF_FFFF_F << 76) | int(time * 1000) << 80 | 7 << 76
    return str(uuid.UUID(int=bits))
