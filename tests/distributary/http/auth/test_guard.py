import base64
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.session import Session
from fake_clock import FakeClock

from distributary.access.key import API_NAMES, RIGHTS, Claims, Key, derive_secret, version_of
from distributary.access.quota import Quota, Quotas
from distributary.aws.clients import MODELS
from distributary.clock import Clock
from distributary.errors import KeysUnavailable
from distributary.http.auth.guard import Guard
from distributary.http.aws_api import cbor
from distributary.http.request import Request, Response
from distributary.sinks.registry import SINK_NAMES

ID = "DK1AAAAAAAAAAAAAAAA"
SECRET = derive_secret("master", ID)
KEY = Key(id=ID, name="hall", doors=frozenset(API_NAMES))
BEARER = {"authorization": f"Bearer {ID}.{SECRET}"}


@dataclass
class FakeKeys:
    """Keys in memory; `asked` lists the ids that were looked up, `used` those whose use was noted."""

    keys: dict[str, Key] = field(default_factory=lambda: {ID: KEY})
    failure: Exception | None = None
    asked: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)

    def secret(self, key_id: str) -> str | None:
        if self.failure:
            raise self.failure
        return derive_secret("master", key_id) if version_of(key_id) == "1" else None

    def find(self, key_id: str) -> Key | None:
        self.asked.append(key_id)
        return self.keys.get(key_id)

    def note_use(self, key: Key) -> Callable[[], None]:
        self.used.append(key.id)
        return lambda: self.noted.append(key.id)


class House:
    """A guard with three APIs; `seen` are the requests that came through, `answer` is what each gets."""

    def __init__(self, claims: Claims | None = None) -> None:
        self.time = FakeClock()
        self.keys = FakeKeys()
        self.seen: list[Request] = []
        self.answer = Response(202, "{}", {"content-type": "application/json"}, {"accepted": 1})
        guard = Guard(self.keys, Quotas(self.time.clock), self.time.clock, claims or Claims(""))
        self.events = guard.protect(self._api, "events")
        self.aws = guard.protect(self._api, "aws")
        self.iot_events = guard.protect(self._api, "iot_events")
        self.detectors = {right: guard.protect(self._api, "iot_events", right) for right in RIGHTS}

    def _api(self, request: Request) -> Response:
        self.seen.append(request)
        return self.answer

    def give(self, **changes: Any) -> None:
        """Change the one key."""
        self.keys.keys[ID] = replace(self.keys.keys[ID], **changes)

    def post(self, headers: dict[str, str] | None = None, query: str = "") -> Response:
        """A request to /v1/events."""
        return self.events(Request("POST", "/v1/events", BEARER if headers is None else headers, query, b"{}", "r-1"))


@pytest.fixture
def house() -> House:
    """A house whose one key opens every API, and has no right to detectors."""
    return House()


# ── /v1/events ──


@pytest.mark.parametrize(
    "headers",
    [
        BEARER,
        {"x-api-key": f"{ID}.{SECRET}"},
        {"authorization": "Basic " + base64.b64encode(f"{ID}:{SECRET}".encode()).decode()},
    ],
)
def test_a_good_key_gets_in_and_the_api_sees_it(house: House, headers: dict[str, str]) -> None:
    """The answer is the API's own; its log says which key, and the key's use is noted."""
    response = house.post(headers)

    assert (response.status, response.body) == (202, "{}")
    assert response.log == {"accepted": 1, "key": ID}
    assert house.seen[0].key == KEY
    assert house.keys.used == house.keys.noted == [ID]  # begun, and waited for


WRONG = {
    "no credentials": {},
    "a wrong secret": {"authorization": f"Bearer {ID}.{SECRET[:-1]}"},
    "the secret of another key": {"authorization": f"Bearer {ID}.{derive_secret('master', ID[:-1] + 'B')}"},
    "a decoy's secret": {"authorization": f"Bearer AKIAIOSFODNN7EXAMPLE.{'A' * 43}"},
    "a secret beyond ASCII": {"authorization": f"Bearer {ID}.\ud800é"},
    "an id that is not ours": {"authorization": f"Bearer AKIAIOSFODNN7EXAMPLE.{SECRET}"},
    "an id that was never given": {"authorization": f"Bearer DK1BBBBBBBBBBBBBBBB.{SECRET}"},
    "a derived secret of no key": {
        "authorization": f"Bearer DK1BBBBBBBBBBBBBBBB.{derive_secret('master', 'DK1BBBBBBBBBBBBBBBB')}"
    },
    "an AWS signature": {"authorization": f"AWS4-HMAC-SHA256 Credential={ID}/…"},
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
def test_wrong_credentials_are_401_with_a_challenge(house: House, headers: dict[str, str]) -> None:
    """In problem+json, and whoever does not know the secret makes nobody look anything up."""
    response = house.post(headers)

    assert response.status == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == 'Bearer realm="distributary"'
    assert json.loads(response.body)["code"] == "Unauthorized"
    assert json.loads(response.body)["instance"] == "r-1"
    assert response.log == {"refused": "Unauthorized", "refused_keys": 1}
    assert house.seen == []
    # Only who knows the secret that an id would have makes us look.
    assert house.keys.asked == (["DK1BBBBBBBBBBBBBBBB"] if headers == WRONG["a derived secret of no key"] else [])


def test_an_unknown_id_and_a_wrong_secret_get_the_same_answer(house: House) -> None:
    """Nobody learns from it which ids there are."""
    answers = {house.post(WRONG[name]).body for name in WRONG if name not in ("no credentials", "an AWS signature")}

    [answer] = answers
    assert json.loads(answer)["detail"] == "no such key, a wrong secret, or a key that is revoked or expired"


@pytest.mark.parametrize("name", ["a wrong secret", "an id that is not ours", "an id that was never given"])
def test_secrets_are_compared_in_constant_time(house: House, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """How long a refusal takes says nothing of how much was right, nor whether there is such an id."""
    compared: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(hmac, "compare_digest", lambda *pair: bool(compared.append(pair)))
    house.post(WRONG[name])

    [(expected, given)] = compared
    assert len(expected) == len(SECRET)
    assert given.decode() in WRONG[name]["authorization"]


def test_no_answer_or_log_line_repeats_a_secret(house: House) -> None:
    """Whatever is wrong with it."""
    for headers in [*WRONG.values(), {"authorization": f"Bearer {SECRET}"}, {"x-api-key": SECRET}]:
        response = house.post(headers)

        assert SECRET[:-1] not in repr(response)


def test_a_key_in_the_url_must_be_a_browsers(house: House) -> None:
    """Any other is 403, although it is good: a URL is shown to too many."""
    refused = house.post({}, f"key={ID}.{SECRET}")

    assert refused.status == 403
    assert json.loads(refused.body)["detail"] == (
        "this key may not stand in a URL: send it in the Authorization header"
    )

    house.give(browser=True)

    assert house.post({}, f"key={ID}.{SECRET}").status == 202


@pytest.mark.parametrize("api", ["events", "aws", "iot_events"])
def test_a_key_opens_its_own_doors_only(house: House, api: str) -> None:
    """A good key at another API is 403, and its use there is none."""
    house.give(doors=frozenset({api}))

    response = house.post()

    assert response.status == (202 if api == "events" else 403)
    if api != "events":
        assert json.loads(response.body)["detail"] == (
            "this key lacks the right events: its operator can grant it with `make keys`"
        )
    assert bool(house.keys.used) is (api == "events")


def test_a_used_up_quota_is_429_with_retry_after(house: House) -> None:
    """Two events a second, a burst of four: a request of nine must be paid back before the next."""
    house.give(quota=Quota(rate=2.0, burst=4.0))
    house.answer = house.answer._replace(events=9)

    first, refused = house.post(), house.post()

    assert (first.status, refused.status) == (202, 429)
    assert refused.headers["retry-after"] == "3"
    assert limits(first) == limits(refused) == ("4", "0", "5")  # a debt of five, and a burst of four, at two a second
    assert json.loads(refused.body)["code"] == "TooManyRequests"

    house.time.now += 3

    assert house.post().status == 202


def limits(response: Response) -> tuple[str | None, ...]:
    """The headers of a quota."""
    return tuple(response.headers.get(f"ratelimit-{name}") for name in ("limit", "remaining", "reset"))


def test_an_answer_says_what_is_left_of_the_quota(house: House) -> None:
    """So that a client can slow down before it is refused; a key without a quota has no such headers."""
    house.give(quota=Quota(rate=2.0, burst=10.0))
    house.answer = house.answer._replace(events=3)

    assert limits(house.post()) == ("10", "7", "2")
    assert limits(house.post()) == ("10", "4", "3")

    house.give(quota=None)

    assert limits(house.post()) == (None, None, None)


def test_a_request_that_carries_no_event_costs_one(house: House) -> None:
    """Nonsense is not free of charge."""
    house.give(quota=Quota(rate=1.0, burst=2.0))
    house.answer = Response(400, events=0)

    assert [house.post().status for _ in range(3)] == [400, 400, 429]


def test_keys_that_cannot_be_checked_are_503_with_retry_after(house: House) -> None:
    """The cause is in the log, not in the answer."""
    house.keys.failure = KeysUnavailable("AccessDeniedException", 5)
    response = house.post()

    assert (response.status, response.headers["retry-after"]) == (503, "5")
    assert response.log == {"refused": "KeysUnavailable", "cause": "AccessDeniedException"}
    assert "AccessDenied" not in response.body


def test_the_time_that_checking_took_is_not_the_doors(house: House) -> None:
    """A key that took three seconds to look up leaves the API three seconds less, whenever that is."""
    house.time.now = 100.0

    def find(_key_id: str) -> Key:
        house.time.now += 3.0
        return Key(id=ID, name="hall")

    house.keys.find = find  # type: ignore[method-assign]
    house.post()

    assert house.seen[0].remaining == 27.0


def test_an_open_stage_has_no_guard() -> None:
    """Without keys every API stays the very same."""

    def api(_request: Request) -> Response:
        return Response(202)

    assert Guard(None, Quotas(FakeClock().clock), FakeClock().clock).protect(api, "events") is api


# ── the AWS APIs, with AWS's own clients ──


class _Body:
    """An answer's body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_how: Any) -> Iterator[bytes]:
        yield self._body


SESSION = Session()
SESSION.get_component("data_loader").search_paths.append(str(MODELS))

Change = Callable[[Request], Request]


def client(house: House, service: str, *, key_id: str = ID, secret: str = SECRET, token: str | None = None) -> Any:
    """A client of botocore whose requests go straight to the house's doors; its `change` alters them on their way."""
    made = SESSION.create_client(
        service,
        region_name="eu-central-1",
        endpoint_url="https://abc123.execute-api.eu-central-1.amazonaws.com",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )
    made.change = lambda request: request

    def send(request: AWSPreparedRequest, **_more: Any) -> AWSResponse:
        url = urlsplit(request.url)
        headers = {"host": url.netloc, **{name.lower(): _text(value) for name, value in request.headers.items()}}
        date = Clock().time()
        seen = Request(request.method, unquote(url.path), headers, url.query, request.body or b"", "r-1", date)
        api = house.aws if url.path == "/" else house.iot_events
        response = api(made.change(seen))
        return AWSResponse(request.url, response.status, response.headers, _Body(response.body.encode()))

    made.meta.events.register("before-send", send)
    return made


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


CALLS: dict[str, tuple[str, Callable[[Any], Any], dict[str, Any]]] = {
    "firehose": (
        "firehose",
        lambda made: made.put_record(DeliveryStreamName="events", Record={"Data": b"hello \xff"})["RecordId"],
        {"RecordId": "1"},
    ),
    "kinesis": (
        "kinesis",
        lambda made: made.put_records(StreamName="events", Records=[{"Data": b"\xff", "PartitionKey": "k"}])["Records"],
        {"Records": [], "FailedRecordCount": 0},
    ),
    "messages": (
        "iotevents-data",
        lambda made: made.batch_put_message(messages=[{"messageId": "m", "inputName": "i", "payload": b"{}"}]),
        {"BatchPutMessageErrorEntries": []},
    ),
}


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest) -> tuple[str, Callable[[Any], Any], dict[str, Any]]:
    """A service, a call of its client, and the answer."""
    return CALLS[request.param]


def test_an_sdk_with_a_key_of_ours_gets_in(house: House, call: tuple) -> None:
    """Its access key id and secret are the key's; the API sees the key."""
    service, put, answer = call
    house.answer = Response(200, json.dumps(answer), {"content-type": "application/x-amz-json-1.1"})
    put(client(house, service))

    assert house.seen[0].key == KEY
    assert house.keys.used == [ID]


def error_of(put: Callable[[Any], Any], made: Any) -> tuple[str, int]:
    """The error that the SDK raises: code and status."""
    with pytest.raises(ClientError) as error:
        put(made)
    return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def status(service: str, of_json: int = 400, of_rest: int = 403) -> int:
    """AWS JSON answers 400 where rest-json answers 403."""
    return of_rest if service == "iotevents-data" else of_json


def without(request: Request, name: str) -> Request:
    """The request without a header."""
    return request._replace(headers={key: value for key, value in request.headers.items() if key != name})


CHANGES: dict[str, tuple[Change, str]] = {
    "not signed": (lambda seen: without(seen, "authorization"), "MissingAuthenticationTokenException"),
    "a key as a Bearer": (
        lambda seen: seen._replace(headers={**seen.headers, **BEARER}),
        "IncompleteSignatureException",
    ),
    "another body": (lambda seen: seen._replace(body=b"{}"), "InvalidSignatureException"),
    "another path": (lambda seen: seen._replace(path="/detectors"), "InvalidSignatureException"),
    "another query": (lambda seen: seen._replace(query="a=b"), "InvalidSignatureException"),
    "another content type": (
        lambda seen: seen._replace(headers={**seen.headers, "content-type": "x/y"}),
        "InvalidSignatureException",
    ),
    "sent again six minutes later": (lambda seen: seen._replace(time=seen.time + 360), "InvalidSignatureException"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_sdk_understands_why_it_is_refused(house: House, call: tuple, name: str) -> None:
    """AWS's error name and status, in the form of the service."""
    service, put, _ = call
    made = client(house, service)
    change, code = CHANGES[name]
    made.change = change

    assert error_of(put, made) == (code, status(service))
    assert house.seen == []
    assert house.keys.asked == []


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        ({"secret": "wrong"}, "InvalidSignatureException"),
        ({"key_id": "DK1BBBBBBBBBBBBBBBB"}, "InvalidSignatureException"),
        ({"key_id": "AKIAIOSFODNN7EXAMPLE"}, "UnrecognizedClientException"),
        ({"key_id": "DK2AAAAAAAAAAAAAAAA"}, "UnrecognizedClientException"),
        ({"token": "session"}, "UnrecognizedClientException"),
    ],
)
def test_an_sdk_with_wrong_credentials_is_refused(house: House, call: tuple, credentials: dict, code: str) -> None:
    """A wrong secret is a wrong signature, an id that cannot be ours an unrecognised client."""
    service, put, _ = call

    assert error_of(put, client(house, service, **credentials)) == (code, status(service))
    assert house.keys.asked == []


def test_a_key_that_is_revoked_or_gone_is_an_unrecognised_client(house: House, call: tuple) -> None:
    """Its secret still makes good signatures, but the table has no such key any more."""
    service, put, _ = call
    house.keys.keys.clear()

    assert error_of(put, client(house, service)) == ("UnrecognizedClientException", status(service))


SINK_OF = {"firehose": "firehose", "kinesis": "kinesis", "iotevents-data": "iot_events"}


@pytest.mark.parametrize("allowed", ["firehose", "kinesis", "iot_events"])
def test_a_key_reaches_its_own_sinks_only(house: House, call: tuple, allowed: str) -> None:
    """The service that a request is signed for names the sink."""
    service, put, answer = call
    house.answer = Response(200, json.dumps(answer))
    house.give(sinks=frozenset({allowed}))
    if SINK_OF[service] == allowed:
        put(client(house, service))
        return

    with pytest.raises(ClientError, match=f"this key may not write to {SINK_OF[service]}$"):
        put(client(house, service))
    assert error_of(put, client(house, service)) == ("AccessDeniedException", status(service))
    assert house.seen == []


def test_a_key_of_another_api_is_denied(house: House, call: tuple) -> None:
    """A key for /v1/events alone makes good signatures to no avail."""
    service, put, _ = call
    house.give(doors=frozenset({"events"}))

    assert error_of(put, client(house, service)) == ("AccessDeniedException", status(service))


@pytest.mark.parametrize("right", RIGHTS)
def test_detectors_are_for_keys_with_the_right_alone(house: House, right: str) -> None:
    """The API for messages does not open them, nor does the other right; and the right needs no API and no sink."""
    signed = AWSRequest("GET", "https://h/detectors/m")
    SigV4Auth(Credentials(ID, SECRET), "ioteventsdata", "us-east-1").add_auth(signed)
    headers = {"host": "h", **{name.lower(): value for name, value in signed.headers.items()}}
    asked = Request("GET", "/detectors/m", headers, time=Clock().time())

    for rights, doors, sinks, status in (
        (set(), set(API_NAMES), {"iot_events"}, 403),
        (set(RIGHTS) - {right}, set(API_NAMES), {"iot_events"}, 403),
        ({right}, set(), set(), 202),
    ):
        house.give(rights=frozenset(rights), doors=frozenset(doors), sinks=frozenset(sinks))
        response = house.detectors[right](asked)

        assert response.status == status
        if status == 403:
            assert response.headers["x-amzn-errortype"] == "AccessDeniedException"
            assert json.loads(response.body)["message"] == (
                f"this key lacks the right {right}: its operator can grant it with `make keys`"
            )


def test_a_signature_for_one_stream_opens_no_other(house: House) -> None:
    """A key for Firehose alone signs a Kinesis target as Firehose's: the service must be the target's."""
    house.give(sinks=frozenset({"firehose"}))
    for target, status in (("Firehose_20150804.PutRecord", 202), ("Kinesis_20131202.PutRecord", 400)):
        signed = AWSRequest("POST", "https://h/", {"X-Amz-Target": target}, b"{}")
        SigV4Auth(Credentials(ID, SECRET), "firehose", "us-east-1").add_auth(signed)
        headers = {"host": "h", **{name.lower(): value for name, value in signed.headers.items()}}

        assert house.aws(Request("POST", "/", headers, "", b"{}", time=Clock().time())).status == status
    assert len(house.seen) == 1


def test_a_target_names_its_service_before_its_first_underscore(house: House) -> None:
    """An operation that has one more is no way around it."""
    signed = AWSRequest("POST", "https://h/", {"X-Amz-Target": "Kinesis_20131202.Put_Record"}, b"{}")
    SigV4Auth(Credentials(ID, SECRET), "firehose", "us-east-1").add_auth(signed)
    headers = {"host": "h", **{name.lower(): value for name, value in signed.headers.items()}}

    assert house.aws(Request("POST", "/", headers, "", b"{}", time=Clock().time())).status == 400


def test_a_refusal_for_a_sink_is_in_the_log_by_its_code(house: House) -> None:
    """As every refusal is."""
    house.give(sinks=frozenset({"kinesis"}))
    signed = AWSRequest("POST", "https://h/", {"X-Amz-Target": "Firehose_20150804.PutRecord"}, b"{}")
    SigV4Auth(Credentials(ID, SECRET), "firehose", "us-east-1").add_auth(signed)
    headers = {"host": "h", **{name.lower(): value for name, value in signed.headers.items()}}
    response = house.aws(Request("POST", "/", headers, "", b"{}", time=Clock().time()))

    assert response.log["refused"] == "Forbidden"


@pytest.mark.parametrize("name", ["host", "x-amz-date", "x-amz-target"])
def test_an_api_asks_for_the_headers_that_matter(house: House, name: str) -> None:
    """One of them is not among those that were signed: the API stays shut, whatever the signature."""
    made = client(house, "kinesis")
    made.change = lambda seen: seen._replace(
        headers={**seen.headers, "authorization": seen.headers["authorization"].replace(name, "x-other")}
    )

    with pytest.raises(ClientError, match=f"{name} must be signed"):
        made.put_record(StreamName="events", Data=b"", PartitionKey="k")


def test_signatures_are_compared_in_constant_time(house: House, monkeypatch: pytest.MonkeyPatch, call: tuple) -> None:
    """As secrets are."""
    service, put, _ = call
    compared: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(hmac, "compare_digest", lambda *pair: bool(compared.append(pair)))

    assert error_of(put, client(house, service)) == ("InvalidSignatureException", status(service))
    [(expected, given)] = compared
    assert expected == given


def test_a_target_of_another_service_is_left_to_the_api(house: House) -> None:
    """It knows what to say of an operation that it does not have; the signature must be for a stream all the same."""
    made = client(house, "dynamodb")

    assert error_of(lambda one: one.list_tables(), made) == ("InvalidSignatureException", 400)


def test_a_used_up_quota_is_awss_throttling(house: House, call: tuple) -> None:
    """SDKs retry that, and Retry-After says when."""
    service, put, answer = call
    house.give(quota=Quota(rate=1.0, burst=1.0))
    house.answer = Response(200, json.dumps(answer))
    made = client(house, service)
    put(made)

    assert error_of(put, made) == ("ThrottlingException", status(service, 400, 429))


def test_keys_that_cannot_be_checked_are_the_services_own_fault(house: House, call: tuple) -> None:
    """In the words of each service's model; SDKs send it again."""
    service, put, _ = call
    house.keys.failure = KeysUnavailable("ThrottlingException", 5)

    assert (
        error_of(put, client(house, service))
        == {
            "firehose": ("ServiceUnavailableException", 500),
            "kinesis": ("InternalFailureException", 500),
            "iotevents-data": ("ServiceUnavailableException", 503),
        }[service]
    )


def test_an_answer_says_its_error_in_the_form_of_the_service(house: House) -> None:
    """AWS JSON names it in the body and in a header, rest-json in the header."""
    aws = house.aws(Request("POST", "/", {}, "", b"{}", "r-1"))
    rest = house.iot_events(Request("GET", "/detectors/motor/keyValues/", {}, "keyValue=a%3Ab", b"", "r-1"))

    assert json.loads(aws.body) == {
        "__type": "MissingAuthenticationTokenException",
        "message": "Missing Authentication Token",
    }
    assert json.loads(rest.body) == {"message": "Missing Authentication Token"}
    assert aws.headers == {
        "content-type": "application/x-amz-json-1.1",
        "x-amzn-errortype": "MissingAuthenticationTokenException",
        "x-amzn-requestid": "r-1",
    }
    assert rest.headers == {**aws.headers, "content-type": "application/json"}


def test_a_caller_that_speaks_cbor_is_refused_in_cbor(house: House) -> None:
    """The Java SDK reads no other error of Kinesis."""
    headers = {"content-type": "application/x-amz-cbor-1.1", "x-amz-target": "Kinesis_20131202.PutRecord"}

    response = house.aws(Request("POST", "/", headers, "", b"\xa0", "r-1"))

    assert response.headers["content-type"] == "application/x-amz-cbor-1.1"
    assert cbor.read_cbor(base64.b64decode(response.body)) == {
        "__type": "MissingAuthenticationTokenException",
        "message": "Missing Authentication Token",
    }


# ── /v1/events behind a JWT authorizer ──


@pytest.fixture
def by_token() -> House:
    """A house whose events API takes JWTs."""
    return House(Claims("sub", "sinks"))


def with_claims(claims: dict[str, str] | None, headers: dict[str, str] | None = None) -> Request:
    """A request to /v1/events as API Gateway's authorizer lets it through, with the token that it has verified."""
    if claims is not None and headers is None:
        headers = {"authorization": f"Bearer {token(claims)}"}
    return Request("POST", "/v1/events", headers or {}, "", b"{}", "r-1", claims=claims)


def token(claims: object) -> str:
    """A JWT with these claims, whose signature somebody else has verified."""
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.AA"


def test_a_token_stands_for_a_key(by_token: House) -> None:
    """The API sees a key made of its claims; nothing is looked up, nothing written down but its source in the log."""
    by_token.keys.failure = KeysUnavailable("Down", 5)

    response = by_token.events(with_claims({"sub": "hall", "sinks": "[kinesis]"}))

    assert (response.status, response.log["key"]) == (202, "jwt:hall")
    [seen] = by_token.seen
    assert seen.key
    assert seen.key.name == "hall"
    assert [name for name in SINK_NAMES if seen.key.may_write_to(name)] == ["kinesis"]
    assert by_token.keys.asked == []


@pytest.mark.parametrize("headers", [BEARER, {"x-api-key": f"{ID}.{SECRET}"}, {}])
def test_where_tokens_are_taken_a_key_is_not(by_token: House, headers: dict[str, str]) -> None:
    """A request that came past the authorizer (its path written otherwise) is refused, whatever key it brings."""
    response = by_token.events(with_claims(None, headers))

    assert response.status == 401
    assert json.loads(response.body)["detail"] == "this endpoint takes a JWT: Authorization: Bearer <token>"
    assert by_token.seen == []


def test_a_token_without_a_source_is_forbidden(by_token: House) -> None:
    """403: the token is good, but says nobody's name."""
    assert by_token.events(with_claims({"sinks": "kinesis"})).status == 403


@pytest.mark.parametrize("number", [5, True, ["5"], {"5": 1}])
def test_a_tokens_source_must_be_a_string(by_token: House, number: object) -> None:
    """API Gateway hands each claim over as text, and 5 must not be who "5" is."""
    asked = with_claims({"sub": "5"}, {"authorization": f"Bearer {token({'sub': number})}"})

    assert by_token.events(asked).status == 403
    assert by_token.seen == []


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {token({'sub': 'hall'})},Bearer {token({'sub': 'hall'})}",
        f"Bearer {token({'sub': 'hall'})}, Bearer {token({'sub': 5})}",
        f"Bearer {token([])}",
        f"Bearer {token('hall')}",
        "Bearer e30.W1tb.AA",
        "Bearer e30",
        "Bearer e30.\u00e9.AA",
        f"Bearer e30.{base64.urlsafe_b64encode(b'[' * 5000).decode()}.AA",
        "",
    ],
)
def test_a_request_with_another_than_one_token_is_refused(by_token: House, header: str) -> None:
    """Two headers come joined by a comma: what was verified and what is read could differ."""
    assert by_token.events(with_claims({"sub": "hall"}, {"authorization": header})).status == 401
    assert by_token.seen == []


@pytest.mark.parametrize("form", ["{0},{0}", "{0}, {0}", "{0},Basic YTpi", "{0},"])
def test_an_authorization_that_is_repeated_is_refused(house: House, form: str) -> None:
    """Though it holds the right key, even twice."""
    response = house.post({"authorization": form.format(BEARER["authorization"])})

    assert (response.status, "must be sent once" in json.loads(response.body)["detail"]) == (401, True)
    assert house.keys.asked == []


@pytest.mark.parametrize("more", [",{0}", ", {0}", ",Bearer a.b", ",", ", X=y"])
def test_a_signature_that_is_repeated_is_refused(house: House, more: str) -> None:
    """Of two, it must not be the last that counts here and the first somewhere else."""
    made = client(house, "kinesis")
    made.change = lambda seen: seen._replace(
        headers={
            **seen.headers,
            "authorization": seen.headers["authorization"] + more.format(seen.headers["authorization"]),
        },
    )

    with pytest.raises(ClientError, match="must be sent once"):
        made.put_record(StreamName="events", Data=b"", PartitionKey="k")


def test_a_large_request_weighs_more_than_its_events(house: House) -> None:
    """By the bytes that were received, or those that they were decoded to."""
    house.give(quota=Quota(rate=1.0, burst=10.0))
    for response, body in (
        (Response(202, events=1), b"x" * 16_384 * 10),
        (Response(202, events=1, size=16_384 * 10), b"x"),
        (Response(202, events=10, size=16_384 * 9), b"x"),
        (Response(202, events=1), "\u00e9" * 8192 * 10),
    ):
        house.time.now += 1000
        house.answer = response
        assert house.events(Request("POST", "/v1/events", BEARER, "", body)).status == 202
        assert house.post().headers["retry-after"] == "1"


def test_where_keys_are_taken_claims_mean_nothing(house: House) -> None:
    """An authorizer that somebody put before the route does not replace the key."""
    assert house.events(with_claims({"sub": "hall"})).status == 401
