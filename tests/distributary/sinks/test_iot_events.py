import base64
import json
from collections.abc import Sequence

import pytest
from botocore.stub import Stubber
from fake_client import FakeClient, aws_error
from fake_clock import FakeClock

from distributary.aws.clients import Clients
from distributary.errors import SinkUnavailable
from distributary.events import Failure, Receipt
from distributary.iot_events.message import ErrorEntry, Message
from distributary.iot_events.message_queue import MessageQueue, unnoted
from distributary.iot_events.queue_entry import digest
from distributary.iot_events.routing import Readers
from distributary.sinks.iot_events import (
    MAX_CALL_BYTES,
    DataEndpoint,
    IotEventsSettings,
    IotEventsSink,
    open_provider,
)
from distributary.sinks.sink import SinkContext


class Refuser:
    """A provider that refuses each message with the code that is its messageId."""

    max_messages = 3
    max_bytes = 300
    max_payload_bytes = 100

    def batch_put_message(self, messages: Sequence[Message]) -> list[ErrorEntry | None]:
        return [
            None if one.message_id == "fine" else ErrorEntry(one.message_id, one.message_id, "why") for one in messages
        ]


@pytest.fixture
def stubbed(monkeypatch):
    """A real client with our own service model, and its stub."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    client = Clients({"AWS_REGION": "eu-west-1"}).make("iotevents-data")
    with Stubber(client) as stub:
        yield DataEndpoint(client, max_messages=10, max_payload_bytes=1024), stub
        stub.assert_no_pending_responses()


def test_accepted_messages_are_receipts_and_refused_ones_failures() -> None:
    """What may be sent again at once, and what never will be taken, is told by AWS's code."""
    codes = [
        "fine",
        "ServiceUnavailableException",
        "ThrottlingException",
        "InternalFailureException",
        "InvalidRequestException",
        "ResourceNotFoundException",
    ]
    outcomes = IotEventsSink(Refuser()).put([Message(code, "in", b"{}") for code in codes])

    assert outcomes == [
        Receipt({"messageId": "fine"}),
        *[Failure(code, "why", retryable=True) for code in codes[1:4]],
        *[Failure(code, "why", retryable=False, permanent=True) for code in codes[4:]],
    ]


def test_the_limits_are_the_providers() -> None:
    """So many messages, payloads so large; the size is the payload's."""
    sink = IotEventsSink(Refuser())

    assert (sink.max_records, sink.max_record_bytes, sink.max_bytes) == (3, 100, 300)
    assert sink.size(Message("m", "in", b"{}", 1)) == 2


def test_an_endpoint_is_asked_as_aws_was(stubbed) -> None:
    """Base64 and names are botocore's business; entries find their messages by messageId."""
    endpoint, stub = stubbed
    entry = {"messageId": "m2", "errorCode": "ThrottlingException", "errorMessage": "slow"}
    stub.add_response(
        "batch_put_message",
        {"BatchPutMessageErrorEntries": [entry]},
        {
            "messages": [
                {"messageId": "m1", "inputName": "in", "payload": b"{}", "timestamp": {"timeInMillis": 1}},
                {"messageId": "m2", "inputName": "in", "payload": b"{}"},
                {"messageId": "m3", "inputName": "in", "payload": b"{}"},
            ]
        },
    )
    messages = [Message("m1", "in", b"{}", 1), Message("m2", "in", b"{}"), Message("m3", "in", b"{}")]

    assert endpoint.batch_put_message(messages) == [None, ErrorEntry("m2", "ThrottlingException", "slow"), None]


def test_a_full_call_stays_below_the_body_that_another_stack_takes() -> None:
    """As many messages as go in one call, with the longest names and ids, come to less than 4.5 MB on the wire."""
    payload = bytes(MAX_CALL_BYTES // 500)
    longest = {
        "messageId": "m" * 64,
        "inputName": "i" * 128,
        "payload": base64.b64encode(payload).decode(),
        "timestamp": {"timeInMillis": 2**63 - 1},
    }

    assert len(json.dumps({"messages": [longest] * 500})) < 4_500_000


@pytest.mark.parametrize("answer", [{}, {"BatchPutMessageErrorEntries": []}, {"BatchPutMessageErrorEntries": None}])
def test_no_entries_mean_that_all_were_accepted(answer) -> None:
    """An empty list, or none."""
    endpoint = DataEndpoint(FakeClient(batch_put_message=answer), max_messages=10, max_payload_bytes=1024)

    assert endpoint.batch_put_message([Message("m", "in", b"{}")]) == [None]


def test_an_endpoint_that_fails_is_sink_unavailable() -> None:
    """With AWS's own code."""
    client = FakeClient(batch_put_message=aws_error("ThrottlingException", 429))

    with pytest.raises(SinkUnavailable, match="ThrottlingException") as caught:
        DataEndpoint(client, max_messages=10, max_payload_bytes=1024).batch_put_message([Message("m", "in", b"{}")])
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("settings", "kind", "messages", "payload"),
    [
        ({}, MessageQueue, 100_000, 131_072),
        ({"strict": True}, MessageQueue, 100_000, 1024),
        ({"provider": "endpoint", "endpoint": "https://x"}, DataEndpoint, 500, 131_072),
        ({"provider": "endpoint", "endpoint": "https://x", "strict": True}, DataEndpoint, 10, 1024),
    ],
)
def test_the_settings_choose_the_provider_and_its_limits(monkeypatch, settings, kind, messages, payload) -> None:
    """The stack's queue, or an endpoint; `strict` has AWS's limits."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    context = SinkContext(Clients({"AWS_REGION": "eu-west-1"}), FakeClock().clock, {}, Readers(()), unnoted)
    chosen = open_provider(IotEventsSettings(message_queue_url="q", **settings), context)

    assert isinstance(chosen, kind)
    assert (chosen.max_messages, chosen.max_payload_bytes) == (messages, payload)


def test_callers_do_not_meet_at_another_service_either(stubbed) -> None:
    """It sees one caller, this stack: so ids of two of ours differ there, and each is answered under its own."""
    endpoint, stub = stubbed
    callers = ("key:hall", "key:cellar", "")
    ids = [digest("1", caller) if caller else "1" for caller in callers]
    stub.add_response(
        "batch_put_message",
        {"BatchPutMessageErrorEntries": [{"messageId": ids[1], "errorCode": "ThrottlingException"}]},
        {"messages": [{"messageId": one, "inputName": "in", "payload": b"{}"} for one in ids]},
    )
    entries = endpoint.batch_put_message([Message("1", "in", b"{}", caller=caller) for caller in callers])

    assert len(set(ids)) == 3
    assert entries == [None, ErrorEntry("1", "ThrottlingException", ""), None]
