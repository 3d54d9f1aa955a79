"""From a path and a method to the endpoint that answers: 404 and 405 come from the route table and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from distributary.errors import BadRequest, MethodNotAllowed, NotFound
from distributary.http.problem import for_error
from distributary.http.request import Request, Response

Endpoint = Callable[[Request], Response]


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
        """The endpoint's answer, or 404, or 405 with `Allow`; each carries `x-request-id`."""
        try:
            response = self._endpoint(request)(request)
        except BadRequest as error:
            response = for_error(error, request)
        return response.with_headers({"x-request-id": request.id})

    def _endpoint(self, request: Request) -> Endpoint:
        for route, endpoint in self._endpoints.items():
            if route.method == request.method and route.matches(request.path):
                return endpoint
        allowed = sorted({route.method for route in self._routes if route.matches(request.path)})
        if allowed:
            raise MethodNotAllowed(allowed)
        raise NotFound("NotFound", "no such path; GET / says where the documentation is")
