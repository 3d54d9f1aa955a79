import pytest
from fake_client import FakeClient, aws_error
from fake_keeping import URLS
from fake_queue import SET_ASIDE_URLS, sqs_event

from distributary.delivery.retry_messages import RetryMessages


def queues(**answers) -> tuple[RetryMessages, FakeClient]:
    """The queues and the client that they are reached by."""
    client = FakeClient(change_message_visibility={}, change_message_visibility_batch={}, **answers)
    return RetryMessages(client, URLS, SET_ASIDE_URLS), client


def test_a_message_knows_its_queue() -> None:
    """What Lambda hands over is read, with the sink and the URL of its queue, and whether SQS had set it aside."""
    own, _ = queues()
    [message] = own.read(sqs_event(URLS["kinesis"], "body", message_id="one", receives=7))
    [aside] = own.read(sqs_event(SET_ASIDE_URLS["iot_events"], "body"))

    assert (message.id, message.body, message.receives, message.sent) == ("one", "body", 7, 1_700_000_000.0)
    assert (message.sink, message.queue_url, message.from_dead_letter_queue) == ("kinesis", URLS["kinesis"], False)
    assert (aside.sink, aside.queue_url, aside.from_dead_letter_queue) == (
        "iot_events",
        SET_ASIDE_URLS["iot_events"],
        True,
    )


def test_a_batch_is_held_a_little_longer_than_the_function_runs() -> None:
    """A function that is ended gives its messages back soon, ten in a call."""
    own, client = queues()
    [message] = own.read(sqs_event(URLS["kinesis"], "body"))
    own.hold([message] * 13, 28.4)
    entries = [parameters["Entries"] for _, parameters in client.calls]

    assert [len(each) for each in entries] == [10, 3]
    assert entries[0][3] == {"Id": "3", "ReceiptHandle": "handle of m", "VisibilityTimeout": 34}


def test_a_message_is_postponed() -> None:
    """It is made invisible for so many seconds."""
    own, client = queues()
    [message] = own.read(sqs_event(URLS["kinesis"], "body"))
    own.postpone(message, 64)

    expected = {"QueueUrl": URLS["kinesis"], "ReceiptHandle": "handle of m", "VisibilityTimeout": 64}
    assert client.calls == [("change_message_visibility", expected)]


@pytest.mark.parametrize("operation", ["change_message_visibility", "change_message_visibility_batch"])
def test_a_queue_that_does_not_listen_stops_nothing(operation: str) -> None:
    """Where visibility cannot be changed the queue's own holds."""
    client = FakeClient(**{operation: aws_error("RequestThrottled", 400)})
    own = RetryMessages(client, URLS, SET_ASIDE_URLS)
    [message] = own.read(sqs_event(URLS["kinesis"], "body"))

    if operation == "change_message_visibility":
        own.postpone(message, 5)
    else:
        own.hold([message], 5)
    assert len(client.calls) == 1
