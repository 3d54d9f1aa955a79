"""From a path and a method to the endpoint that answers: 308, 404 and 405 come from the route table, nothing else."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from distributary.errors import BadRequest, MethodNotAllowed, NotFound
from distributary.http.problem import for_error
from distributary.http.request import Request, Response

Endpoint = Callable[[Request], Response]

_ABSENT = (
    'this stage has a function URL, which does not lead here: [http] front = "api-gateway" does '
    "(docs/how-to/function-url.md)"
)
_OF_QUERIES = "!$%&'()*+,-./:;=?@_~"
"""RFC 3986, 3.4; `%` begins what is encoded already."""


class Known(NamedTuple):
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
        """The endpoint's answer and its route for the log; or 308 to the path without its last slash, 404, or 405.

        Each has `x-request-id`, 405 `Allow`.
        """
        route = self._route(request)
        try:
            response = self._endpoints[route](request) if route else self._elsewhere(request)
        except BadRequest as error:
            response = for_error(error, request)
        log = {"route": route.key, **response.log} if route else response.log
        return response._replace(headers={**response.headers, "x-request-id": request.id}, log=log)

    def _route(self, request: Request) -> Known | None:
        """The route that this function serves the request by: a function URL does not say it."""
        found = (one for one in self._endpoints if one.method == request.method and one.matches(request.path))
        return next(found, None)

    def _elsewhere(self, request: Request) -> Response:
        """Where no route leads. Raises MethodNotAllowed or NotFound."""
        if allowed := self._methods(request.path):
            raise MethodNotAllowed(allowed)
        if request.path.endswith("/") and self._methods(request.path[:-1]):
            return _moved(request)
        if any(route.matches(request.path) for route in self._absent):
            raise NotFound("NotFound", _ABSENT)
        raise NotFound("NotFound", "no such path; GET / says where the documentation is")

    def _methods(self, path: str) -> list[str]:
        """The methods that the API knows for a path."""
        return sorted({route.method for route in self._routes if route.matches(path)})


def _moved(request: Request) -> Response:
    """Where the path has a slash too many. The request is not taken as it is: its route has another throttle."""
    # API Gateway hands the path over decoded. The query is encoded, but for what a client had no right to send.
    query = f"?{quote(request.query, safe=_OF_QUERIES)}" if request.query else ""
    return Response(308, "", {"location": f"{quote(request.path[:-1])}{query}"})
