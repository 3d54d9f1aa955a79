import pytest

from distributary.http.request import Request
from distributary.http.webhook import handshake


def asked(**headers: str) -> dict[str, str]:
    """The webhook's headers of the answer to a handshake with one sender allowed."""
    request = Request("OPTIONS", "/v1/events", {name.replace("_", "-"): value for name, value in headers.items()})
    response = handshake({"emitter.example.com"})(request)

    assert (response.status, response.body, response.headers["allow"]) == (200, "", "OPTIONS, POST")
    return {name: value for name, value in response.headers.items() if name.startswith("webhook-")}


@pytest.mark.parametrize("origin", ["emitter.example.com", "Emitter.Example.com"])
def test_a_sender_that_is_named_may_post(origin: str) -> None:
    """The rate that it asks for is granted; without one there is no limit but the throttle."""
    granted = {"webhook-allowed-origin": origin}

    assert asked(webhook_request_origin=origin) == granted | {"webhook-allowed-rate": "*"}
    assert asked(webhook_request_origin=origin, webhook_request_rate="120") == granted | {"webhook-allowed-rate": "120"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook_request_origin": "other.example"},
        {"webhook_request_origin": "*"},
        {"webhook_request_origin": "a b"},
    ],
)
def test_another_sender_is_told_nothing(headers: dict[str, str]) -> None:
    """As the specification has it: no header, so it does not post."""
    assert asked(**headers) == {}


def test_a_rate_that_is_no_number_does_not_come_back() -> None:
    """Nothing of theirs gets into a header unread."""
    granted = asked(webhook_request_origin="emitter.example.com", webhook_request_rate="1, x: y")

    assert granted["webhook-allowed-rate"] == "*"


def test_every_sender_may_post_where_the_stage_says_so() -> None:
    """`*`: the key decides alone."""
    response = handshake({"*"})(Request("OPTIONS", "/v1/events", {"webhook-request-origin": "anyone.example"}))

    assert response.headers["webhook-allowed-origin"] == "anyone.example"
