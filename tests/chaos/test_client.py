import json

import pytest

from chaos.client import send
from chaos.request_batch import RequestBatch
from commands.post import Answer

EVENTS = {"a": {"n": 1}, "b": {"n": 2}, "c": {"n": 3}}
OWN, KEYED = RequestBatch(EVENTS), RequestBatch(EVENTS, key="key")


def answer(statuses, status=None, retry_after=None):
    """The product's answer with a status for each event."""
    values = list(statuses.values())
    counts = {name: values.count(name) for name in ("accepted", "rejected", "retry")}
    events = [{"index": index, "id": name, "status": value} for index, (name, value) in enumerate(statuses.items())]
    headers = {"retry-after": retry_after} if retry_after else {}
    return Answer(
        status or (503 if counts["retry"] else 202), headers, json.dumps({**counts, "events": events}).encode()
    )


class Endpoint:
    """Answers as scripted; `asked` lists the ids or the number of events of each request."""

    def __init__(self, *script):
        self.script = list(script)
        self.asked = []
        self.headers = []

    def __call__(self, headers, body):
        events = json.loads(body)
        self.asked.append([event["id"] for event in events] if "id" in events[0] else len(events))
        self.headers.append(headers)
        said = self.script.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


def sent(batch, *script):
    """What became of a batch, and the endpoint."""
    endpoint, pauses = Endpoint(*script), []
    sending = send(endpoint, batch, sleep=pauses.append)
    return sending, endpoint, pauses


def test_events_with_ids_of_their_own_are_sent_again_only_where_the_answer_says_retry():
    """What was accepted is not sent twice; Retry-After is waited for."""
    partly = answer({"a": "accepted", "b": "retry", "c": "accepted"}, retry_after="3")
    sending, endpoint, pauses = sent(OWN, partly, answer({"b": "accepted"}))

    assert endpoint.asked == [["a", "b", "c"], ["b"]]
    assert sending.accepted == {"a", "b", "c"}
    assert pauses == [3.0]
    assert "idempotency-key" not in endpoint.headers[0]


def test_a_request_with_a_key_is_sent_again_whole():
    """Unchanged, with the same key; what an earlier answer accepted stays accepted."""
    partly = answer({"a": "accepted", "b": "retry", "c": "accepted"})
    sending, endpoint, _ = sent(KEYED, partly, answer(dict.fromkeys("abc", "accepted")))

    assert endpoint.asked == [3, 3]
    assert [headers["idempotency-key"] for headers in endpoint.headers] == ["key", "key"]
    assert sending.accepted == {"a", "b", "c"}
    assert sending.answers == {503: 1, 202: 1}


@pytest.mark.parametrize("batch", [OWN, KEYED])
def test_an_answer_that_is_not_the_products_is_asked_for_again(batch):
    """A lost connection, API Gateway's own 500 and 503: everything is sent again."""
    gateway = Answer(500, {}, b'{"message":"Internal Server Error"}')
    sending, endpoint, pauses = sent(batch, ConnectionResetError(), gateway, answer(dict.fromkeys("abc", "accepted")))

    assert len(endpoint.asked) == 3
    assert endpoint.asked[0] == endpoint.asked[1] == endpoint.asked[2]
    assert (sending.accepted, sending.not_ours) == ({"a", "b", "c"}, 2)
    assert sending.answers == {0: 1, 500: 1, 202: 1}
    assert all(0 <= pause <= 0.4 for pause in pauses)


def test_what_is_rejected_is_not_sent_again():
    """It is noted as rejected."""
    sending, endpoint, _ = sent(OWN, answer({"a": "accepted", "b": "rejected", "c": "accepted"}))

    assert (len(endpoint.asked), sending.accepted, sending.rejected) == (1, {"a", "c"}, {"b"})


def test_a_request_that_is_refused_as_a_whole_ends_there():
    """A 400 without events is no reason to try again."""
    sending, endpoint, _ = sent(OWN, Answer(400, {}, b"{}"))

    assert (len(endpoint.asked), sending.accepted) == (1, set())


def test_an_answer_whose_counts_or_events_are_wrong_is_a_fault():
    """The three counts are those of the events, and the events are those that were sent."""
    wrong = Answer(
        202,
        {},
        b'{"accepted": 3, "rejected": 0, "retry": 0, "events": [{"index": 0, "id": "a", "status": "accepted"}]}',
    )
    sending, _, _ = sent(OWN, wrong)

    assert len(sending.faults) == 2


def test_what_went_to_a_spill_queue_is_counted_by_sink():
    """An event can be spilled for one sink and stored in another."""
    said = json.loads(answer(dict.fromkeys("abc", "accepted")).body)
    said["events"][1]["sinks"] = {"firehose": {"spilled": True}, "kinesis": {"sequenceNumber": "1"}}
    sending, _, _ = sent(OWN, Answer(202, {}, json.dumps(said).encode()))

    assert sending.spilled == {("firehose", "b")}
