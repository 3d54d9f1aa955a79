import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from jwt_issuer import AUDIENCE, ISSUER, Issuer

from local.functions import Invocation, RequestTooLarge, TooManyRequests
from local.gateway import Authorizer, Cors, HttpApi, Route, read_keys

CORS = Cors(allow_origins=("https://a.example",), allow_methods=("POST",), expose_headers=("x-request-id",))


def test_a_request_reaches_its_function_and_the_answer_its_client(served, client) -> None:
    """The event has the route and the body; status, headers, cookies and body come back, with a request id."""
    served.functions.act = lambda event: {
        "statusCode": 201,
        "headers": {"X-Request-Id": event["requestContext"]["requestId"], "content-type": "application/json"},
        "cookies": ["a=1", "b=2; Path=/"],
        "body": json.dumps({"ä": event["body"]}),
    }

    answer = client.ask("POST", "/v1/events?x=1", "hello", content_type="text/plain")

    name, event = served.functions.calls[0]
    assert (name, event["routeKey"], event["rawQueryString"]) == ("ingest", "POST /v1/events", "x=1")
    assert (answer.status, json.loads(answer.text)) == (201, {"ä": "hello"})
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2; Path=/"]
    assert answer.headers["apigw-requestid"] == answer.headers["x-request-id"]
    assert len(answer.headers["apigw-requestid"]) == 16


def test_no_route_is_404(served, client) -> None:
    """API Gateway's own 404 is JSON, carries a request id and costs no invocation."""
    answer = client.ask("GET", "/v1/events")

    assert (answer.status, answer.text) == (404, '{"message":"Not Found"}')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["apigw-requestid"]
    assert served.functions.calls == []


def test_routes_of_a_later_deployment_count_at_once(served, client) -> None:
    """What `api` says is asked at each request; while nothing is deployed there is no route."""
    served.api = HttpApi("abc123", (Route("$default", "late"),))
    assert client.ask("GET", "/v1/events").status == 202

    def nothing():
        raise LookupError

    served.gateway._app._api = nothing
    assert client.ask("GET", "/v1/events").status == 404


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (TooManyRequests("Rate Exceeded."), 503, "Service Unavailable"),
        (RequestTooLarge("too large"), 413, "Request Entity Too Large"),
        (KeyError("ingest"), 500, "Internal Server Error"),
        (RuntimeError("bug"), 500, "Internal Server Error"),
        (Invocation(b'{"errorType":"X"}', "Unhandled", "id"), 500, "Internal Server Error"),
        (Invocation(b'{"statusCode":"?"}', None, "id"), 500, "Internal Server Error"),
    ],
)
def test_what_a_function_cannot_answer_the_gateway_does(served, client, failure, status: int, words: str) -> None:
    """Throttled, too large, missing, failed, not understood: each has API Gateway's own answer and is logged."""

    def act(event):
        if isinstance(failure, Exception):
            raise failure
        return failure

    served.functions.act = act

    answer = client.ask("POST", "/v1/events", "x")

    assert (answer.status, answer.text) == (status, f'{{"message":"{words}"}}')
    assert f"POST /v1/events {answer.headers['apigw-requestid']} {status}" in served.log[0]


def test_a_slow_function_is_503(served, client) -> None:
    """After the integration timeout the client has its answer, whatever the function goes on doing."""
    release = threading.Event()
    served.gateway._app._seconds = 0.3
    served.functions.act = lambda event: release.wait(60)

    answer = client.ask("POST", "/v1/events", "x")
    release.set()

    assert (answer.status, answer.text) == (503, '{"message":"Service Unavailable"}')


def test_a_body_of_ten_megabytes_is_the_last(served, client, once) -> None:
    """10,485,760 bytes reach the function, one more is 413 before it is sent, or, in chunks, when it has been."""
    size = 10_485_760
    served.functions.act = lambda event: {"statusCode": 202, "body": str(len(event["body"]))}

    assert client.ask("POST", "/v1/events", b"x" * size, content_type="text/plain").text == str(size)
    for body in (b"x" * (size + 1), iter([b"x" * size, b"x"])):
        answer = once("POST", "/v1/events", body, content_type="text/plain")
        assert (answer.status, answer.text) == (413, '{"message":"Request Entity Too Large"}')
    assert len(served.functions.calls) == 1


def test_headers_of_ten_kilobytes_are_the_last(client) -> None:
    """Request line and headers over 10,240 bytes are 431, however far over."""
    sent = len("GET /v1/health HTTP/1.1\r\nhost: 127.0.0.1:\r\naccept-encoding: identity\r\nx: \r\n")
    room = 10_240 - sent - len(str(client.http.port))

    assert client.ask("GET", "/v1/health", x="y" * room).status == 202
    for size in (room + 1, 200_000):
        answer = client.ask("GET", "/v1/health", x="y" * size)
        assert (answer.status, answer.text) == (431, '{"message":"Request Header Fields Too Large"}')


def test_a_chunked_body_is_whole(served, client) -> None:
    """A body without a length arrives in one piece, with its length."""
    body = iter([b"ab", b"cd"])
    assert client.ask("POST", "/v1/events", body, content_type="text/plain", transfer_encoding="chunked").text == "abcd"
    assert served.functions.calls[0][1]["headers"]["content-length"] == "4"


def test_requests_are_answered_at_the_same_time(served, once) -> None:
    """Twenty requests that wait for each other all get their answer."""
    together = threading.Barrier(20, timeout=60)
    served.functions.act = lambda event: {"statusCode": 200, "body": str(together.wait() >= 0)}
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(once, "POST", "/v1/events", "x") for _ in range(20)]

    assert {one.result().text for one in asked} == {"True"}


def test_a_client_that_goes_away_harms_nothing(served, client) -> None:
    """Half a body, or no wish for the answer: nothing is invoked for the first, and others are served."""
    begun, release = threading.Event(), threading.Event()

    def act(event):
        begun.set()
        release.wait(60)
        return {"statusCode": 200}

    served.functions.act = act
    head = b"POST /v1/events HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n"
    for body in (b"hel", b"hello"):
        with socket.create_connection(("127.0.0.1", served.gateway.port), timeout=60) as connection:
            connection.sendall(head + body)
            if len(body) == 5:
                assert begun.wait(60)
    release.set()

    assert client.ask("POST", "/v1/events", "x").status == 200
    assert len(served.functions.calls) == 2


def test_a_preflight_is_answered_without_a_function(served, client) -> None:
    """With CORS configured OPTIONS is the API's, also where a route would take it; other origins get no permission."""
    served.api = HttpApi("abc123", (Route("$default", "f"),), CORS)
    asking = {"access_control_request_method": "POST"}

    allowed = client.ask("OPTIONS", "/v1/events", origin="https://a.example", **asking)
    other = client.ask("OPTIONS", "/v1/events", origin="https://b.example", **asking)

    assert (allowed.status, allowed.text, other.status) == (204, "", 204)
    assert allowed.headers["access-control-allow-origin"] == "https://a.example"
    assert allowed.headers["access-control-allow-methods"] == "POST"
    assert allowed.headers["apigw-requestid"]
    assert other.headers["access-control-allow-origin"] is None
    assert served.functions.calls == []
    assert client.ask("OPTIONS", "/v1/events").status == 202


def test_answers_carry_the_apis_cors_headers_not_the_functions(served, client) -> None:
    """What a function says of CORS is ignored once the API has it configured; the API's own refusals carry it too."""
    served.functions.act = lambda event: {"statusCode": 200, "headers": {"access-control-allow-origin": "evil"}}
    assert client.ask("POST", "/v1/events", "x").headers["access-control-allow-origin"] == "evil"
    served.api = replace(served.api, cors=CORS)

    answer = client.ask("POST", "/v1/events", "x", origin="https://a.example")

    assert answer.headers.get_all("access-control-allow-origin") == ["https://a.example"]
    assert answer.headers["access-control-expose-headers"] == "x-request-id"
    assert client.ask("POST", "/v1/events", "x").headers["access-control-allow-origin"] is None
    refused = client.ask("GET", "/nothing", origin="https://a.example")
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (404, "https://a.example")


@pytest.fixture
def issuer(served, tmp_path):
    """The issuer whose tokens /v1/events takes; the gateway has its keys."""
    issuer = Issuer()
    file = tmp_path / "jwks.json"
    file.write_text(issuer.published)
    served.gateway._app._keys = read_keys(file)
    by_token = Route("POST /v1/events", "ingest", Authorizer(ISSUER, (AUDIENCE,), ("write",)))
    served.api = HttpApi("abc123", (by_token, Route("POST /", "ingest"), Route("$default", "ingest")), cors=CORS)
    return issuer


@pytest.mark.parametrize(("scope", "refused"), [("read", (403, "Forbidden")), (None, (401, "Unauthorized"))])
def test_who_is_not_authorized_costs_no_invocation(served, client, issuer, scope, refused) -> None:
    """API Gateway's own words, with a challenge that a page of an allowed origin gets to see."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 60, "scope": scope}
    header = {"authorization": f"Bearer {issuer.token(claims)}"} if scope else {}

    answer = client.ask("POST", "/v1/events", "x" * 100_000, origin="https://a.example", **header)

    assert (answer.status, json.loads(answer.text)["message"]) == refused
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert served.functions.calls == []
    assert f"POST /v1/events {answer.headers['apigw-requestid']} {answer.status}" in served.log[0]


def test_the_function_is_told_whose_token_it_is(served, client, issuer) -> None:
    """Claims and scopes stand in the event's request context."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 60, "scope": "write", "sub": "hall"}

    answer = client.ask("POST", "/v1/events", "x", authorization=f"Bearer {issuer.token(claims)}")

    assert answer.status == 202
    told = served.functions.calls[0][1]["requestContext"]["authorizer"]["jwt"]
    assert told == {"claims": claims | {"exp": str(claims["exp"])}, "scopes": ["write"]}


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("POST", "/v1%2Fother"), ("GET", "/v1/events")])
def test_other_routes_ask_for_no_token(served, client, issuer, method: str, path: str) -> None:
    """They are not the authorizer's, and their functions see no claims."""
    assert client.ask(method, path).status == 202
    assert "authorizer" not in served.functions.calls[0][1]["requestContext"]


def test_a_preflight_needs_no_token(client, issuer) -> None:
    """CORS comes first: a browser sends none with it."""
    asked = {"origin": "https://a.example", "access_control_request_method": "POST"}

    assert client.ask("OPTIONS", "/v1/events", **asked).status == 204
