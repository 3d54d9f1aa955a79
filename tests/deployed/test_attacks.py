import gzip
import http.client
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from fuzz.requests import INVALID_SIGNATURE, MARK, let_in, shots

from commands.key_ring import KeyRing, bearer
from commands.post import Answer, request
from commands.read_back import kinesis_envelopes, s3_envelopes, wait_for
from distributary.access.key import API_NAMES, Key

PUT_RECORD = json.dumps({"DeliveryStreamName": "events", "Record": {"Data": "e30K"}}).encode()
TARGET = {"x-amz-target": "Firehose_20150804.PutRecord", "content-type": "application/x-amz-json-1.1"}
PUT_MESSAGE = json.dumps(
    {"messages": [{"messageId": "m", "inputName": "telemetry", "payload": "eyJkZXZpY2VJZCI6ImQifQ=="}]}
).encode()


@dataclass
class Signed:
    """A request as a client signed it, to be changed on its way."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def sent(self, endpoint: str) -> Answer:
        """The endpoint's answer."""
        return request(endpoint, self.method, self.path, headers=self.headers, body=self.body)


class Client(SigV4Auth):
    """Signs at any time, all headers or all but some."""

    def __init__(self, credential: tuple[str, str], service: str, *, unsigned: tuple[str, ...] = ()) -> None:
        super().__init__(Credentials(*credential), service, "eu-west-1")
        self.unsigned = unsigned

    def headers_to_sign(self, request):
        headers = super().headers_to_sign(request)
        for name in self.unsigned:
            del headers[name]
        return headers


@pytest.fixture
def signed(stage, credential) -> Callable[..., Signed]:
    """Makes a signed request: `signed("firehose")`, by another credential, at another time, …"""

    def sign(
        service: str = "firehose", *, by: tuple[str, str] = credential, age: float = 0, path: str = "", **more
    ) -> Signed:
        messages = service == "ioteventsdata"
        body, headers = (PUT_MESSAGE, {"content-type": "application/json"}) if messages else (PUT_RECORD, TARGET)
        path = path or ("/inputs/messages" if messages else "/")
        asked = AWSRequest("POST", stage.endpoint + path, headers=headers, data=body)
        asked.context["timestamp"] = (datetime.now(UTC) - timedelta(seconds=age)).strftime("%Y%m%dT%H%M%SZ")
        client = Client(by, service, **more)
        asked.headers["X-Amz-Date"] = asked.context["timestamp"]
        text = client.string_to_sign(asked, client.canonical_request(asked))
        client._inject_signature_to_request(asked, client.signature(text, asked))
        return Signed("POST", path, dict(asked.headers), body)

    return sign


@pytest.fixture(scope="module")
def ring(stage) -> KeyRing:
    """Makes keys."""
    return KeyRing(stage)


def made(ring: KeyRing, **wanted) -> tuple[str, str]:
    """Id and secret of a new key, of a name that no other has, for every API unless it is said."""
    name = f"attacker-{uuid.uuid4().hex[:8]}"
    key, secret = ring.create(Key(**{"id": "", "name": name, "doors": frozenset(API_NAMES), **wanted}))
    return key.id, secret


def refused(answer: Answer, name: str) -> bool:
    """Whether an AWS API refused with this error."""
    return answer.status in (400, 403) and answer.headers.get("x-amzn-errortype") == name


@pytest.mark.parametrize("service", ["firehose", "ioteventsdata"])
def test_what_is_changed_below_is_good_as_it_is(signed, stage, service) -> None:
    """The unchanged request is accepted, so each refusal below is for its change; four minutes late is in time."""
    assert signed(service).sent(stage.endpoint).status == 200
    assert signed(service, age=240).sent(stage.endpoint).status == 200


@pytest.mark.parametrize("service", ["firehose", "ioteventsdata"])
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda one: {"body": one.body.replace(b'"e', b'"f')}, "InvalidSignatureException"),
        (lambda one: {"body": one.body + b" "}, "InvalidSignatureException"),
        (lambda one: {"path": one.path + "?a=b"}, "InvalidSignatureException"),
        (lambda one: {"path": "/inputs/messages" if one.path == "/" else "/"}, "InvalidSignatureException"),
        (lambda one: {"headers": one.headers | {"content-type": "text/plain"}}, "InvalidSignatureException"),
        (lambda one: {"headers": one.headers | {"Host": "elsewhere.example"}}, "InvalidSignatureException"),
        (
            lambda one: {"headers": one.headers | {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}},
            "InvalidSignatureException",
        ),
        (lambda one: {"headers": without(one.headers, "Authorization")}, "MissingAuthenticationTokenException"),
        (lambda one: {"headers": without(one.headers, "X-Amz-Date")}, "IncompleteSignatureException"),
        (lambda one: {"headers": one.headers | {"Authorization": "Bearer a.b"}}, "IncompleteSignatureException"),
        (lambda one: {"path": one.path + "?X-Amz-Signature=a"}, "IncompleteSignatureException"),
    ],
    ids=[
        "body",
        "body's end",
        "query",
        "path",
        "header",
        "host",
        "unsigned payload",
        "unsigned",
        "no date",
        "bearer",
        "in query",
    ],
)
def test_a_signed_request_that_is_changed_is_refused(signed, stage, service, change, error) -> None:
    """Body, path, query and each signed header are as the signer had them, or the API stays shut."""
    one = signed(service)
    for name, value in change(one).items():
        setattr(one, name, value)

    assert refused(one.sent(stage.endpoint), error)


def without(headers: Mapping[str, str], name: str) -> dict[str, str]:
    """The headers but one."""
    return {key: value for key, value in headers.items() if key != name}


def test_another_target_after_signing_is_refused(signed, stage) -> None:
    """What is to be done is part of what was signed."""
    one = signed()
    one.headers["x-amz-target"] = "Firehose_20150804.PutRecordBatch"

    assert refused(one.sent(stage.endpoint), "InvalidSignatureException")


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-date", "host"])
def test_a_header_that_matters_must_be_signed(signed, stage, name) -> None:
    """A right signature without target, date or host is none."""
    assert refused(signed(unsigned=(name,)).sent(stage.endpoint), "InvalidSignatureException")


@pytest.mark.parametrize("service", ["firehose", "ioteventsdata"])
@pytest.mark.parametrize("age", [301, 86_400, -330])
def test_a_replay_after_its_time_is_refused(signed, stage, service, age) -> None:
    """Later than five minutes, or from the future."""
    assert refused(signed(service, age=age).sent(stage.endpoint), "InvalidSignatureException")


def test_a_secret_opens_nothing_for_another_id(signed, stage, ring, credential) -> None:
    """One's own secret with another's id, with an id that does not exist, and with one that cannot."""
    own = made(ring)
    strange = [credential[0], "DK1" + "A" * 16, "DK9" + "A" * 16, "AKIAIOSFODNN7EXAMPLE"]
    answers = [signed(by=(one, own[1])).sent(stage.endpoint) for one in strange]

    wrong_secret, unknown = "InvalidSignatureException", "UnrecognizedClientException"
    assert [one.headers["x-amzn-errortype"] for one in answers] == [wrong_secret, wrong_secret, unknown, unknown]
    for one in strange:
        assert request(stage.endpoint, "POST", "/v1/events", headers=bearer(one, own[1]), body=b"{}").status == 401


def test_a_key_opens_its_own_doors_and_sinks_only(signed, stage, ring) -> None:
    """The wrong API, the wrong sink and another's source are refused though the key is good."""
    events, kinesis = made(ring, doors=frozenset({"events"})), made(ring, sinks=frozenset({"kinesis"}))
    foreign = b'{"specversion":"1.0","id":"1","source":"tests","type":"t","data":{}}'
    structured = {"content-type": "application/cloudevents+json"}
    posts = [
        request(stage.endpoint, "POST", "/v1/events", headers={**bearer(*made(ring)), **structured}, body=foreign),
        request(stage.endpoint, "POST", "/v1/events", headers=bearer(*kinesis), body=b"any"),
        request(
            stage.endpoint, "POST", "/v1/events", headers=bearer(*made(ring, doors=frozenset({"aws"}))), body=b"any"
        ),
        request(stage.endpoint, "POST", "/v1/events?key=" + ".".join(events), body=b"any"),
    ]

    assert refused(signed(by=events).sent(stage.endpoint), "AccessDeniedException")
    assert refused(signed("ioteventsdata", by=events).sent(stage.endpoint), "AccessDeniedException")
    assert refused(signed(by=kinesis).sent(stage.endpoint), "AccessDeniedException")
    assert [post.status for post in posts] == [403] * 4


def test_revoked_and_expired_keys_are_refused(signed, stage, ring) -> None:
    """At each API, in its own words."""
    revoked, expired = made(ring), made(ring, expires=time.time() - 1)
    ring.revoke(revoked[0])

    for key in (revoked, expired):
        assert request(stage.endpoint, "POST", "/v1/events", headers=bearer(*key), body=b"{}").status == 401
        assert refused(signed(by=key).sent(stage.endpoint), "UnrecognizedClientException")
        assert refused(signed("ioteventsdata", by=key).sent(stage.endpoint), "UnrecognizedClientException")


def test_an_event_chooses_neither_bucket_nor_stream_nor_prefix(http, stage, since) -> None:
    """Attributes that look like addresses arrive as data, in the stage's own stream and under its own prefix."""
    run = uuid.uuid4().hex
    event = {"specversion": "1.0", "id": f"../../{run}", "source": "../../errors/!{timestamp:yyyy}", "type": "a/../b"}
    more = {"bucket": "theirs", "streamname": "theirs", "partitionkey": "../x", "deliverystreamname": "theirs"}
    body = json.dumps({**event, **more, "data": {"Bucket": "theirs", "StreamName": "theirs"}}).encode()
    before = keys_in(stage)
    answer = http("POST", "/v1/events", body, content_type="application/cloudevents+json")

    assert answer.status == 202, answer.body
    found = wait_for([event["id"]], lambda: s3_envelopes(stage, since), seconds=60)
    assert found[event["id"]]["source"] == event["source"]
    assert kinesis_envelopes(stage, since)[event["id"]]["bucket"] == "theirs"
    assert all(key.startswith("events/year=") and ".." not in key for key in keys_in(stage) - before)


def keys_in(stage) -> set[str]:
    """The names of the bucket's objects."""
    pages = stage.client("s3").get_paginator("list_objects_v2").paginate(Bucket=stage.outputs["BucketName"])
    return {one["Key"] for page in pages for one in page.get("Contents", [])}


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"idempotency-key": "a\tb"}, ""),
        ({"ce-specversion": "1.0", "ce-id": "a%0Ab%0D%0Aset-cookie: c=d", "ce-source": "/s", "ce-type": "t"}, ""),
        ({"content-type": "application/json;\tcharset=\"x'"}, ""),
        ({"content-encoding": "gzip, <script>"}, ""),
        ({}, "?type=a%0d%0aset-cookie:%20c=d"),
        ({"authorization": "Bearer DK1%0a.x"}, ""),
    ],
)
def test_no_header_or_parameter_writes_into_the_answer_or_the_log(http, stage, logs, headers, query) -> None:
    """No header of theirs comes back, each log line stays one line of JSON."""
    start = len(logs)
    answer = http("POST", f"/v1/events{query}", b"{", **{k.replace("-", "_"): v for k, v in headers.items()})

    assert answer.status in (202, 400, 401, 415)
    assert "set-cookie" not in answer.headers
    lines = of_requests(stage, logs[start:])
    assert lines
    for line in lines:
        assert "\n" not in line.rstrip("\n")
        assert json.loads(line[line.index("{") :])["message"] == "request"


@pytest.mark.parametrize("headers", [{"x_big": "a" * 11_000}, {f"x_{number}": "a" * 900 for number in range(13)}])
def test_oversized_headers_are_refused_before_any_function(http, stage, logs, headers) -> None:
    """In API Gateway's words, and nothing runs."""
    start = len(logs)
    answer = http("POST", "/v1/events", b"{}", **headers)

    assert answer.status in (400, 431)
    assert of_requests(stage, logs[start:]) == []


def of_requests(stage, lines: list[str]) -> list[str]:
    """The lines of the function that takes requests: others go on with what they were sent before."""
    return [line for line in lines if line.startswith(stage.outputs["IngestFunctionName"])]


def test_random_bytes_get_no_5xx_and_show_in_no_log(stage, credential, logs) -> None:
    """Three hundred random requests let in, at the AWS APIs by their signature, and some not: never a crash."""
    start = len(logs)
    for number, shot in enumerate(shots(300)):
        good = let_in(stage.endpoint, shot, credential)
        answer = request(stage.endpoint, "POST", good.path, headers=good.headers, body=good.body)
        assert answer.status < 500, shot
        assert answer.headers.get("x-amzn-errortype") != INVALID_SIGNATURE, shot
        if number % 10 == 0:
            refused = request(stage.endpoint, "POST", shot.path, headers=shot.headers, body=shot.body)
            assert refused.status in (400, 401, 403), shot

    assert not [line for line in logs[start:] if MARK.decode() in line]


def test_no_secret_and_no_payload_is_in_any_log_line(http, logs, credential) -> None:
    """In none of all the lines that this suite's requests have made so far, and this one adds its own."""
    payload = uuid.uuid4().hex
    http("POST", "/v1/events", gzip.compress(payload.encode()), content_encoding="gzip")
    http("POST", f"/v1/events?key={'.'.join(credential)}", payload.encode())

    assert [line for line in logs if credential[0] in line]
    assert not [line for line in logs if credential[1] in line or payload in line]


@pytest.mark.parametrize("path", ["/v1/events", "/"])
def test_a_repeated_authorization_is_refused(signed, stage, credential, path) -> None:
    """As two header lines, of which each alone would be let in: which of them counts is nobody's to choose."""
    one = signed() if path == "/" else Signed("POST", path, dict(bearer(*credential)), b"{}")
    headers = {**{name.lower(): value for name, value in one.headers.items()}, "content-length": str(len(one.body))}
    connection = http.client.HTTPConnection(urlsplit(stage.endpoint).netloc, timeout=60)
    connection.putrequest("POST", path)
    for name, value in [*headers.items(), ("authorization", headers["authorization"])]:
        connection.putheader(name, value)
    connection.endheaders(one.body)
    answer = connection.getresponse()

    assert one.sent(stage.endpoint).status in (200, 202)
    assert answer.status in (400, 401)
    assert b"must be sent once" in answer.read()


BOMB = r'{"deviceId":"bomb","e":"\ud83d\ude00","y":[' + ",".join(["[]"] * 65) + '],"x":[1' + ",1e6143" * 18_000 + "]}"
"""286 bytes of gzip, which once took 1.1 GB by each way in."""


def test_a_bomb_ends_no_function(http, stage, logs, iotevents, wait) -> None:
    """By events, messages, a topic rule and what an operator writes: each is answered, no function dies."""
    start = len(logs)
    packed = gzip.compress(BOMB.encode(), 9)
    posted = http("POST", "/v1/events", packed, content_encoding="gzip", content_type="application/json")
    message = {"messageId": uuid.uuid4().hex, "inputName": "telemetry", "payload": BOMB.encode()}
    put = iotevents.batch_put_message(messages=[message])
    state = {"stateName": "Normal", "variables": [{"name": "v", "value": BOMB}], "timers": []}
    entry = {"messageId": "1", "detectorModelName": "temperature_alarm", "keyValue": "bomb", "state": state}
    written = iotevents.batch_update_detector(detectors=[entry])
    stage.client("iot-data").publish(topic="devices/bomb/telemetry", qos=1, payload=BOMB)

    assert posted.status == 202
    assert put["BatchPutMessageErrorEntries"] == []
    assert [one["errorCode"] for one in written["batchUpdateDetectorErrorEntries"]] == ["InvalidRequestException"]
    assert wait(lambda: iotevents.list_detectors(detectorModelName="temperature_alarm")["detectorSummaries"])
    assert wait(lambda: [line for line in logs[start:] if '"rule":"telemetry"' in line.replace(": ", ":")])
    assert not [line for line in logs[start:] if "signal: killed" in line]
