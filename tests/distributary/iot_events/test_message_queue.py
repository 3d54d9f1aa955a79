import base64
import hashlib
import json
import threading
from pathlib import Path

import pytest
from fake_client import FakeClient, aws_error
from fake_clock import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from distributary.delivery.delivery import deliver
from distributary.delivery.retry_queue import read_message_body
from distributary.errors import SinkUnavailable
from distributary.events import Receipt
from distributary.iot_events.input import Input
from distributary.iot_events.message import MAX_PAYLOAD_BYTES, Message
from distributary.iot_events.message_queue import MAX_BYTES, MAX_ENTRIES, MessageQueue, _Calls
from distributary.iot_events.queue_entry import queue_entries
from distributary.iot_events.routing import Readers
from distributary.sinks.iot_events import IotEventsSink

CASES = json.loads((Path(__file__).parents[2] / "cases/put_message.json").read_text())
STORED = json.loads((Path(__file__).parents[2] / "cases/stored/spilled_messages.json").read_text())
INPUTS = {
    "in": Input("in", ("deviceId",)),
    "unread": Input("unread", ("deviceId",)),
    "constant": Input("constant", ("deviceId",), dedup=False),
}
READERS = Readers(
    [
        {"model": "m", "key": "deviceId", "inputs": ["in", "constant"]},
        {"model": "o", "key": "deviceId", "inputs": ["other"]},
        {"model": "n", "key": "a.`the key`", "inputs": ["nested"]},
        {"model": "one", "key": None, "inputs": ["keyless"]},
        {"model": "first", "key": "deviceId", "inputs": ["both"]},
        {"model": "second", "key": "room", "inputs": ["both"]},
    ]
)


def digest(*parts: str) -> str:
    """Unpadded base64url of SHA-256 of the parts with a zero byte between them."""
    return base64.urlsafe_b64encode(hashlib.sha256("\0".join(parts).encode()).digest()).decode().rstrip("=")


def message(case) -> Message:
    """The message that a case describes."""
    if "payload_hex" in case:
        payload = bytes.fromhex(case["payload_hex"])
    else:
        text = case.get("payload", json.dumps({"deviceId": case.get("key")}))
        piece, times = case.get("repeat", ["", 0])
        payload = (text + piece * times).encode()
    return Message(case["id"], case.get("input", "in"), payload, case.get("timestamp"))


class Queue:
    """An SQS client that refuses as a case says and keeps what it stored."""

    def __init__(self, case, time: FakeClock) -> None:
        self.case = case
        self.time = time
        self.calls: list[list[str]] = []
        self.bodies: list[dict] = []
        self.once = set(case.get("refuse_once", ()))
        self.groups: list[list[str]] = []
        self._lock = threading.Lock()

    def send_message_batch(self, *, QueueUrl, Entries):
        assert QueueUrl == "https://sqs/q.fifo"
        with self._lock:
            bodies = [json.loads(entry["MessageBody"]) for entry in Entries]
            self.calls.append([body["messageId"] for body in bodies])
            self.groups.append([entry["MessageGroupId"] for entry in Entries])
            self.time.now += self.case.get("seconds", 0)
            if len(self.calls) > self.case.get("fail_after", 1000):
                raise aws_error(*self.case["failure"])
            return self._answer(Entries, bodies)

    def _answer(self, entries, bodies):
        refused = self.case.get("refuse", {})
        answer = {"Successful": [], "Failed": []}
        for entry, body in zip(entries, bodies, strict=True):
            name = body["messageId"]
            if name in refused:
                answer["Failed"].append({"Id": entry["Id"], **refused[name]})
            elif name in self.once:
                self.once.remove(name)
                answer["Failed"].append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
            elif name not in self.case.get("forget", []):
                answer["Successful"].append({"Id": entry["Id"]})
                self.bodies.append({**body, "group": entry["MessageGroupId"], "entry": entry})
        return answer


def put(messages, case=None):
    """What the queue says to the messages, and the queue."""
    time = FakeClock()
    sqs = Queue(case or {}, time)
    queue = MessageQueue(sqs, "https://sqs/q.fifo", INPUTS, READERS, max_payload_bytes=1024, clock=time.clock)
    return queue.batch_put_message(messages), sqs


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case) -> None:
    """Each case's messages make its calls, its keys and its entries."""
    messages = [message(one) for one in case["messages"]]

    entries, sqs = put(messages, case)

    assert sqs.calls == case["calls"]
    assert {str(place): entry.error_code for place, entry in enumerate(entries) if entry} == case["entries"]
    assert all(entry.message_id == messages[place].message_id for place, entry in enumerate(entries) if entry)
    assert all(entry.error_message for entry in entries if entry)
    keys = {body["messageId"]: body["key"] for body in sqs.bodies}
    assert {name: keys[name] for name in case.get("keys", {})} == case.get("keys", {})


def test_an_entry_has_the_documented_ids_and_body() -> None:
    """Group and deduplication id are hashes; the body holds the payload's own text."""
    entries, sqs = put(
        [Message("m1", "in", b'{ "deviceId": "d1", "t": "\xc3\xa4", "u": 1.10 }', 1700000000000, hops=2)]
    )

    assert entries == [None]
    (body,) = sqs.bodies
    group = digest("m", "d1")
    assert body["entry"] == {
        "Id": "0",
        "MessageBody": '{"model":"m","key":"d1","inputName":"in","messageId":"m1","hops":2,"timestamp":1700000000000,'
        '"payload":{ "deviceId": "d1", "t": "ä", "u": 1.10 }}',
        "MessageGroupId": group,
        "MessageDeduplicationId": digest("m", "d1", "in", "m1"),
    }
    assert "=" not in group


def test_a_payload_that_was_checked_is_not_parsed_again() -> None:
    """The maker's value stands for it, its text travels; numbers keep their written form."""
    (entry,) = queue_entries(0, Message("m2", "keyless", b"not read", None, {}), READERS)

    assert entry.body.endswith('"payload":not read}')


def test_a_message_without_a_timestamp_has_none_in_its_body() -> None:
    """The member is missing, not null."""
    _, sqs = put([Message("m1", "keyless", b"{}")])

    assert "timestamp" not in sqs.bodies[0]


def test_characters_that_sqs_refuses_are_escaped() -> None:
    """U+FFFE and U+FFFF mean the same as before, but SQS takes them."""
    payload = json.dumps({"u": "\uffff", "t": "\ufffe"}, ensure_ascii=False)

    entries, sqs = put([Message("m1", "keyless", payload.encode())])

    assert entries == [None]
    assert not set("\ufffe\uffff") & set(sqs.bodies[0]["entry"]["MessageBody"])
    assert sqs.bodies[0]["payload"] == json.loads(payload)


def test_a_queue_that_cannot_be_reached_is_a_failed_call() -> None:
    """Where nothing was stored, the put as a whole failed, as a call that someone else has retried."""
    with pytest.raises(SinkUnavailable, match="ServiceUnavailable") as caught:
        put([Message("m1", "keyless", b"{}")], {"fail_after": 0, "failure": ["ServiceUnavailable", 503]})

    assert caught.value.retryable


def test_calls_stay_below_sqss_limits() -> None:
    """Ten entries and 1 MiB a call, whatever the payloads."""
    large = [
        Message(f"m{n}", "in", json.dumps({"deviceId": n, "pad": "ä" * 60_000}, ensure_ascii=False).encode())
        for n in range(25)
    ]

    entries, sqs = put(large)

    assert entries == [None] * 25
    assert sorted(map(len, sqs.calls)) == [1, 8, 8, 8]
    assert sum(map(len, sqs.calls)) == 25


def test_a_request_of_thousands_keeps_the_order_of_a_key() -> None:
    """Delivered as one put: a later message of a key never overtakes one that has to be sent again."""
    time = FakeClock()
    sqs = Queue({"refuse_once": {"m0"}}, time)
    queue = MessageQueue(sqs, "https://sqs/q.fifo", INPUTS, READERS, max_payload_bytes=1024, clock=time.clock)
    keys = ["a", *map(str, range(1200)), "a"]
    messages = [Message(f"m{n}", "in", json.dumps({"deviceId": key}).encode()) for n, key in enumerate(keys)]

    outcomes = deliver(IotEventsSink(queue), messages, deadline=100.0, clock=time.clock)

    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    assert [body["messageId"] for body in sqs.bodies if body["key"] == "a"] == ["m0", "m1201"]
    assert len(sqs.bodies) == len(messages)


KEYS = st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), max_size=60)


@given(keys=KEYS, refused=st.sets(st.integers(0, 59), max_size=5))
def test_each_key_keeps_its_order_and_ends_at_its_first_refusal(keys, refused) -> None:
    """For any keys and refusals: of each key exactly the messages before the first refused one are stored, in order."""
    messages = [Message(f"m{n}", "in", json.dumps({"deviceId": key}).encode()) for n, key in enumerate(keys)]
    case = {"refuse": {f"m{n}": {"Code": "InternalError", "SenderFault": False} for n in refused}}

    entries, sqs = put(messages, case)

    for key in set(keys):
        own = [n for n, one in enumerate(keys) if one == key]
        expected = own[: next((place for place, n in enumerate(own) if n in refused), len(own))]
        assert [body["messageId"] for body in sqs.bodies if body["key"] == key] == [f"m{n}" for n in expected]
        assert [n for n in own if entries[n] is None] == expected
    assert all(len(groups) == len(set(groups)) <= MAX_ENTRIES for groups in sqs.groups)


def test_no_call_follows_one_that_failed() -> None:
    """The batches of a put that still wait are refused without another call; botocore has tried twice already."""
    client = FakeClient(send_message_batch=aws_error("ServiceUnavailable", 503))
    calls = _Calls(client, "q", FakeClock().clock)
    batch = queue_entries(0, Message("m1", "keyless", b"{}"), READERS)

    refused = [calls.send(batch), calls.send(batch)]

    assert [one[0].error_code for one in refused] == ["ServiceUnavailableException"] * 2
    assert len(client.calls) == 1


def test_calls_are_made_at_the_same_time() -> None:
    """Two batches of different keys are in flight together."""
    both = threading.Barrier(2, timeout=60)

    def answer(parameters):
        both.wait()
        return {"Successful": [{"Id": entry["Id"]} for entry in parameters["Entries"]]}

    client = FakeClient(send_message_batch=answer)
    queue = MessageQueue(client, "q", INPUTS, READERS, max_payload_bytes=1024, clock=FakeClock().clock)

    assert queue.batch_put_message([Message(f"m{n}", "in", b'{"deviceId": %d}' % n) for n in range(20)]) == [None] * 20
    assert all(len(one["Entries"]) == MAX_ENTRIES for _, one in client.calls)
    assert MAX_BYTES == 1024 * 1024


def test_a_message_is_refused_unless_every_model_has_it() -> None:
    """Two models, two groups: one of them refused is a refusal, and sent again only the other one is new."""
    note = json.dumps({"deviceId": "d", "room": "r"}).encode()
    client = FakeClient(
        send_message_batch=lambda parameters: {
            "Successful": [
                {"Id": entry["Id"]} for entry in parameters["Entries"] if "second" not in entry["MessageBody"]
            ]
        }
    )
    queue = MessageQueue(client, "q", INPUTS, READERS, max_payload_bytes=1024, clock=FakeClock().clock)

    (entry,) = queue.batch_put_message([Message("m1", "both", note)])

    assert entry.error_code == "ServiceUnavailableException"
    assert len({one["MessageGroupId"] for one in client.calls[0][1]["Entries"]}) == 2


def test_a_message_that_no_model_reads_is_accepted_and_noted() -> None:
    """As AWS did, without a call; the log has a line for them all."""
    notes: list = []
    client = FakeClient()
    queue = MessageQueue(
        client,
        "q",
        INPUTS,
        READERS,
        max_payload_bytes=1024,
        clock=FakeClock().clock,
        note=lambda text, fields: notes.append((text, fields)),
    )

    ids = [f"m{number}" for number in range(12)]
    assert queue.batch_put_message([Message(one, "unread", b"{}") for one in ids]) == [None] * 12
    assert notes == [("unread", {"inputName": "unread", "messages": 12, "messageIds": ids[:10]})]
    assert client.calls == []


def test_a_payload_over_the_limit_is_refused_unread(monkeypatch) -> None:
    """Whoever hands it over: an API, a topic rule, a redrive or a detector's action."""
    monkeypatch.setattr("distributary.iot_events.queue_entry.parse_json", lambda _: pytest.fail("it was read"))
    payload = b'{"deviceId":"d","x":"' + b"x" * MAX_PAYLOAD_BYTES + b'"}'
    [entry], sqs = put([Message("m1", "in", payload)])

    assert (entry.error_code, entry.error_message) == ("InvalidRequestException", "the payload is over 131072 bytes")
    assert sqs.bodies == []


@pytest.mark.covers("decision.dedup-scope")
def test_an_input_without_dedup_takes_an_id_again() -> None:
    """Each message has a deduplication id of its own."""
    note = Message("same", "constant", b'{"deviceId": "d"}')
    _, first = put([note])
    _, again = put([note])

    ids = [sqs.bodies[0]["entry"]["MessageDeduplicationId"] for sqs in (first, again)]
    assert len(set(ids)) == 2


# ── callers ──


def deduplication_id(message_id: str, caller: str) -> str:
    """What SQS recognises a message of this caller by."""
    note = Message(message_id, "in", b'{"deviceId":"d"}', caller=caller)
    (entry,) = queue_entries(0, note, READERS)
    return entry.deduplication_id


def test_two_callers_may_use_one_id() -> None:
    """An honest constant id, or a victim's that somebody has computed: both messages are taken, in one put too."""
    notes = [Message("1", "in", b'{"deviceId":"d"}', caller=caller) for caller in ("key:hall", "key:cellar")]

    entries, sqs = put(notes)

    assert entries == [None, None]
    assert len({body["entry"]["MessageDeduplicationId"] for body in sqs.bodies}) == 2
    assert [body["messageId"] for body in sqs.bodies] == ["1", "1"]


def test_a_caller_that_sends_an_id_again_is_recognised() -> None:
    """Also with another key of its name, which is what rotating a key is."""
    assert deduplication_id("1", "key:hall") == deduplication_id("1", "key:hall")
    assert deduplication_id("1", "key:hall") == digest("m", "d", "in", "1", "key:hall")


@given(one=st.tuples(st.text(), st.text()), other=st.tuples(st.text(), st.text()))
def test_no_two_callers_or_ids_share_a_deduplication_id(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Whatever a caller is called, and also where there is none."""
    ids = [f"i{message_id.encode().hex()}" for message_id, _ in (one, other)]

    same = deduplication_id(ids[0], one[1]) == deduplication_id(ids[1], other[1])

    assert same == (one == other)


def test_what_was_spilled_before_callers_were_known_keeps_its_ids() -> None:
    """Read from a queue as an earlier version wrote it: a message that was stored then is not stored again."""
    readers = Readers(STORED["readers"])
    messages = read_message_body(STORED["body"]).records

    entries = [entry for one in messages for entry in queue_entries(0, one, readers)]

    assert [one.message_id for one in messages] == STORED["messageIds"]
    assert [one.deduplication_id for one in entries] == STORED["deduplicationIds"]
