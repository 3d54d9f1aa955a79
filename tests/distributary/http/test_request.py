import base64

from distributary.http.request import Request, Response


class FakeContext:
    aws_request_id = "function-request"

    def get_remaining_time_in_millis(self) -> int:
        return 12_500


def event(**changes: object) -> dict:
    """An event of API Gateway, changed as told."""
    return {
        "version": "2.0",
        "routeKey": "POST /v1/events",
        "rawPath": "/v1/events",
        "rawQueryString": "type=a%20b&type=c&empty=",
        "headers": {"content-type": "text/plain"},
        "requestContext": {
            "http": {"method": "POST", "path": "/v1/events"},
            "requestId": "r-1",
            "timeEpoch": 1_700_000_000_123,
        },
        **changes,
    }


def test_a_request_is_read_from_payload_format_2() -> None:
    """Method, path, headers, id, time and the time left come out of API Gateway's event."""
    request = Request.from_event(event(body="hello", isBase64Encoded=False), FakeContext())

    assert request == Request(
        method="POST",
        path="/v1/events",
        headers={"content-type": "text/plain"},
        query="type=a%20b&type=c&empty=",
        body="hello",
        id="r-1",
        time=1_700_000_000.123,
        remaining=12.5,
    )


def test_base64_bodies_become_bytes() -> None:
    """A body that API Gateway encoded is handed on as the client's bytes."""
    body = base64.b64encode(b"\x00\xff").decode()

    assert Request.from_event(event(body=body, isBase64Encoded=True), FakeContext()).body == b"\x00\xff"


def test_no_body_is_empty() -> None:
    """An absent body reads as empty."""
    assert Request.from_event(event(), FakeContext()).body == ""


def test_a_parameter_is_its_first_value_decoded() -> None:
    """Query parameters are percent-decoded; the first of several counts; an absent one is None."""
    request = Request.from_event(event(), FakeContext())

    assert request.parameter("type") == "a b"
    assert request.parameter("empty") == ""
    assert request.parameter("other") is None


def test_an_answer_is_written_as_payload() -> None:
    """A Response becomes status, headers and a text body; what it says for the log stays here."""
    response = Response(202, "{}", {"a": "1"}, {"accepted": 1}).with_headers({"b": "2"})

    assert response.to_payload() == {
        "statusCode": 202,
        "headers": {"a": "1", "b": "2"},
        "body": "{}",
        "isBase64Encoded": False,
    }


def test_claims_are_those_of_the_authorizer_alone() -> None:
    """They stand in the request context, which no client writes; a route without an authorizer has none."""
    about = event()["requestContext"]
    jwt = {"claims": {"sub": "hall"}, "scopes": None}
    told = event(requestContext={**about, "authorizer": {"jwt": jwt}}, claims={"sub": "attic"})

    assert Request.from_event(told, FakeContext()).claims == {"sub": "hall"}
    assert Request.from_event(event(claims={"sub": "attic"}), FakeContext()).claims is None
