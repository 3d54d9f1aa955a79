"""Which route of an HTTP API takes a request.

docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html: a full match first, then a greedy
path variable, then `$default`; `ANY` takes the methods that no other route of that path names.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from local.gateway.access_log import AccessLog
from local.gateway.authorizer import Authorizer
from local.gateway.cors import Cors
from local.gateway.rules import API_GATEWAY, Rules
from local.gateway.throttle import Throttle


@dataclass(frozen=True)
class Route:
    """A route's key as API Gateway writes it ("POST /v1/events", "ANY /{proxy+}", "$default"), and what stands behind.

    That is its function, and before it an authorizer, if it has one.
    """

    key: str
    function: str
    authorizer: Authorizer | None = None

    @cached_property
    def method(self) -> str:
        """The method that the key names, "" for `$default`."""
        return self.key.rpartition(" ")[0]

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The path between its slashes."""
        return tuple(self.key.rpartition(" ")[2].split("/")[1:])


@dataclass(frozen=True)
class HttpApi:
    """A deployed HTTP API, as far as a request meets it; no `cors` means that its functions answer preflights.

    A function URL is one whose only route is `$default`, with `rules` of its own.
    """

    api_id: str
    routes: tuple[Route, ...]
    cors: Cors | None = None
    throttles: Mapping[str, Throttle] = field(default_factory=dict)
    """By a route's key; a route without one is not throttled here."""
    access_log: AccessLog | None = None
    rules: Rules = API_GATEWAY


@dataclass(frozen=True)
class Match:
    """The route that takes a request, and what its path variables are in it (percent-decoded)."""

    route: Route
    parameters: Mapping[str, str]


def match(routes: Sequence[Route], method: str, path: str) -> Match | None:
    """The most specific route for a method and a path as it was sent (still percent-encoded); None where none is."""
    segments = path.split("/")[1:]
    found = [
        (rank, Match(route, parameters))
        for route in routes
        if route.key != "$default" and route.method in {method, "ANY"}
        for rank, parameters in [_compare(route.segments, segments)]
        if rank is not None
    ]
    if found:
        return min(found, key=lambda one: (one[0], one[1].route.method == "ANY"))[1]
    return next((Match(route, {}) for route in routes if route.key == "$default"), None)


def _compare(pattern: Sequence[str], segments: Sequence[str]) -> tuple[tuple[int, ...] | None, dict[str, str]]:
    """How specific the match is (smaller is more: 0 a word, 1 a variable, 2 a greedy one) and its variables."""
    rank: list[int] = []
    parameters: dict[str, str] = {}
    for position, part in enumerate(pattern):
        rest = segments[position:]
        variable = re.fullmatch(r"\{([^}+]+)(\+?)\}", part)
        if not rest or (variable and not rest[0]):
            return None, {}
        if variable and variable[2]:
            return (*rank, 2), {**parameters, variable[1]: unquote("/".join(rest))}
        if variable:
            parameters[variable[1]] = unquote(rest[0])
        elif part != unquote(rest[0]):
            return None, {}
        rank.append(1 if variable else 0)
    return (tuple(rank) if len(segments) == len(pattern) else None), parameters
