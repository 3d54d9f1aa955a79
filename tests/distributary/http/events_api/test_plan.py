import json
from dataclasses import replace
from typing import Any

import pytest
from bad_requests import Case, faults_of, load
from contract import Contract
from fake_clock import FakeClock

from distributary.access.key import Key
from distributary.aws.bucket import Bucket
from distributary.delivery.claim_check import ClaimCheck
from distributary.http.events_api import plan
from distributary.http.events_api.addressed import EventReader
from distributary.http.events_api.kept import HttpSettings
from distributary.http.events_api.plan import PlanEndpoint
from distributary.http.request import Request, Response
from distributary.ingest.envelope import EventSettings
from distributary.ingest.plan import Planner
from distributary.ingest.rules import Rules
from distributary.iot_events.routing import Readers
from distributary.sinks.firehose import FirehoseSink
from distributary.sinks.iot_events import IotEventsSink
from distributary.sinks.kinesis import KinesisSink

RULES = [
    {"when": "type == 'archive'", "sinks": ["firehose"]},
    {"when": "data.deviceId", "sinks": ["firehose", "kinesis", "iot_events"], "partition_key": "data.deviceId"}
    | {"input": "telemetry"},
    {"when": "type == 'keyless'", "sinks": ["kinesis", "iot_events"], "input": "telemetry"},
]
KEY = Key(id="DK1AAAAAAAAAAAAAAAA", name="hall", sinks=frozenset({"firehose"}))


class Provider:
    """A provider of the third leg that is never called."""

    max_messages, max_payload_bytes, max_bytes = 10, 128 * 1024, 1 << 20


def asked(body: str, *, kind: str = "application/json", key: Key | None = None, query: str = "") -> Request:
    """A request for a plan."""
    headers = {"content-type": kind, "idempotency-key": "K"}
    return Request("POST", "/v1/events/plan", headers, query, body, "request-1", 1_700_000_000.0, key=key)


def endpoint(envelope: Any = "cloudevents") -> PlanEndpoint:
    """The API over real sinks that nobody can call."""
    rules = Rules.from_tables(RULES, {"telemetry": {"attributes": ["deviceId"]}})
    iot_events = IotEventsSink(Provider(), Readers([{"inputs": ["telemetry"], "key": "deviceId", "model": "m"}]))  # type: ignore[arg-type]
    sinks: dict[str, Any] = {
        "firehose": FirehoseSink(None, "d"),
        "kinesis": KinesisSink(None, "s"),
        "iot_events": iot_events,
    }
    clock = FakeClock().clock
    claim_check = ClaimCheck(Bucket(lambda: None, "bucket"), clock)
    reader = EventReader(EventSettings(envelope=envelope), HttpSettings(), clock)
    return PlanEndpoint(reader, Planner(rules, sinks, envelope=envelope, claim_check=claim_check))


def events(response: Response) -> list[dict[str, Any]]:
    """The entries of an answer that keeps to the document."""
    faults = Contract().faults(
        "POST", "/v1/events/plan", response.status, {**response.headers, "x-request-id": "r"}, response.body.encode()
    )
    assert faults == []
    return json.loads(response.body)["events"]


def test_a_plan_names_the_rule_and_what_each_sink_would_get() -> None:
    """The partition key, the input, the record's bytes as the sink counts them; the id that it would have."""
    [entry] = events(endpoint().answer(asked('{"deviceId":"d-1"}')))

    assert (entry["index"], entry["id"], entry["status"], entry["rule"]) == (0, "K", "accepted", 2)
    assert list(entry["sinks"]) == ["firehose", "kinesis", "iot_events"]
    assert entry["sinks"]["kinesis"]["partitionKey"] == "d-1"
    assert entry["sinks"]["kinesis"]["bytes"] == entry["sinks"]["firehose"]["bytes"] - 1 + len("d-1")  # a newline less
    assert entry["sinks"]["iot_events"]["inputName"] == "telemetry"
    assert entry["sinks"]["iot_events"]["bytes"] == len('{"deviceId":"d-1"}')


def test_each_event_has_its_own_plan() -> None:
    """What no rule takes and what is no event are entries too, as in the answer of a delivery."""
    response = endpoint().answer(asked('[{"deviceId":"d"},{"a":1,"a":2},7]'))
    found = events(response)

    assert [entry["status"] for entry in found] == ["accepted", "rejected", "rejected"]
    assert [entry["error"]["code"] for entry in found[1:]] == ["DuplicateKey", "NoRule"]
    assert response.status == 200
    assert response.events == 3


def test_a_sink_that_skips_says_why() -> None:
    """As the receipt would."""
    [entry] = events(endpoint().answer(asked('{"a":1}', query="type=keyless")))

    assert entry["rule"] == 3
    assert entry["sinks"]["kinesis"]["partitionKey"] == "K"
    assert entry["sinks"]["iot_events"]["skipped"]
    assert "key" in entry["sinks"]["iot_events"]["reason"]


@pytest.mark.parametrize(("envelope", "oversize"), [("cloudevents", "claimCheck"), ("none", "deadLetter")])
def test_an_event_over_a_limit_says_what_becomes_of_it(envelope: str, oversize: str) -> None:
    """A claim check where there is an envelope to carry it."""
    [entry] = events(endpoint(envelope).answer(asked(json.dumps({"deviceId": "d", "x": "x" * 1_100_000}))))

    assert entry["sinks"]["kinesis"]["oversize"] == oversize
    assert entry["sinks"]["iot_events"]["oversize"] == "deadLetter"


def test_a_rule_is_shown_to_a_key_that_may_use_its_sinks() -> None:
    """The others get the refusal that a delivery would give."""
    response = endpoint().answer(asked('[{"deviceId":"d"}]', key=KEY))
    archived = endpoint().answer(asked('{"a":1}', key=KEY, query="type=archive"))

    assert [entry["error"]["code"] for entry in events(response)] == ["Forbidden"]
    assert "rule" not in response.body.replace("where the rules send this", "")
    assert [entry["rule"] for entry in events(archived)] == [1]
    assert [entry["rule"] for entry in events(endpoint().answer(asked('{"deviceId":"d"}', key=may_use_all())))] == [2]


def may_use_all() -> Key:
    """The same key with every sink."""
    return replace(KEY, sinks=frozenset({"firehose", "kinesis", "iot_events"}))


@pytest.mark.parametrize(
    "case", [one for one in load("bad_requests.json") if "code" in one.expect], ids=lambda case: case.name
)
def test_a_request_that_cannot_be_taken_has_no_plan(case: Case) -> None:
    """Whole requests are refused as a delivery refuses them; those whose events are all refused have a plan of it."""
    response = endpoint().answer(case.received())

    if response.status == 200:
        assert json.loads(response.body)["accepted"] == 0
    else:
        assert faults_of(case, response.status, response.headers, response.body) == []


def test_a_plan_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    monkeypatch.setattr(plan, "MAX_ANSWER", 100)
    response = endpoint().answer(asked('{"deviceId":"d-1"}'))

    assert response.status == 413
    assert json.loads(response.body)["code"] == "PlanTooLarge"
