"""What the events of a request keep of it: headers and the caller's address, as CloudEvents extensions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from distributary.http.events_api.cloud_event import DISALLOWED
from distributary.http.request import Request
from distributary.settings import Settings

MAX_HEADER, MAX_ALL = 1024, 4096
"""Bytes of one header and of all of them that an event keeps: a request may have thousands of events."""
CLIENT_IP = "client-ip"
"""Stands for the caller's address as API Gateway saw it; a header of this name, which anyone may send, is not read."""

_HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_SECRET = re.compile("authorization|cookie|x-api-key|x-amz-security-token|proxy-.*")
_OF_CLOUD_EVENTS = ("specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "data")
_TAKEN = {*_OF_CLOUD_EVENTS, "dataref", "partitionkey", "explicithashkey"}


@dataclass(frozen=True, kw_only=True)
class HttpSettings(Settings):
    """What the events API makes of a request."""

    prefix: ClassVar[str] = "HTTP_"

    sniff_json: bool = True
    """Take a JSON object for JSON where `Content-Type` is missing or a form's, as `curl -d` sends it."""
    keep_headers: Sequence[str] = ()
    """Request headers that events keep as CloudEvents extensions; `client-ip` is the caller's address.

    1 KiB of each at most, 4 KiB of all. `user-agent` becomes the extension `useragent`.
    """

    def faults(self) -> Iterator[str]:
        """As above, headers that hold secrets, and names that an extension cannot have."""
        yield from super().faults()
        names: dict[str, str] = {}
        for header in self.keep_headers:
            name = extension(header)
            if not _HEADER.fullmatch(header):
                yield f"keep_headers = {header!r}: must be a header's name in lower case, such as 'user-agent'"
            elif _SECRET.fullmatch(header):
                yield f"keep_headers = {header!r}: holds a secret, which no event may keep"
            elif header.startswith("ce-") or not name or name in _TAKEN:
                yield f"keep_headers = {header!r}: its extension {name!r} is an attribute that events have already"
            elif name in names:
                yield f"keep_headers = {header!r}: its extension {name!r} is that of {names[name]!r} too"
            names.setdefault(name, header)


def extension(header: str) -> str:
    """The name of a header's extension: the letters and digits of it, as CloudEvents have names (`useragent`)."""
    return re.sub("[^a-z0-9]", "", header)


def kept(request: Request, settings: HttpSettings) -> Mapping[str, str]:
    """The extensions of each event of the request; a header that it does not have has none."""
    found = {}
    room = MAX_ALL
    for header in settings.keep_headers:
        text = DISALLOWED.sub("", request.ip if header == CLIENT_IP else request.headers.get(header, ""))
        value = text.encode("utf-8", "ignore")[: min(MAX_HEADER, room)].decode("utf-8", "ignore")
        if value:
            found[extension(header)] = value
            room -= len(value.encode())
    return found
