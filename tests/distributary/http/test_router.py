import json

import pytest

from distributary.http.request import Request, Response
from distributary.http.router import Known, Router

ROUTES = [
    Known("POST", "/v1/events"),
    Known("GET", "/v1/health"),
    Known("POST", "/"),
    Known("GET", "/"),
    Known("GET", "/detectors/{model}"),
    Known("GET", "/detectors/{model}/{rest+}"),
]


def router() -> Router:
    """A function that serves all routes but health."""
    return Router(
        ROUTES,
        {
            route: lambda request, key=f"{route.method} {route.path}": Response(200, key)
            for route in ROUTES[:1] + ROUTES[2:]
        },
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "answer"),
    [
        ("POST", "/v1/events", 200, "POST /v1/events"),
        ("POST", "/", 200, "POST /"),
        ("GET", "/", 200, "GET /"),
        ("GET", "/detectors/motor", 200, "GET /detectors/{model}"),
        ("GET", "/detectors/motor/keyValues/", 200, "GET /detectors/{model}/{rest+}"),
        ("GET", "/detectors//", 404, None),
        ("GET", "/nowhere", 404, None),
        ("PUT", "/v1/events", 405, "POST"),
        ("DELETE", "/", 405, "GET, POST"),
        ("POST", "/v1/health", 405, "GET"),
    ],
)
def test_the_route_table_decides(method: str, path: str, status: int, answer: str | None) -> None:
    """A known route reaches its api; another method is 405 with Allow; another path is 404; each has x-request-id."""
    response = router().answer(Request(method, path, id="r-1"))

    assert response.status == status
    assert response.headers["x-request-id"] == "r-1"
    if status == 200:
        assert response.body == answer
    else:
        assert response.headers.get("allow") == answer
        problem = json.loads(response.body)
        assert problem["status"] == status
        assert problem["instance"] == "r-1"


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/v1/events/", "", "/v1/events"),
        ("/v1/events/", "type=a%20b&key=K.s", "/v1/events?type=a%20b&key=K.s"),
        ("/v1/health/", "a\r\nset-cookie: b=c", "/v1/health?a%0D%0Aset-cookie:%20b=c"),
    ],
)
def test_a_slash_too_many_is_308(path: str, query: str, location: str) -> None:
    """To the same request without it, body and method kept; nothing of the path or query ends the header."""
    response = router().answer(Request("POST", path, query=query, id="r-1"))

    assert (response.status, response.body) == (308, "")
    assert response.headers == {"location": location, "x-request-id": "r-1"}


@pytest.mark.parametrize("path", ["/v1/events//", "//evil.example/", "/nowhere/", "//v1/events/"])
def test_only_a_known_path_is_redirected_to(path: str) -> None:
    """Never to another host."""
    assert router().answer(Request("POST", path)).status == 404


def test_a_route_of_another_front_is_404_that_names_the_setting() -> None:
    """Whatever the method; a path that is nowhere is told nothing of it."""
    absent = [Known("GET", "/v1/health"), Known("POST", "/detectors"), Known("GET", "/detectors/{model}/{rest+}")]
    one = Router([Known("POST", "/v1/events")], {}, absent)

    for method, path in (("GET", "/v1/health"), ("GET", "/detectors"), ("GET", "/detectors/motor/keyValues/")):
        problem = json.loads(one.answer(Request(method, path)).body)
        assert (problem["status"], problem["code"]) == (404, "NotFound")
        assert '[http] front = "api-gateway"' in problem["detail"]
    assert "front" not in one.answer(Request("GET", "/nowhere")).body


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "/v1/events", "POST /v1/events"),
        ("GET", "/detectors/motor", "GET /detectors/{model}"),
        ("PUT", "/v1/events", None),
        ("GET", "/nowhere", None),
    ],
)
def test_the_log_has_the_route_that_was_found(method: str, path: str, route: str | None) -> None:
    """A function URL says `$default` of each: the path itself, which may hold a key, is logged nowhere."""
    assert router().answer(Request(method, path)).log.get("route") == route
