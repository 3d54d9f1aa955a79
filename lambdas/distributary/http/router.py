"""From a path and a method to the endpoint that answers: 404 and 405 come from the route table and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from distributary.errors import BadRequest, MethodNotAllowed, NotFound
from distributary.http.problem import for_error
from distributary.http.request import Request, Response

Endpoint = Callable[[Request], Response]

_ABSENT = (
    'this stage has a function URL, which does not lead here: [http] front = "api-gateway" does (docs/operating.md, '
    '"Without API Gateway")'
)


@dataclass(frozen=True, slots=True)
class Known:
    """One row of the route table: `path` as API Gateway writes it, `{name}` for a segment, `{name+}` for the rest."""

    method: str
    path: str

    @property
    def key(self) -> str:
        """API Gateway's name for the route."""
        return f"{self.method} {self.path}"

    def matches(self, path: str) -> bool:
        """Whether a request's path is this route's."""
        expected, given = self.path.split("/"), path.split("/")
        if expected[-1].endswith("+}"):
            return len(given) >= len(expected) and _alike(expected[:-1], given[: len(expected) - 1])
        return len(given) == len(expected) and _alike(expected, given)


def _alike(expected: Sequence[str], given: Sequence[str]) -> bool:
    pairs = zip(expected, given, strict=True)
    return all(segment == one or (segment.startswith("{") and one != "") for segment, one in pairs)


class Router:
    """Answers every request of one function: `endpoints` are those it serves, `routes` those that the API knows.

    `absent` are those that are there only with another front, as the stage's setting says.
    """

    def __init__(
        self, routes: Sequence[Known], endpoints: Mapping[Known, Endpoint], absent: Sequence[Known] = ()
    ) -> None:
        self._routes = routes
        self._endpoints = endpoints
        self._absent = absent

    def answer(self, request: Request) -> Response:
        """The endpoint's answer and its route for the log, or 404, or 405 with `Allow`; each has `x-request-id`."""
        route = self._route(request)
        try:
            response = self._endpoints[route](request) if route else self._refuse(request)
        except BadRequest as error:
            response = for_error(error, request)
        log = {"route": route.key, **response.log} if route else response.log
        return replace(response, headers={**response.headers, "x-request-id": request.id}, log=log)

    def _route(self, request: Request) -> Known | None:
        """The route that this function serves the request by: a function URL does not say it."""
        found = (one for one in self._endpoints if one.method == request.method and one.matches(request.path))
        return next(found, None)

    def _refuse(self, request: Request) -> NoReturn:
        allowed = sorted({route.method for route in self._routes if route.matches(request.path)})
        if allowed:
            raise MethodNotAllowed(allowed)
        if any(route.matches(request.path) for route in self._absent):
            raise NotFound("NotFound", _ABSENT)
        raise NotFound("NotFound", "no such path; GET / says where the documentation is")
