import json
from dataclasses import replace
from pathlib import Path

import pytest

from local.functions import REQUEST_BYTES, Invocation, RequestTooLarge, TooManyRequests
from local.gateway import FUNCTION_URL, Cors, HttpApi, Route, Throttle

BODIES = json.loads((Path(__file__).parents[2] / "cases" / "function_url_bodies.json").read_text())
CORS = Cors(allow_origins=("https://a.example",), allow_methods=("POST",), expose_headers=("x-request-id",))


@pytest.fixture
def api() -> HttpApi:
    """A function URL of an alias."""
    return HttpApi("url", (Route("$default", "ingest:live"),), CORS, rules=FUNCTION_URL)


def event_of(served) -> dict:
    """The one event that the function got."""
    [(name, event)] = served.functions.calls
    assert name == "ingest:live"
    return event


def test_every_path_reaches_the_function(served, client) -> None:
    """The event names no route and no account; its path is as it was sent, and its id is the answer's."""
    answer = client.ask("PUT", "/a%20b/c?x=%31")
    event = event_of(served)

    assert (event["version"], event["routeKey"]) == ("2.0", "$default")
    assert (event["rawPath"], event["rawQueryString"]) == ("/a%20b/c", "x=%31")
    assert event["requestContext"]["http"]["path"] == "/a%20b/c"
    assert event["requestContext"]["accountId"] == "anonymous"
    assert "pathParameters" not in event
    assert answer.headers["x-amzn-requestid"] == event["requestContext"]["requestId"]
    assert "apigw-requestid" not in answer.headers


@pytest.mark.parametrize("case", BODIES, ids=lambda case: f"{case['type']} {case['latin1']!r}")
def test_a_body_is_text_or_base64_by_its_type_and_its_bytes(served, client, case) -> None:
    """As LocalStack passes it on: the type has `text`, `json` or `xml` in it, and the body is ASCII."""
    named = {"content_type": case["type"], "content_encoding": case.get("encoding")}
    client.ask("POST", "/", case["latin1"].encode("latin-1"), **{key: value for key, value in named.items() if value})
    event = event_of(served)

    assert (event.get("body"), event["isBase64Encoded"]) == (case["body"], case["base64"])
    assert event["headers"]["content-length"] == str(len(case["latin1"]))


def test_a_challenge_has_another_name(served, client) -> None:
    """`www-authenticate` arrives as `x-amzn-remapped-www-authenticate`; other headers keep their names."""
    served.functions.act = lambda _: {"statusCode": 401, "headers": {"WWW-Authenticate": "Bearer", "allow": "POST"}}
    headers = client.ask("POST", "/").headers

    assert headers["x-amzn-remapped-www-authenticate"] == "Bearer"
    assert headers["www-authenticate"] is None
    assert headers["allow"] == "POST"
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("failure", "status", "named"),
    [
        (RequestTooLarge("6 MB"), 413, ("RequestTooLargeException", "Request must be smaller than 6291456 bytes")),
        (TooManyRequests("1 is under way"), 429, ("TooManyRequestsException", "Rate Exceeded.")),
    ],
    ids=["too large", "throttled"],
)
def test_lambdas_own_answers(served, client, failure, status, named) -> None:
    """Before the function runs, Lambda answers `{"Message":…}` under the name of its own error."""

    def fail(_event):
        raise failure

    served.functions.act = fail
    answer = client.ask("POST", "/v1/events", b"x")

    assert (answer.status, answer.headers["x-amzn-errortype"]) == (status, named[0])
    assert json.loads(answer.text)["Message"].startswith(named[1])


@pytest.mark.parametrize(
    "payload", [b'{"errorMessage":"boom"}', b'{"statusCode":"none"}'], ids=["error", "not understood"]
)
def test_a_function_that_failed_is_502(served, client, payload) -> None:
    """In these bare words."""
    error = "Unhandled" if b"error" in payload else None
    served.functions.invoke = lambda *_: Invocation(payload, error, "id")
    answer = client.ask("POST", "/v1/events", b"x")

    assert (answer.status, answer.text) == (502, "Internal Server Error")


def test_a_body_of_more_than_6_mb_is_413(served, once) -> None:
    """No function is asked; just 6 MB is passed on, and what surrounds it in the event makes Lambda refuse it."""
    over = once("POST", "/", b"a" * (REQUEST_BYTES + 1))
    assert (over.status, served.functions.calls) == (413, [])
    assert once("POST", "/", b"a" * REQUEST_BYTES).status == 202
    assert len(served.functions.calls) == 1


def test_beyond_its_rate_it_answers_in_lambdas_words(served, client) -> None:
    """For all paths together."""
    served.api = replace(served.api, throttles={"$default": Throttle(0.001, 1)})
    answers = [client.ask("GET", path) for path in ("/a", "/b")]

    assert [one.status for one in answers] == [202, 429]
    assert json.loads(answers[1].text) == {"Message": "Rate Exceeded."}


def test_headers_are_not_limited_as_api_gateway_limits_them(served, client) -> None:
    """AWS documents no limit of theirs."""
    assert client.ask("GET", "/", x_long="x" * 12_000).status == 202


def test_it_answers_preflights(served, client) -> None:
    """Which costs no invocation; other answers have the same origin's headers."""
    asked = {"origin": "https://a.example", "access_control_request_method": "POST"}
    preflight = client.ask("OPTIONS", "/v1/events", **asked)
    assert (preflight.status, preflight.headers["access-control-allow-methods"]) == (200, "POST")
    assert served.functions.calls == []
    assert client.ask("POST", "/", origin="https://a.example").headers["access-control-expose-headers"]


def test_it_waits_for_the_function_alone(served, client) -> None:
    """API Gateway's 30 s are not Lambda's: it ends a function by its own timeout."""
    served.gateway._app._seconds = 0.0
    assert client.ask("POST", "/").status == 202
