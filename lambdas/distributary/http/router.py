"""From a path and a method to the endpoint that answers: 308, 404 and 405 come from the route table, nothing else."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from distributary.errors import BadRequest, MethodNotAllowed, NotFound
from distributary.http.problem import for_error
from distributary.http.request import Request, Response

Endpoint = Callable[[Request], Response]

_OF_QUERIES = "!$%&'()*+,-./:;=?@_~"
"""RFC 3986, 3.4; `%` begins what is encoded already."""


class Known(NamedTuple):
    """One row of the route table: `path` as API Gateway writes it, `{name}` for a segment, `{name+}` for the rest."""

    method: str
    path: str

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
    """Answers every request of one function: `endpoints` are those it serves, `routes` those that the API knows."""

    def __init__(self, routes: Sequence[Known], endpoints: Mapping[Known, Endpoint]) -> None:
        self._routes = routes
        self._endpoints = endpoints

    def answer(self, request: Request) -> Response:
        """The endpoint's answer, or 308 to the path without its last slash, 404, or 405 with `Allow`.

        Each carries `x-request-id`.
        """
        try:
            response = self._endpoint(request)(request)
        except BadRequest as error:
            response = for_error(error, request)
        return response.with_headers({"x-request-id": request.id})

    def _endpoint(self, request: Request) -> Endpoint:
        for route, endpoint in self._endpoints.items():
            if route.method == request.method and route.matches(request.path):
                return endpoint
        if allowed := self._methods(request.path):
            raise MethodNotAllowed(allowed)
        if request.path.endswith("/") and self._methods(request.path[:-1]):
            return _moved
        raise NotFound("NotFound", "no such path; GET / says where the documentation is")

    def _methods(self, path: str) -> list[str]:
        """The methods that the API knows for a path."""
        return sorted({route.method for route in self._routes if route.matches(path)})


def _moved(request: Request) -> Response:
    """Where the path has a slash too many. The request is not taken as it is: its route has another throttle."""
    # API Gateway hands the path over decoded. The query is encoded, but for what a client had no right to send.
    query = f"?{quote(request.query, safe=_OF_QUERIES)}" if request.query else ""
    return Response(308, "", {"location": f"{quote(request.path[:-1])}{query}"})
