import json
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import assume, given
from hypothesis import strategies as st

from distributary.errors import Unauthorized
from distributary.http.auth.signature import read_signature, unrecognized, verify
from distributary.http.request import Request

CASES = json.loads((Path(__file__).parents[3] / "cases/signatures.json").read_text())
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY_ID = "DK1AAAAAAAAAAAAAAAA"
HOST = "abc123.execute-api.eu-central-1.amazonaws.com"


def check(request: Request, *services: str, secret: str = SECRET, signed: tuple[str, ...] = ()) -> None:
    """What an API asks of a signature. Raises Unauthorized."""
    verify(read_signature(request, services=services, signed=("host", "x-amz-date", *signed)), request, secret)


def arrived(headers: Mapping[str, str]) -> float:
    """The time of x-amz-date."""
    return datetime.fromisoformat(headers["x-amz-date"]).timestamp()


def as_request(case: Mapping[str, Any]) -> Request:
    """The request of a case, at the time of its signature."""
    headers = case["headers"]
    return Request(case["method"], case["path"], headers, case["query"], case["body"], time=arrived(headers))


@pytest.mark.parametrize("case", CASES["good"], ids=lambda case: case["is"])
def test_a_good_signature_is_good(case: dict) -> None:
    """AWS's own vectors and botocore's; also at the ends of the five minutes, and with the body as bytes."""
    request = as_request(case)

    check(request, *case["services"])
    check(request._replace(time=request.time + 300, body=case["body"].encode()), *case["services"])
    check(request._replace(time=request.time - 300), *case["services"])


PUT = next(case for case in CASES["good"] if case["is"] == "a Kinesis PutRecord")


def changed(case: Mapping[str, Any]) -> Request:
    """The Kinesis PutRecord with a case's changes."""
    request = as_request(PUT)
    headers = {
        name: value for name, value in ({**request.headers, **case.get("headers", {})}).items() if value is not None
    }
    if "replace" in case:
        assert case["replace"][0] in headers["authorization"]
        headers["authorization"] = headers["authorization"].replace(*case["replace"])
    fields = {name: case[name] for name in ("method", "path", "query", "body") if name in case}
    return request._replace(headers=headers, time=request.time + case.get("seconds", 0), **fields)


@pytest.mark.parametrize("case", CASES["bad"], ids=lambda case: case["is"])
def test_a_changed_request_is_refused_with_awss_name(case: dict) -> None:
    """Each case of signatures.json, every part of a signed request among them."""
    with pytest.raises(Unauthorized) as refused:
        check(changed(case), "kinesis", secret=case.get("secret", SECRET), signed=("x-amz-target",))

    assert (refused.value.code, refused.value.detail) == (case["code"], case["detail"])
    assert SECRET not in str(refused.value)


def test_an_unknown_key_gets_awss_words() -> None:
    """SDKs and people look for them."""
    assert (unrecognized().code, unrecognized().detail) == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


def test_the_times_that_an_error_names_are_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the function believes to be: the client compares them with its x-amz-date."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        with pytest.raises(Unauthorized, match="20260131T235800Z is now earlier than 20260131T235900Z"):
            check(changed({"seconds": 360}), "kinesis")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_header_that_was_signed_and_not_sent_counts_as_empty() -> None:
    """A proxy may drop a header that has no value; with a value, the signature is another one."""
    for value in ("", "x"):
        signed = AWSRequest("POST", f"https://{HOST}/", {"X-Dropped": value}, b"{}")
        SigV4Auth(Credentials(KEY_ID, SECRET), "kinesis", "us-east-1").add_auth(signed)
        headers = {"host": HOST, **{name.lower(): value for name, value in signed.headers.items()}}
        del headers["x-dropped"]
        request = Request("POST", "/", headers, "", b"{}", time=arrived(headers))
        if value:
            with pytest.raises(Unauthorized, match="does not match"):
                check(request, "kinesis")
        else:
            check(request, "kinesis")


def test_all_that_is_wrong_is_named() -> None:
    """Each header that is not signed, each service that would be right."""
    request = as_request(PUT)

    with pytest.raises(Unauthorized) as unsigned:
        read_signature(request, services=("kinesis",), signed=("x-a", "host", "x-b"))
    assert unsigned.value.detail == "x-a, x-b must be signed: a 'SignedHeader' in Authorization"

    with pytest.raises(Unauthorized) as elsewhere:
        read_signature(request, services=("one", "another"), signed=())
    assert elsewhere.value.detail == "Credential should be scoped to correct service: 'another or one'."


def test_what_a_signature_says_is_read() -> None:
    """The key's id first of all: it decides whose secret is asked for."""
    said = read_signature(as_request(PUT), services=("kinesis",), signed=())

    assert (said.key_id, said.date[:8], said.region, said.service) == (KEY_ID, "20260131", "eu-central-1", "kinesis")
    assert set(said.signed_headers) >= {"host", "x-amz-date", "x-amz-target"}
    assert len(said.digest) == 64


def test_an_authority_counts_with_the_value_of_host() -> None:
    """Another host is refused, also where a client sends a header of the pseudo-header's name."""
    over_http2 = as_request(next(case for case in CASES["good"] if "HTTP/2" in case["is"]))
    signed_for = over_http2.headers["host"]
    check(over_http2, "kinesis", signed=("x-amz-target",))

    with pytest.raises(Unauthorized, match="does not match"):
        check(
            over_http2._replace(headers={**over_http2.headers, "host": "elsewhere", ":authority": signed_for}),
            "kinesis",
        )


class _SignsFewer(SigV4Auth):
    """A signer that leaves a header out of a signature that is good otherwise."""

    left_out = ""

    def headers_to_sign(self, request: AWSRequest) -> Any:
        headers = super().headers_to_sign(request)
        del headers[self.left_out]
        return headers


@pytest.mark.parametrize("left_out", ["host", "x-amz-date", "x-amz-target", "content-type"])
def test_what_decides_what_a_request_does_must_be_signed(left_out: str) -> None:
    """A good signature that leaves out the host, the time or the target would be good for others, too."""
    given = {"X-Amz-Target": "Kinesis_20131202.PutRecord", "Content-Type": "application/x-amz-json-1.1"}
    signed = AWSRequest("POST", f"https://{HOST}/", given, b"{}")
    signer = _SignsFewer(Credentials(KEY_ID, SECRET), "kinesis", "us-east-1")
    signer.left_out = left_out
    signer.add_auth(signed)
    headers = {"host": HOST, **{name.lower(): value for name, value in signed.headers.items()}}
    request = Request("POST", "/", headers, "", b"{}", time=arrived(headers))
    if left_out == "content-type":
        check(request, "kinesis", signed=("x-amz-target",))
        return

    with pytest.raises(Unauthorized, match=f"{left_out} must be signed"):
        check(request, "kinesis", signed=("x-amz-target",))


def test_a_query_is_signed_in_one_order_and_sent_in_any() -> None:
    """Also where one name has several values."""
    described = next(
        case for case in CASES["good"] if case["is"] == "a path and a query with everything that is encoded"
    )
    parameters = described["query"].split("&")

    for order in (reversed(parameters), sorted(parameters)):
        check(as_request(described)._replace(query="&".join(order)), "ioteventsdata")


# ── against botocore's own signer ──

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
segment = text.filter(lambda value: value not in {"", ".", ".."} and "/" not in value)
paths = st.lists(segment, max_size=4).map(lambda parts: "/" + "/".join(parts))
queries = st.lists(st.tuples(text.filter(bool), text), max_size=5)
# What HTTP lets a value be: visible characters, blanks and tabs, in any order.
values = st.text(st.sampled_from(" \t") | st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
names = st.sampled_from(["X-Custom", "x-amz-meta", "Content-Type", "Accept", "X-Amz-Target", "Content-Length"])
bodies = st.binary(max_size=60) | text
services = st.sampled_from(["firehose", "kinesis", "ioteventsdata"])


@st.composite
def signed_by_botocore(draw: st.DrawFn) -> tuple[Request, str]:
    """A request as botocore signs it and as API Gateway then hands it over: path decoded, header names lower case."""
    service, path, body = draw(services), draw(paths), draw(bodies)
    query = urlencode(draw(queries), quote_via=quote, safe="-_.~")
    url = f"https://{HOST}{quote(path, safe='/-_.~')}" + (f"?{query}" if query else "")
    request = AWSRequest(
        draw(st.sampled_from(["GET", "POST"])),
        url,
        draw(st.dictionaries(names, values)),
        body.encode() if isinstance(body, str) else body,
    )
    SigV4Auth(Credentials(KEY_ID, SECRET), service, draw(st.sampled_from(["us-east-1", "eu-central-1"]))).add_auth(
        request
    )
    headers = {"host": HOST, **{name.lower(): value for name, value in request.headers.items()}}
    parts = urlsplit(url)
    return Request(request.method, unquote(parts.path), headers, parts.query, body, time=arrived(headers)), service


@given(signed_by_botocore())
def test_whatever_botocore_signs_is_good(signed: tuple[Request, str]) -> None:
    """Any method, path, query, headers with odd white space, and body, as text or bytes."""
    request, service = signed

    check(request, service)


def changed_query(query: str, value: str) -> str:
    """The query with one more parameter."""
    return f"{query}&{quote(value)}=1" if query else f"{quote(value)}=1"


@given(signed_by_botocore(), st.sampled_from(["method", "path", "query", "body", "header"]), segment)
def test_no_part_of_what_botocore_signed_may_change(signed: tuple[Request, str], part: str, value: str) -> None:
    """A method, path, query, body or signed header that is another one."""
    request, service = signed
    names = sorted(set(request.headers) - {"authorization", "x-amz-date"})
    name = names[len(value) % len(names)]
    body = request.body if isinstance(request.body, bytes) else request.body.encode()
    other = {
        "method": lambda: request._replace(method="PUT"),
        "path": lambda: request._replace(path=f"{request.path}{value}"),
        "query": lambda: request._replace(query=changed_query(request.query, value)),
        "body": lambda: request._replace(body=body + value.encode()),
        "header": lambda: request._replace(headers={**request.headers, name: f"{request.headers[name]}|{value}"}),
    }[part]()
    assume(other != request)

    with pytest.raises(Unauthorized):
        check(other, service)


@given(
    st.dictionaries(st.sampled_from(["authorization", "x-amz-date", "host", "x-amz-content-sha256"]), st.text()),
    st.text(),
    st.text() | st.binary(),
    st.sampled_from(["", "AWS4-HMAC-SHA256 "]),
)
def test_anything_else_is_refused_and_raises_nothing_else(
    headers: dict[str, str], path: str, body: str | bytes, scheme: str
) -> None:
    """Lone surrogates included: no request makes the check itself fail."""
    headers = {**headers, "authorization": scheme + headers.get("authorization", "")}
    with pytest.raises(Unauthorized):
        check(Request("POST", path, headers, path, body), "kinesis")


@pytest.mark.parametrize("field", ["path", "query", "body", "host"])
def test_a_lone_surrogate_is_refused_like_any_other_text(field: str) -> None:
    """Where a byte was no UTF-8, whoever decoded it may have left one."""
    request = as_request(PUT)
    broken = (
        request._replace(headers={**request.headers, "host": "\ud800"})
        if field == "host"
        else request._replace(**{field: "/\ud800"})
    )

    with pytest.raises(Unauthorized):
        check(broken, "kinesis")
