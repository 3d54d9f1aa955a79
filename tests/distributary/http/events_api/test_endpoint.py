import gc
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from bad_requests import Case, build, faults_of, load
from cpu_time import parsing, seconds
from fake_clock import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from distributary.access.key import Key
from distributary.clock import Clock
from distributary.delivery import delivery
from distributary.events import Event, EventResult, Rejection
from distributary.http.events_api.addressed import EventReader
from distributary.http.events_api.endpoint import EventsEndpoint
from distributary.http.events_api.kept import HttpSettings
from distributary.http.request import Request, Response
from distributary.ingest.envelope import EventSettings

SETTINGS = EventSettings()
RETRY_SECONDS = 5.0
SINKS = {"kinesis": {"sequenceNumber": "1", "shardId": "shardId-000000000000"}}
FAILED = {"kinesis": {"error": {"code": "InternalFailure", "detail": "…"}}, "firehose": {"recordId": "r"}}


def accepted(event: Event) -> EventResult:
    """The fate of an event that all sinks took."""
    return EventResult(event, "accepted", SINKS)


def retry(event: Event) -> EventResult:
    """The fate of an event that a sink did not take."""
    return EventResult(event, "retry", FAILED)


def rejected(event: Event) -> EventResult:
    """The fate of an event that no rule takes."""
    return EventResult(event, "rejected", {}, Rejection(event.index, "NoRule", "no rule", "", event.id, event.line))


class FanOut:
    """Gives each event the fate that `decide` says, and keeps what it was called with."""

    def __init__(self, decide: Callable[[Event], EventResult] = accepted) -> None:
        self.decide = decide
        self.events: list[Event] = []
        self.deadlines: list[float] = []
        self.keys: list[Key | None] = []

    def __call__(self, events: Sequence[Event], deadline: float, key: Key | None) -> list[EventResult]:
        self.events += events
        self.keys.append(key)
        self.deadlines.append(deadline)
        return [self.decide(event) for event in events]


def post(
    body: Any,
    headers: Mapping[str, str] | None = None,
    *,
    fan_out: FanOut | None = None,
    clock: FakeClock | None = None,
    **more: Any,
) -> Response:
    """The API's answer to JSON."""
    request = Request(
        "POST",
        "/v1/events",
        {"content-type": "application/json", **(headers or {})},
        body=body if isinstance(body, str | bytes) else json.dumps(body),
        **{"id": "request-1", "time": 1_700_000_000.0, **more},
    )
    return endpoint((clock or FakeClock()).clock, fan_out or FanOut()).answer(request)


def endpoint(clock: Clock, fan_out: FanOut, http: HttpSettings | None = None) -> EventsEndpoint:
    """The API with the settings of these tests."""
    reader = EventReader(SETTINGS, http or HttpSettings(), clock)
    return EventsEndpoint(reader, clock, fan_out, retry_seconds=RETRY_SECONDS)


@pytest.mark.parametrize("case", load("bad_requests.json"), ids=lambda case: case.name)
def test_a_bad_request_is_answered_as_the_contract_says(case: Case) -> None:
    """Each case has its status, its code, its pointer, and only events that are good reach the sinks."""
    fan_out = FanOut()

    response = endpoint(FakeClock().clock, fan_out).answer(case.received())

    assert faults_of(case, response.status, response.headers, response.body) == []
    assert len(fan_out.events) == (case.expect.get("event_codes") or []).count(None)


def test_bad_requests_are_many() -> None:
    """At least 60 bad requests are kept as cases."""
    assert len(load("bad_requests.json")) >= 60


def test_every_event_accepted_is_202_with_receipts() -> None:
    """The answer says for every event where it is."""
    response = post([{"a": 1}, {"a": 2}], {"idempotency-key": "K"})

    assert response.status == 202
    assert response.headers == {"content-type": "application/json", "idempotency-key": "K"}
    assert json.loads(response.body) == {
        "accepted": 2,
        "rejected": 0,
        "retry": 0,
        "events": [
            {"index": 0, "id": "K/0", "status": "accepted", "sinks": SINKS},
            {"index": 1, "id": "K/1", "status": "accepted", "sinks": SINKS},
        ],
    }
    counts = {"accepted": 2, "rejected": 0, "retry": 0}
    assert response.log == {"idempotency_key": "K", **counts, "delivered_kinesis": 2}


def test_what_was_spilled_is_accepted_and_counted_in_the_log() -> None:
    """The client reads `spilled` in the receipt, the operator how many events wait for which sink."""
    fate = {"kinesis": {"spilled": True}, "firehose": {"recordId": "r"}}
    response = post(
        [1, 2], {"idempotency-key": "K"}, fan_out=FanOut(lambda event: EventResult(event, "accepted", fate))
    )

    assert response.status == 202
    assert json.loads(response.body)["events"][0]["sinks"] == fate
    counts = {"accepted": 2, "rejected": 0, "retry": 0, "spilled_kinesis": 2, "delivered_firehose": 2}
    assert response.log == {"idempotency_key": "K", **counts}


def test_the_log_has_the_ids_that_clients_gave() -> None:
    """Those that are made of the request's key and the event's number are not said again."""
    event = {"specversion": "1.0", "id": "mine", "source": "/s", "type": "t"}
    batch = {"content-type": "application/cloudevents-batch+json", "idempotency-key": "K"}
    response = post([event, {**event, "id": "Kother"}], batch)

    assert response.log["event_ids"] == ["mine", "Kother"]
    assert "event_ids" not in post([1, 2], {"idempotency-key": "K"}).log


def test_some_rejected_is_202() -> None:
    """What the client did wrong with one event does not hold up the others; pointers count from the body."""
    response = post('[{"a":1},{"a":1,"a":2},3]', fan_out=FanOut(lambda e: rejected(e) if e.value == 3 else accepted(e)))

    document = json.loads(response.body)
    assert response.status == 202
    assert [document[name] for name in ("accepted", "rejected", "retry")] == [1, 2, 0]
    assert [event.get("error", {}).get("code") for event in document["events"]] == [None, "DuplicateKey", "NoRule"]
    assert [event.get("error", {}).get("pointer") for event in document["events"]] == [None, "/1/a", "/2"]


def test_an_empty_batch_is_taken_for_what_it_is() -> None:
    """CloudEvents allow a batch without an event: 202 with three zeros, and no sink hears of it."""
    fan_out = FanOut()

    response = post([], {"content-type": "application/cloudevents-batch+json", "idempotency-key": "K"}, fan_out=fan_out)

    assert (response.status, json.loads(response.body)) == (
        202,
        {"accepted": 0, "rejected": 0, "retry": 0, "events": []},
    )
    assert (fan_out.events, response.events) == ([], 0)
    assert response.headers["idempotency-key"] == "K"


def test_all_rejected_is_400_with_the_events() -> None:
    """A request of which nothing can be taken is a problem that still counts and names each event."""
    response = post([1, 2], {"idempotency-key": "K"}, fan_out=FanOut(rejected))

    document = json.loads(response.body)
    assert response.status == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["idempotency-key"] == "K"
    assert document["code"] == "AllRejected"
    assert document["type"] == "/problems/all-rejected"
    assert document["detail"] == "none of 2 events can be taken"
    assert document["instance"] == "request-1"
    assert (document["accepted"], document["rejected"], document["retry"]) == (0, 2, 0)
    assert [event["id"] for event in document["events"]] == ["K/0", "K/1"]


def test_a_single_rejection_is_the_problem_s_own_detail() -> None:
    """Whoever posts one event reads at once what is wrong with it."""
    assert json.loads(post({}, fan_out=FanOut(rejected)).body)["detail"] == "no rule"


def test_no_sink_is_called_where_nothing_can_be_taken() -> None:
    """A request whose events are all bad costs no call."""
    fan_out = FanOut()

    post("[NaN]", fan_out=fan_out)

    assert fan_out.deadlines == []


@pytest.mark.parametrize(("drawn", "seconds"), [(0.0, "1"), (0.5, "2"), (0.999, "3")])
def test_an_event_that_is_stored_nowhere_makes_the_request_503(drawn: float, seconds: str) -> None:
    """The client is told to come back, when, under which key, and what each sink said."""
    response = post(
        [1, 2, 3],
        fan_out=FanOut(lambda e: [accepted, retry, rejected][e.index](e)),
        clock=FakeClock(drawn=drawn),
    )

    document = json.loads(response.body)
    assert response.status == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == seconds
    assert response.headers["idempotency-key"] in document["events"][1]["id"]
    assert document["code"] == "NotStored"
    assert (document["accepted"], document["rejected"], document["retry"]) == (1, 1, 1)
    assert document["events"][1]["status"] == "retry"
    assert document["events"][1]["sinks"] == FAILED


@pytest.mark.parametrize(("prefer", "applied"), [("return=minimal", True), ("return=representation", False)])
def test_minimal_leaves_out_the_accepted(prefer: str, applied: bool) -> None:
    """`Prefer: return=minimal` lists those events alone that were not accepted, and says so."""
    response = post([1, 2], {"prefer": prefer}, fan_out=FanOut(lambda e: [accepted, rejected][e.index](e)))

    document = json.loads(response.body)
    assert [event["index"] for event in document["events"]] == ([1] if applied else [0, 1])
    assert response.headers.get("preference-applied") == ("return=minimal" if applied else None)
    assert document["accepted"] == 1


def test_receipts_that_would_not_fit_are_left_out() -> None:
    """An answer stays under Lambda's 6 MB: receipts of 5,000 events that are too long give way to the minimal form."""
    heavy = {"firehose": {"recordId": "r" * 1000}}

    response = post(
        [0] * 5000, fan_out=FanOut(lambda e: rejected(e) if e.index == 7 else EventResult(e, "accepted", heavy))
    )

    document = json.loads(response.body)
    assert response.headers["preference-applied"] == "return=minimal"
    assert document["accepted"] == 4999
    assert [event["index"] for event in document["events"]] == [7]


def test_an_answer_is_measured_as_lambda_measures_it() -> None:
    """Inside the function's own JSON each quotation mark takes two bytes."""
    quoted = {"firehose": {str(number): "" for number in range(90)}}

    response = post([0] * 5000, fan_out=FanOut(lambda e: EventResult(e, "accepted", quoted)))

    assert response.headers.get("preference-applied") == "return=minimal"


def test_refusals_that_would_not_fit_are_cut_to_their_codes() -> None:
    """Ids and places that a client made too long are left out of an answer that could not hold them."""
    events = [
        {"specversion": "1.0", "id": "\u2603" * 300 + str(index), "source": "/s", "type": "t"} for index in range(3000)
    ]

    response = post(
        json.dumps(events, ensure_ascii=False),
        {"content-type": "application/cloudevents-batch+json"},
        fan_out=FanOut(retry),
    )

    document = json.loads(response.body)
    assert response.status == 503
    assert document["retry"] == 3000
    assert document["events"][2999] == {"index": 2999, "status": "retry"}
    assert len(json.dumps(response.body)) < 6_000_000


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "distributary.event"),
        ("a=1&type=meter%20read", "meter read"),
        ("a=%ff&type=M%EF%BF%BDller", "M\ufffdller"),
    ],
)
def test_the_type_comes_from_the_query(query: str, expected: str) -> None:
    """`?type=` names the type of events that bring none; without it the setting does."""
    fan_out = FanOut()

    post({}, fan_out=fan_out, query=query)

    assert fan_out.events[0].attributes["type"] == expected


@pytest.mark.parametrize("key", ["k", "A-Za-z0-9_", "k" * 59])
def test_a_client_s_own_key_makes_the_ids(key: str) -> None:
    """1 to 59 of the allowed characters: the id of a single event, and the beginning of the others'."""
    one, many = FanOut(), FanOut()

    post({}, {"idempotency-key": key}, fan_out=one)
    response = post([{}], {"idempotency-key": key}, fan_out=many)

    assert one.events[0].id == key
    assert many.events[0].id == f"{key}/0"
    assert response.headers["idempotency-key"] == key


@pytest.mark.parametrize("key", ["order 17", '"order 17"'])
def test_an_answer_has_the_key_as_it_was_sent(key: str) -> None:
    """So that it can be sent again; the log has what the ids begin with."""
    fan_out = FanOut()

    response = post({}, {"idempotency-key": key}, fan_out=fan_out)

    assert response.headers["idempotency-key"] == key
    assert response.log["idempotency_key"] == fan_out.events[0].id
    assert fan_out.events[0].id.startswith("~")


def test_events_keep_what_the_stage_keeps_of_requests() -> None:
    """Each event of the request, beside its own attributes."""
    fan_out, http = FanOut(), HttpSettings(keep_headers=("user-agent", "client-ip"))
    headers = {"content-type": "application/json", "user-agent": "curl/8"}

    request = Request("POST", "/v1/events", headers, body="[1,2]", id="r", ip="192.0.2.1")
    endpoint(FakeClock().clock, fan_out, http).answer(request)

    assert [one.attributes["useragent"] for one in fan_out.events] == ["curl/8"] * 2
    assert [one.attributes["clientip"] for one in fan_out.events] == ["192.0.2.1"] * 2


def test_the_sinks_get_the_time_that_delivery_grants() -> None:
    """Deliveries end by the deadline that the settings and the function's remaining time leave."""
    fan_out, clock = FanOut(), FakeClock(now=100.0)

    post({}, fan_out=fan_out, clock=clock, remaining=20.0)

    expected = delivery.deadline(remaining=20.0, retry_seconds=RETRY_SECONDS, clock=clock.clock)
    assert fan_out.deadlines == [expected]


def test_a_key_names_the_source_of_events_that_bring_none() -> None:
    """A CloudEvent keeps its own source; without keys the setting is everyone's."""
    open_to_all, keyed, own = FanOut(), FanOut(), FanOut()
    key = Key(id="DK1AAAAAAAAAAAAAAAA", name="plant-7")

    post({}, fan_out=open_to_all)
    post({}, fan_out=keyed, key=key)
    post(
        {"specversion": "1.0", "id": "1", "source": "/own", "type": "t"},
        {"content-type": "application/cloudevents+json"},
        fan_out=own,
        key=key,
    )

    assert [fan_out.events[0].source for fan_out in (open_to_all, keyed, own)] == ["distributary", "plant-7", "/own"]
    assert [fan_out.keys for fan_out in (open_to_all, keyed, own)] == [[None], [key], [key]]


def test_a_request_counts_all_its_events_against_the_quota() -> None:
    """The rejected ones, too: they cost as much."""
    assert post("[1,NaN,3]").events == 3


def test_a_request_whose_every_event_is_forbidden_is_403() -> None:
    """One that is wrong in another way makes it 400."""

    def forbidden(event: Event) -> EventResult:
        return EventResult(event, "rejected", {}, Rejection(event.index, "Forbidden", "not this source", "/source"))

    response = post([1, 2], fan_out=FanOut(forbidden))

    assert response.status == 403
    assert json.loads(response.body)["code"] == "Forbidden"
    assert json.loads(response.body)["rejected"] == 2
    assert post("[1,NaN]", fan_out=FanOut(forbidden)).status == 400


PAYLOADS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60).map(lambda text: text.encode(errors="replace")),
    st.lists(PAYLOADS, max_size=6).map(lambda values: json.dumps(values).encode()),
    st.lists(PAYLOADS, max_size=6).map(lambda values: "\n".join(map(json.dumps, values)).encode()),
    st.lists(st.sampled_from([b"1", b"{", b"[", b"]", b"}", b",", b'"a"', b":", b"NaN", b"\n"])).map(b"".join),
)
TYPES = st.sampled_from(
    [
        "application/json",
        "application/x-ndjson",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "text/plain",
        "image/png",
    ]
)
FATES = st.lists(st.sampled_from([accepted, retry, rejected]), min_size=1, max_size=8)


@given(BODIES, TYPES, FATES)
def test_accepted_and_rejected_and_retry_are_what_was_received(body: bytes, kind: str, fates: list[Any]) -> None:
    """For any body and whatever the sinks do: the counts add up to the events listed, and the status fits them."""
    fan_out = FanOut(lambda event: fates[event.index % len(fates)](event))

    response = post(body, {"content-type": kind}, fan_out=fan_out)

    document = json.loads(response.body)
    assert response.status in {202, 400, 503}
    if "events" not in document:
        assert response.status == 400
        assert fan_out.events == []
        return
    statuses = [event["status"] for event in document["events"]]
    assert [event["index"] for event in document["events"]] == list(range(len(statuses)))
    for status in ("accepted", "rejected", "retry"):
        assert document[status] == statuses.count(status)
    empty_batch = kind == "application/cloudevents-batch+json" and not statuses
    expected = 503 if document["retry"] else 202 if document["accepted"] or empty_batch else 400
    assert response.status == expected


@given(BODIES, TYPES, FATES, st.none() | st.just("key"))
def test_sending_again_never_gives_one_id_two_contents(
    body: bytes, kind: str, fates: list[Any], own_key: str | None
) -> None:
    """A request sent again under the key of its first answer has the same contents under the same ids."""
    headers = {"content-type": kind, **({"idempotency-key": own_key} if own_key else {})}
    fan_out = FanOut(lambda event: fates[event.index % len(fates)](event))
    first = post(body, headers, fan_out=fan_out)
    once = [(event.id, event.data) for event in fan_out.events]
    if "idempotency-key" not in first.headers:
        return

    again = FanOut()
    post(body, {**headers, "idempotency-key": first.headers["idempotency-key"]}, fan_out=again, time=1_800_000_000.0)

    assert [(event.id, event.data) for event in again.events] == once


def test_a_bomb_of_many_members_is_cheap() -> None:
    """200,000 gzip members cost a few times what a parser takes for as many bytes (each copies what follows it)."""
    body = build({"repeat": {"gzip": ""}, "times": 200_000})

    def refuse() -> None:
        response = post(body, {"content-encoding": "gzip"})
        assert json.loads(response.body)["code"] == "EmptyBody"

    assert seconds(refuse) < 30 * parsing(len(body))


def test_nobody_looks_for_cycles_while_events_are_handled() -> None:
    """A million values take seconds to look through; afterwards it goes on, whatever became of the request."""
    seen: list[bool] = []

    def decide(event: Event) -> EventResult:
        seen.append(gc.isenabled())
        return accepted(event)

    assert post({"a": 1}, fan_out=FanOut(decide)).status == 202
    assert post("[").status == 400
    assert seen == [False]
    assert gc.isenabled()
