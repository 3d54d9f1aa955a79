import gzip
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from bad_requests import Case, faults_of, load

from commands.demo import show
from commands.read_back import journal_payloads, kinesis_envelopes, s3_envelopes, wait_for


def test_every_kind_of_body_lands_in_every_sink(stage, http) -> None:
    """What the demo posts is found again in S3, Kinesis and the queue, by id and with equal content."""
    rows = show(stage, http.credential)

    assert len(rows) >= 12
    assert [row for row in rows if not row.complete] == []
    assert {"found"} == {row.firehose for row in rows} == {row.kinesis for row in rows}
    assert {"found", "skipped"} == {row.iot_events for row in rows}


@pytest.mark.parametrize("case", load("bad_requests.json"), ids=lambda case: case.name)
def test_a_bad_request_gets_the_contracts_answer(http, case: Case) -> None:
    """Status, code and pointer are those of the contract, through API Gateway's data plane too; never a 500."""
    named = {name.replace("-", "_"): value for name, value in case.headers.items()}
    answer = http(case.method, case.url, case.body, **named)

    assert faults_of(case, answer.status, answer.headers, answer.body.decode()) == []


def test_a_plan_says_what_a_delivery_then_does(http, stage, since) -> None:
    """The same id, sinks and partition key; the plan itself leaves nothing behind."""
    about = {"content_type": "application/json", "idempotency_key": uuid.uuid4().hex}
    body = b'{"deviceId":"planned","temperature":21.5}'
    answer = http("POST", "/v1/events/plan", body, **about)
    [planned] = json.loads(answer.body)["events"]
    before = planned["id"] in kinesis_envelopes(stage, since)
    [sent] = json.loads(http("POST", "/v1/events", body, **about).body)["events"]

    assert (answer.status, before) == (200, False)
    assert planned["id"] == sent["id"]
    assert [*planned["sinks"]] == [*sent["sinks"]]
    assert planned["sinks"]["kinesis"]["partitionKey"] == planned["id"]  # the shipped rule has no key of its own
    assert planned["sinks"]["iot_events"]["messageId"] == sent["sinks"]["iot_events"]["messageId"]


def test_what_curl_sends_as_a_form_is_json_if_it_is(http, stage, since) -> None:
    """`curl -d '{…}'` says that it sends a form; a form itself keeps its bytes."""
    form = {"content_type": "application/x-www-form-urlencoded"}
    answers = [http("POST", "/v1/events", body, **form) for body in (b'{"n":1.10}', b"n=1.10")]
    ids = [json.loads(answer.body)["events"][0]["id"] for answer in answers]

    found = wait_for(ids, lambda: kinesis_envelopes(stage, since), seconds=60)

    assert [found[one]["datacontenttype"] for one in ids] == ["application/json", form["content_type"]]
    assert found[ids[0]]["data"] == {"n": 1.1}
    assert found[ids[1]]["data_base64"] == "bj0xLjEw"


def test_numbers_keep_their_written_form(http, stage, since) -> None:
    """1.10, 1E400 and a 5,000-digit integer reach the sinks as they were posted."""
    text = f'{{"deviceId":"n","a":1.10,"b":1E400,"c":{"7" * 5000},"d":-0}}'
    answer = http("POST", "/v1/events", text.encode(), content_type="application/json")
    [event] = json.loads(answer.body)["events"]
    client = stage.client("kinesis")
    name = stage.outputs["StreamName"]
    shard = client.list_shards(StreamName=name)["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(
        StreamName=name, ShardId=shard, ShardIteratorType="AT_TIMESTAMP", Timestamp=since
    )["ShardIterator"]
    records = [one["Data"] for one in client.get_records(ShardIterator=iterator)["Records"]]

    assert answer.status == 202
    assert [one for one in records if event["id"].encode() in one and f'"data":{text}'.encode() in one]


def test_a_request_sent_again_with_its_key_has_the_same_ids_and_contents(http, stage, since) -> None:
    """With one Idempotency-Key, a whole request sent twice arrives twice under the same ids."""
    key = uuid.uuid4().hex
    body = b'[{"deviceId":"a","n":1},{"deviceId":"a","n":2}]'
    answers = [http("POST", "/v1/events", body, content_type="application/json", idempotency_key=key) for _ in range(2)]
    ids = [[event["id"] for event in json.loads(answer.body)["events"]] for answer in answers]

    assert ids == [[f"{key}/0", f"{key}/1"]] * 2
    assert {answer.headers["idempotency-key"] for answer in answers} == {key}
    found = wait_for(ids[0], lambda: kinesis_envelopes(stage, since), seconds=60)
    assert [found[one]["data"]["n"] for one in ids[0]] == [1, 2]


def test_five_thousand_events_are_taken_at_once(http, stage, since) -> None:
    """The largest request: gzip, every event accepted, none missing in the bucket; receipts come short if asked.

    One in twenty is of a device that detectors look after: each such event is a message for every model.
    """
    key = uuid.uuid4().hex
    names = ["deviceId", *["sensorId"] * 19]
    lines = "\n".join(json.dumps({names[number % 20]: f"d-{number}", "n": number}) for number in range(5000))
    answer = http(
        "POST",
        "/v1/events",
        gzip.compress(lines.encode()),
        content_type="application/x-ndjson",
        content_encoding="gzip",
        idempotency_key=key,
        prefer="return=minimal",
    )
    document = json.loads(answer.body)

    assert (answer.status, document["accepted"], document["rejected"], document["retry"]) == (202, 5000, 0, 0)
    assert document["events"] == []
    assert answer.headers["preference-applied"] == "return=minimal"
    ids = [f"{key}/{number}" for number in range(5000)]
    assert set(ids) <= wait_for(ids, lambda: s3_envelopes(stage, since), seconds=60).keys()
    assert set(ids) <= wait_for(ids, lambda: kinesis_envelopes(stage, since), seconds=60).keys()


def test_some_bad_events_do_not_stop_the_others(http) -> None:
    """Accepted and rejected stand side by side, each with its index, and add up to what was sent."""
    answer = http("POST", "/v1/events", b'[{"a":1},{"a":1,"a":2},{"b":NaN}]', content_type="application/json")
    document = json.loads(answer.body)

    assert (answer.status, document["accepted"], document["rejected"], document["retry"]) == (202, 1, 2, 0)
    assert [event["status"] for event in document["events"]] == ["accepted", "rejected", "rejected"]
    assert document["events"][1]["error"]["pointer"] == "/1/a"


def test_many_clients_at_once_all_get_their_answer(http) -> None:
    """More clients than environments: each is answered 202, or API Gateway's own 503, and nothing else."""
    with ThreadPoolExecutor(8) as clients:
        answers = list(
            clients.map(
                lambda n: http("POST", "/v1/events", b'{"n":%d}' % n, content_type="application/json"), range(40)
            )
        )

    assert {answer.status for answer in answers} <= {202, 503}
    assert [answer for answer in answers if answer.status == 202]


def test_the_opaque_and_the_text_arrive_in_the_journal_only_where_they_should(http, stage) -> None:
    """Data that is no JSON object reaches no IoT Events input."""
    before = len(journal_payloads(stage))
    http("POST", "/v1/events", b"\x00\x01", content_type="application/octet-stream")
    http("POST", "/v1/events", b"[1,2]", content_type="application/json")

    assert len(journal_payloads(stage)) == before
