import json

import pytest

from commands.front_checks import front_is_as_assumed

ORIGIN = "https://app.example.com"


def test_the_root_says_what_this_is(anonymous) -> None:
    """GET / names the product and its version, and says that a key is needed, to everyone."""
    answer = anonymous("GET", "/")
    document = json.loads(answer.body)

    assert answer.status == 200
    assert document["name"] == "distributary"
    assert "with a key" in document["access"]


def test_health_passes(anonymous) -> None:
    """GET /v1/health looks at the sinks and the queue, for anyone."""
    answer = anonymous("GET", "/v1/health")

    assert (answer.status, json.loads(answer.body)) == (200, {"status": "pass"})
    assert answer.headers["content-type"] == "application/health+json"


def test_what_smoke_checks_in_an_account_holds_here(stage, http, capsys) -> None:
    """The local gateway hands bodies over, and answers by itself, as `make smoke` expects of API Gateway."""
    assert front_is_as_assumed(stage, http.credential), capsys.readouterr().out


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/nowhere", 404, None),
        ("PUT", "/v1/events", 405, "OPTIONS, POST"),
        ("GET", "/v1/events", 405, "OPTIONS, POST"),
        ("DELETE", "/", 405, "GET, POST"),
        ("POST", "/v1/health", 405, "GET, HEAD"),
        ("GET", "/inputs/messages", 405, "POST"),
    ],
)
def test_unknown_paths_and_methods(http, method: str, path: str, status: int, allow: str | None) -> None:
    """404 and 405 come from the route table, with Allow, a problem document and a request id."""
    answer = http(method, path)

    assert (answer.status, answer.headers.get("allow")) == (status, allow)
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["instance"] == answer.headers["x-request-id"] == answer.headers["apigw-requestid"]


def test_health_may_be_asked_for_its_head(anonymous) -> None:
    """Monitors that send HEAD: the status, and no body."""
    answer = anonymous("HEAD", "/v1/health")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/health+json"


def test_a_slash_too_many_is_redirected(http, anonymous) -> None:
    """308 keeps method and body; the request itself is not taken, key or no key."""
    for client in (http, anonymous):
        answer = client("POST", "/v1/events/?type=a%20b", b"{}", content_type="application/json")

        assert (answer.status, answer.headers["location"]) == (308, "/v1/events?type=a%20b")


def test_a_sender_of_webhooks_may_ask(anonymous) -> None:
    """The handshake reaches the function, though the stage has CORS; without a key."""
    answer = anonymous("OPTIONS", "/v1/events", webhook_request_origin="emitter.example.com", webhook_request_rate="60")

    assert answer.status == 200
    assert answer.headers["webhook-allowed-origin"] == "emitter.example.com"
    assert answer.headers["webhook-allowed-rate"] == "60"


def test_preflight_is_answered_by_the_api(http) -> None:
    """A browser's OPTIONS gets the allowed headers without reaching a function."""
    answer = http(
        "OPTIONS",
        "/v1/events",
        origin=ORIGIN,
        access_control_request_method="POST",
        access_control_request_headers="content-type,idempotency-key,ce-id",
    )

    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] in ("*", ORIGIN)
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert {"content-type", "idempotency-key", "ce-id", "authorization"} <= set(allowed.replace(" ", "").split(","))


def test_answers_may_be_read_by_pages(http) -> None:
    """A cross-origin answer exposes what a client needs for its retries."""
    answer = http("POST", "/v1/events", b'{"a":1}', content_type="application/json", origin=ORIGIN)
    exposed = answer.headers["access-control-expose-headers"].lower().replace(" ", "").split(",")

    assert answer.status == 202
    assert {"retry-after", "x-request-id", "idempotency-key"} <= set(exposed)


@pytest.mark.parametrize(("size", "status"), [(10_485_761, 413), (7_000_000, 413)])
def test_what_is_too_large_for_the_api_is_answered_in_its_words(http, size: int, status: int) -> None:
    """Over 10 MB, and between Lambda's 6 MB and that, the answer is API Gateway's own."""
    answer = http("POST", "/v1/events", b"x" * size, content_type="application/octet-stream")

    assert (answer.status, json.loads(answer.body)) == (status, {"message": "Request Entity Too Large"})


def test_a_throttled_route_answers_in_the_apis_words(http) -> None:
    """Health may be asked once a second, twice at once: more is API Gateway's own 429."""
    answers = [http("GET", "/v1/health") for _ in range(6)]
    refused = [answer for answer in answers if answer.status != 200]

    assert 3 <= len(refused) <= 6
    assert {(answer.status, answer.body) for answer in refused} == {(429, b'{"message":"Too Many Requests"}')}
