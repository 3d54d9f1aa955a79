"""A page of another origin in a real Chromium, with the code of docs/how-to/clients/browser.md."""

import dataclasses
import json
import uuid

import pytest
from browser import Pages, page
from snippets import snippet

from commands.key_ring import KeyRing
from commands.read_back import kinesis_envelopes, wait_for
from distributary.access.key import for_everything
from local.functions import Invocation
from local.gateway import Cors, Gateway, HttpApi, Route

LEAVE = "location.href = '/after';"


@pytest.fixture(scope="module")
def key(stage) -> str:
    """A key as pages have it, as `id.secret`."""
    wanted = dataclasses.replace(for_everything(f"page-{uuid.uuid4().hex}"), browser=True)
    made, secret = KeyRing(stage).create(wanted)
    return f"{made.id}.{secret}"


@pytest.fixture
def from_docs(stage, key):
    """The code of the page, for this stage, key and device."""
    return lambda name, device: snippet("browser", name, endpoint=stage.endpoint, key=key, device=device)


def landed(stage, since, device: str, count: int) -> list[dict]:
    """The data of that device's events, once there are so many."""

    def found() -> dict[str, dict]:
        envelopes = kinesis_envelopes(stage, since).values()
        of_device = [one["data"] for one in envelopes if (one["data"] or {}).get("deviceId") == device]
        return {str(number): data for number, data in enumerate(of_device)}

    return [*wait_for([str(number) for number in range(count)], found, seconds=60).values()]


def test_a_page_posts_and_reads_the_answer(stage, from_docs, since, tmp_path) -> None:
    """`fetch` with the headers of tracing: the page sees the receipt and the exposed headers."""
    device = f"fetch-{uuid.uuid4().hex}"
    code = from_docs("fetch", device).replace(
        'authorization: "', 'traceparent: "00-1-2-01", tracestate: "a=b", baggage: "c=d", authorization: "'
    )
    exposed = "['x-request-id', 'idempotency-key'].map((name) => Boolean(answer.headers.get(name)))"
    pages = Pages({"/": page(f"{code} say([accepted, events.length, {exposed}]);")})

    with pages.open("/", tmp_path):
        assert pages.next() == [1, 1, [True, True]]
    assert landed(stage, since, device, 1) == [{"deviceId": device, "temperature": 21.5}]


def test_what_is_sent_when_a_page_closes_arrives(stage, from_docs, key, since, tmp_path) -> None:
    """`sendBeacon` of a string and `fetch` with `keepalive`, both as JSON; a Blob of JSON does not."""
    device = f"close-{uuid.uuid4().hex}"
    blob = (
        f"navigator.sendBeacon('{stage.endpoint}/v1/events?key={key}',"
        f" new Blob([JSON.stringify({{deviceId: '{device}', left: 'blob'}})], {{type: 'application/json'}}));"
    )
    pages = Pages({"/": page(f"{blob} {from_docs('close', device)} {LEAVE}"), "/after": page("say('gone');")})

    with pages.open("/", tmp_path):
        assert pages.next() == "gone"
        left = [one["left"] for one in landed(stage, since, device, 2)]
    assert sorted(left) == ["beacon", "keepalive"]


def test_an_amzn_request_id_is_readable(stage, tmp_path) -> None:
    """The AWS-compatible API's name for a request, which the SDK for JavaScript shows in its errors."""
    target = "{'x-amz-target': 'Kinesis_20131202.PutRecord'}"
    ask = f"await fetch('{stage.endpoint}/', {{method: 'POST', headers: {target}}})"
    pages = Pages({"/": page(f"say(Boolean(({ask}).headers.get('x-amzn-requestid')));")})

    with pages.open("/", tmp_path):
        assert pages.next() is True


class Taking:
    """A function that takes every event, and keeps the bodies."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def invoke(self, name: str, payload: bytes) -> Invocation:
        """202, always."""
        self.bodies.append(json.loads(payload)["body"])
        return Invocation(json.dumps({"statusCode": 202, "body": "{}"}).encode(), None, name)


@pytest.mark.parametrize("credentials", [True, False])
def test_cookies_need_the_setting(tmp_path, wait, credentials) -> None:
    """With it a page reads the answer of a request with cookies, and a beacon of a Blob arrives; without it neither."""
    functions, api = Taking(), HttpApi("any", (Route("POST /v1/events", "ingest"),))
    gateway = Gateway(lambda: api, functions, port=0, log=lambda _: None)
    gateway.start()
    url = f"http://localhost:{gateway.port}/v1/events"
    blob = f"navigator.sendBeacon('{url}', new Blob(['{{}}'], {{type: 'application/json'}}));"
    ask = f"const asked = fetch('{url}', {{method: 'POST', credentials: 'include', body: 'asked'}});"
    tell = "say(await asked.then((answer) => answer.status, () => 'hidden'));"
    last = f"await fetch('{url}', {{method: 'POST', body: 'last'}}); say('gone');"
    pages = Pages({"/": page(f"{blob} {ask} {tell} {LEAVE}"), "/after": page(last)})
    cors = Cors((pages.origin,), ("POST",), ("content-type",), allow_credentials=credentials)
    api = dataclasses.replace(api, cors=cors)
    try:
        with pages.open("/", tmp_path):
            assert [pages.next(), pages.next()] == [202 if credentials else "hidden", "gone"]
            wait(lambda: "{}" in functions.bodies or not credentials)
    finally:
        gateway.close()

    assert {"asked", "last"} <= set(functions.bodies)
    assert ("{}" in functions.bodies) is credentials
