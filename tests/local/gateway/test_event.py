import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.gateway.event import HttpRequest, build
from local.gateway.routing import HttpApi, Match, Route

BODIES = json.loads((Path(__file__).parents[2] / "cases" / "gateway_bodies.json").read_text())
NOW = datetime(2026, 3, 12, 19, 3, 58, 390_000, tzinfo=UTC)


def event(path: str = "/", query: str = "", *fields: tuple[str, str], method: str = "GET", body: bytes = b"") -> dict:
    """The event of one request to localhost:8080."""
    request = HttpRequest(method, path, query, (("host", "localhost:8080"), *fields), "127.0.0.9", body)
    matched = Match(Route("ANY /{proxy+}", "f"), {"proxy": "x"})
    return build(request, matched, HttpApi("abc123", ()), request_id="JKJaXmPLvHcESHA=", now=NOW)


def test_an_event_of_a_request_with_everything() -> None:
    """Each field of payload format 2.0 is where AWS's page shows it."""
    built = event(
        "/my/path",
        "parameter1=value1&parameter1=value2&parameter2=value",
        ("cookie", "cookie1=a; cookie2=b"),
        ("header1", "value1"),
        ("header1", "value2"),
        ("user-agent", "agent"),
        ("content-type", "text/plain"),
        method="POST",
        body=b"Hello",
    )
    trace = built["headers"].pop("x-amzn-trace-id")

    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", trace)
    assert built == {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1=a", "cookie2=b"],
        "headers": {
            "host": "localhost:8080",
            "header1": "value1,value2",
            "user-agent": "agent",
            "content-type": "text/plain",
            "content-length": "5",
            "x-forwarded-for": "127.0.0.9",
            "x-forwarded-port": "8080",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.9",
                "userAgent": "agent",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "ANY /{proxy+}",
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1773342238390,
        },
        "pathParameters": {"proxy": "x"},
        "body": "Hello",
        "isBase64Encoded": False,
    }


def test_what_a_request_lacks_is_absent() -> None:
    """No cookies, query or body: their fields are missing, but `rawQueryString` is empty."""
    built = event()

    assert not {"cookies", "queryStringParameters", "body"} & built.keys()
    assert built["rawQueryString"] == ""
    assert built["isBase64Encoded"] is False
    assert built["headers"]["content-length"] == "0"


def test_the_path_is_decoded_and_the_query_string_is_not() -> None:
    """`rawPath` is decoded in spite of its name; `rawQueryString` stays, its parameters are decoded."""
    built = event("/caf%C3%A9/a%2Fb/", "k=%2B+x&empty=&bare&k=2")

    assert built["rawPath"] == built["requestContext"]["http"]["path"] == "/café/a/b/"
    assert built["rawQueryString"] == "k=%2B+x&empty=&bare&k=2"
    assert built["queryStringParameters"] == {"k": "+ x,2", "empty": "", "bare": ""}


def test_what_is_said_of_the_connection_is_not_passed_on() -> None:
    """A chunked body arrives with its length; Transfer-Encoding, Connection and Expect do not arrive."""
    fields = (("transfer-encoding", "chunked"), ("connection", "keep-alive"), ("expect", "100-continue"))
    headers = event("/", "", *fields, body=b"abc")["headers"]

    assert headers["content-length"] == "3"
    assert not {name for name, _ in fields} & headers.keys()


def test_a_proxy_in_front_is_kept() -> None:
    """The caller's address is appended to X-Forwarded-For."""
    assert event("/", "", ("x-forwarded-for", "10.0.0.1"))["headers"]["x-forwarded-for"] == "10.0.0.1, 127.0.0.9"


@pytest.mark.parametrize("case", BODIES, ids=lambda case: f"{case['type']} {case['latin1']!r}")
def test_a_body_is_text_or_base64_by_its_type(case: dict) -> None:
    """Text types come as text, U+FFFD for what is no UTF-8; all else, and any content encoding, as base64."""
    fields = [("content-type", case["type"])] if case["type"] is not None else []
    fields += [("content-encoding", case["encoding"])] if "encoding" in case else []

    built = event("/", "", *fields, body=case["latin1"].encode("latin-1"))

    assert (built.get("body"), built["isBase64Encoded"]) == (case["body"], case["base64"])


def test_the_head_is_measured_as_sent() -> None:
    """Request line and headers count with their separators and line ends."""
    request = HttpRequest("GET", "/a", "b=c", (("host", "h"), ("x", "yz")))

    assert request.head_bytes == len("GET /a?b=c HTTP/1.1\r\nhost: h\r\nx: yz\r\n")
