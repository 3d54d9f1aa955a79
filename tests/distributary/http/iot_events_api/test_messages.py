import json
from pathlib import Path

import boto3
import pytest
from api_server import served
from aws_models import allowed_by_iot_events
from botocore.config import Config
from botocore.exceptions import ClientError
from fake_client import FakeClient, aws_error
from fake_clock import FakeClock
from hypothesis import given
from hypothesis import strategies as st
from written_out import body_of, written_out

from distributary.access.key import Key
from distributary.aws.clients import Clients
from distributary.http.iot_events_api.messages import MessagesEndpoint
from distributary.http.request import Request
from distributary.iot_events.input import Input
from distributary.iot_events.message import Message
from distributary.iot_events.message_queue import MessageQueue
from distributary.iot_events.routing import Readers
from distributary.sinks.iot_events import DataEndpoint, IotEventsSink

CASES = json.loads((Path(__file__).parents[3] / "cases/iot_events_wire.json").read_text())
INPUTS = {"in": Input("in", ("k",))}
READERS = Readers([{"model": "m", "key": None, "inputs": ["in"]}, {"model": "o", "key": None, "inputs": ["other"]}])


class Queue:
    """An SQS client that refuses and fails as a case says, and keeps the messageIds that it stored."""

    def __init__(self, case) -> None:
        self.case = case
        self.calls = 0
        self.stored: list[str] = []

    def send_message_batch(self, *, QueueUrl, Entries):
        self.calls += 1
        if self.calls > self.case.get("fail_after", 1000):
            raise aws_error(*self.case.get("failure", ["ServiceUnavailable", 503]))
        refused = {*self.case.get("refuse_always", ()), *(self.case.get("refuse", []) + [[]] * 99)[self.calls - 1]}
        answer = {"Successful": [], "Failed": []}
        for entry in Entries:
            name = json.loads(entry["MessageBody"])["messageId"]
            if name in refused:
                answer["Failed"].append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
            else:
                answer["Successful"].append({"Id": entry["Id"]})
                self.stored.append(name)
        return answer


def api(queue, *, strict: bool = False) -> MessagesEndpoint:
    """The API before this queue."""
    clock = FakeClock().clock
    provider = MessageQueue(queue, "q", INPUTS, READERS, max_payload_bytes=1024 if strict else 131_072, clock=clock)
    return MessagesEndpoint(IotEventsSink(provider), clock, strict=strict, retry_seconds=2)


def request(case) -> Request:
    """The request that a case describes."""
    return Request(
        "POST",
        "/inputs/messages",
        {"content-type": "application/json"},
        body=body_of(case),
        id="request-1",
        remaining=case.get("remaining", 29.0),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case) -> None:
    """Each case has its status, its entries or error, and stores what it says: nothing where the request is bad."""
    queue = Queue(case)

    response = api(queue, strict=case.get("strict", False)).answer(request(case))

    body = json.loads(response.body)
    assert response.status == case["status"], body
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-amzn-requestid"] == "request-1"
    if "type" in case:
        assert response.headers["x-amzn-errortype"] == case["type"]
        assert response.status == allowed_by_iot_events("BatchPutMessage")[case["type"]]
        assert case.get("message", "") in body["message"]
        assert queue.stored == []
    else:
        entries = body["BatchPutMessageErrorEntries"]
        assert {entry["messageId"]: entry["errorCode"] for entry in entries} == case["entries"]
        assert all(entry["errorMessage"] for entry in entries)
        assert case.get("text", "") in json.dumps(entries)
        assert queue.stored == case["stored"]


def test_a_body_may_come_as_bytes() -> None:
    """API Gateway hands application/json over as text, other types as bytes."""
    body = b'{"messages": [{"messageId": "m1", "inputName": "in", "payload": "e30="}]}'
    queue = Queue({})

    response = api(queue).answer(Request("POST", "/inputs/messages", body=body))

    assert (response.status, response.body, queue.stored) == (200, '{"BatchPutMessageErrorEntries":[]}', ["m1"])


def test_the_log_counts_and_never_shows_a_payload() -> None:
    """Messages received and refused; the error and its cause where the request failed."""
    asked = request({"body": {"messages": [{"messageId": "m1", "inputName": "no", "payload": "c2VjcmV0"}] * 2}})
    fine = request({"body": {"messages": [{"messageId": "m1", "inputName": "in", "payload": "e30="}]}})

    refused, down = api(Queue({})).answer(asked), api(Queue({"fail_after": 0})).answer(fine)

    counts = {"operation": "BatchPutMessage", "received": 2, "refused": 2}
    assert (refused.log, refused.events) == ({**counts, "event_ids": ["m1", "m1"]}, 2)
    assert down.log == {
        "operation": "BatchPutMessage",
        "error": "ServiceUnavailableException",
        "cause": "ServiceUnavailable",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.just("e30="),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
MESSAGES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(["messageId", "inputName", "payload", "timestamp"], JSON)
) | st.just({"messageId": "m", "inputName": "in", "payload": "e30="})


@given(body=st.fixed_dictionaries({"messages": st.lists(MESSAGES, max_size=3) | JSON}) | JSON)
def test_no_json_is_an_exception(body) -> None:
    """Any JSON type at any member is answered; an accepted message was stored."""
    queue = Queue({})

    response = api(queue).answer(Request("POST", "/inputs/messages", body=json.dumps(body)))

    assert response.status in {200, 400}
    if response.status == 200:
        entries = json.loads(response.body)["BatchPutMessageErrorEntries"]
        assert len(queue.stored) + len(entries) == len(body["messages"])
    else:
        assert queue.stored == []


@pytest.fixture
def endpoint(monkeypatch):
    """Serves the API before a Queue under a URL."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    contexts = []

    def serve(queue) -> str:
        contexts.append(served(api(queue).answer))
        return contexts[-1].__enter__()

    yield serve
    for context in contexts:
        context.__exit__(None, None, None)


def test_boto3_with_our_model_reads_what_the_api_answers(endpoint) -> None:
    """Entries and whole-request errors through the SDK's own parsers."""
    client = boto3.Session(botocore_session=Clients({})._session).client(
        "iotevents-data",
        endpoint_url=endpoint(Queue({})),
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
    )
    message = {"messageId": "m1", "inputName": "in", "payload": b'{"k": 1}', "timestamp": {"timeInMillis": 5}}

    answer = client.batch_put_message(messages=[message, {**message, "messageId": "m2", "inputName": "nowhere"}])

    (entry,) = answer["BatchPutMessageErrorEntries"]
    assert (entry["messageId"], entry["errorCode"]) == ("m2", "ResourceNotFoundException")
    assert answer["ResponseMetadata"]["RequestId"] == "request-1"
    with pytest.raises(client.exceptions.InvalidRequestException, match="messageId"):
        client.batch_put_message(messages=[{**message, "messageId": "a b"}])


def test_boto3_raises_when_the_queue_is_down(endpoint) -> None:
    """503, so that the SDK's own retry works."""
    client = Clients({"AWS_REGION": "eu-west-1"}).make("iotevents-data", endpoint=endpoint(Queue({"fail_after": 0})))

    with pytest.raises(ClientError) as caught:
        client.batch_put_message(messages=[{"messageId": "m1", "inputName": "in", "payload": b"{}"}])

    assert caught.value.response["Error"]["Code"] == "ServiceUnavailableException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 1


def test_the_endpoint_provider_speaks_to_another_api(endpoint) -> None:
    """Provider and api are the two ends of one wire."""
    queue = Queue({})
    client = Clients({"AWS_REGION": "eu-west-1"}).make("iotevents-data", endpoint=endpoint(queue))
    provider = DataEndpoint(client, max_messages=500, max_payload_bytes=131_072)

    entries = provider.batch_put_message([Message("m1", "in", b"{}", 5), Message("m2", "nowhere", b"{}")])

    assert entries[0] is None
    assert entries[1] is not None
    assert entries[1].error_code == "ResourceNotFoundException"
    assert queue.stored == ["m1"]


def test_the_client_of_a_fake_is_never_asked_without_messages() -> None:
    """Where no message fits, nothing is sent."""
    client = FakeClient(send_message_batch=aws_error("AccessDenied"))
    too_large = written_out({"$base64": 131_073})
    body = json.dumps({"messages": [{"messageId": "m1", "inputName": "in", "payload": too_large}]})

    response = api(client).answer(Request("POST", "/inputs/messages", body=body))

    assert response.status == 200
    assert client.calls == []


def test_a_message_is_its_callers() -> None:
    """The same messageId under two keys is two messages; under a key that took the place of another it is one."""
    ids: list[str] = []

    def answer(parameters):
        ids.extend(entry["MessageDeduplicationId"] for entry in parameters["Entries"])
        return {"Successful": [{"Id": entry["Id"]} for entry in parameters["Entries"]]}

    asked = Request(
        "POST", "/inputs/messages", body=b'{"messages":[{"messageId":"1","inputName":"in","payload":"e30="}]}'
    )
    for key in (Key(id="DK1A", name="hall"), Key(id="DK2B", name="hall"), Key(id="DK1C", name="cellar"), None):
        assert api(FakeClient(send_message_batch=answer)).answer(asked._replace(key=key)).status == 200

    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
