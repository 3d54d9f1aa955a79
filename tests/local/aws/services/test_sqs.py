import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from cProfile import Profile

import pytest
from fake_clock import FakeClock

from local.aws.journal import Journal
from local.aws.services.sqs import DEDUPLICATION_SECONDS, Sqs

FIFO = {"FifoQueue": "true"}


@pytest.fixture
def clock():
    """The service's clock."""
    return FakeClock()


@pytest.fixture
def sqs(clock):
    """The service without a queue."""
    return Sqs("us-east-1", "123456789012", journal=Journal(), clock=clock.clock.time)


def bodies(sqs, queue):
    """The bodies in a queue, in order, whatever their visibility."""
    return [message.body for message in sqs.queues[queue].backlog.messages()]


def consume(sqs, queue):
    """Takes one message and deletes it."""
    [message] = sqs.receive_message(queue, 1, 0, 30)
    sqs.delete_message(queue, message.receipt_handle)


def test_a_deduplication_id_outlives_its_message(sqs):
    """A duplicate of a message that was deleted is not put in; its sender gets the first one's id and number."""
    sqs.create_queue("q.fifo", **FIFO)
    first = sqs.send_message("q.fifo", "one", group_id="g", deduplication_id="d")
    consume(sqs, "q.fifo")

    again = sqs.send_message("q.fifo", "two", group_id="g", deduplication_id="d")

    assert (again.id, again.sequence_number) == (first.id, first.sequence_number)
    assert bodies(sqs, "q.fifo") == []


def test_a_deduplication_id_is_free_again_after_five_minutes(sqs, clock):
    """Then the same id is a new message."""
    sqs.create_queue("q.fifo", **FIFO)
    sqs.send_message("q.fifo", "one", group_id="g", deduplication_id="d")
    clock.sleep(DEDUPLICATION_SECONDS - 1)
    sqs.send_message("q.fifo", "two", group_id="g", deduplication_id="d")
    clock.sleep(1)
    sqs.send_message("q.fifo", "three", group_id="g", deduplication_id="d")

    assert bodies(sqs, "q.fifo") == ["one", "three"]


@pytest.mark.parametrize(("scope", "accepted"), [("queue", ["one"]), ("messageGroup", ["one", "two"])])
def test_deduplication_has_the_scope_that_the_queue_says(sqs, scope, accepted):
    """In one scope an id is unique in its group, in the other in the queue."""
    sqs.create_queue("q.fifo", DeduplicationScope=scope, FifoThroughputLimit="perMessageGroupId", **FIFO)
    sqs.send_message("q.fifo", "one", group_id="a", deduplication_id="d")
    sqs.send_message("q.fifo", "two", group_id="b", deduplication_id="d")

    assert bodies(sqs, "q.fifo") == accepted


def test_equal_content_is_a_duplicate_where_the_queue_says_so(sqs):
    """With content-based deduplication the body is the id, unless the message brings one."""
    sqs.create_queue("q.fifo", ContentBasedDeduplication="true", **FIFO)
    sqs.send_message("q.fifo", "same", group_id="g")
    sqs.send_message("q.fifo", "same", group_id="g")
    sqs.send_message("q.fifo", "same", group_id="g", deduplication_id="own")

    assert bodies(sqs, "q.fifo") == ["same", "same"]


def test_sequence_numbers_rise(sqs):
    """Each message of a FIFO queue has a number of 20 digits above the one before, also by content."""
    sqs.create_queue("q.fifo", ContentBasedDeduplication="true", **FIFO)
    numbers = [sqs.send_message("q.fifo", str(i), group_id="g").sequence_number for i in range(12)]

    assert numbers == sorted(set(numbers))
    assert {len(number) for number in numbers} == {20}


def test_a_standard_queue_takes_everything(sqs):
    """Without FIFO nothing is a duplicate."""
    sqs.create_queue("q")
    for _ in range(2):
        sqs.send_message("q", "same")

    assert bodies(sqs, "q") == ["same", "same"]


def test_a_dead_letter_arrives_whatever_its_deduplication_id(aws, unique):
    """A message that was received too often is moved, also when its queue's dead letters hold an equal id."""
    sqs, names = aws.client("sqs"), [f"{unique('dead')}.fifo", f"{unique('source')}.fifo"]
    dead = sqs.create_queue(QueueName=names[0], Attributes=FIFO)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    source = sqs.create_queue(QueueName=names[1], Attributes={"RedrivePolicy": policy, **FIFO})["QueueUrl"]
    for url, body in ((dead, "earlier"), (source, "poison")):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=body, MessageDeduplicationId="same")
    for _ in range(2):
        sqs.receive_message(QueueUrl=source, VisibilityTimeout=0)

    moved = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]

    assert [message["Body"] for message in moved] == ["earlier", "poison"]


@pytest.mark.usefixtures("impatient")
def test_no_message_is_lost_or_given_twice_under_concurrency(sqs):
    """Three senders and three receivers at a queue that is already long: each message is received exactly once."""
    sqs.create_queue("q")
    senders, messages = range(3), range(100)
    waiting = [f"waiting-{i}" for i in range(200)]
    for body in waiting:
        sqs.send_message("q", body)
    received: list[str] = []
    end = time.monotonic() + 60

    def send(sender):
        for i in messages:
            sqs.send_message("q", f"{sender}-{i}")

    def receive():
        while len(received) < len(waiting) + len(senders) * len(messages) and time.monotonic() < end:
            for message in sqs.receive_message("q", 3, 0, 30):
                received.append(message.body)
                sqs.delete_message("q", message.receipt_handle)

    with ThreadPoolExecutor(2 * len(senders)) as threads:
        running = [threads.submit(receive) for _ in senders] + [threads.submit(send, one) for one in senders]
    for one in running:
        one.result()

    assert Counter(received) == Counter([*waiting, *(f"{sender}-{i}" for sender in senders for i in messages)])


def test_a_waiting_receiver_gets_the_message_that_comes(sqs):
    """A long poll ends with the first message, and holds up no sender."""
    sqs.create_queue("q")
    found = []
    receiver = threading.Thread(target=lambda: found.extend(sqs.receive_message("q", 1, 10, 30)))
    receiver.start()
    sqs.send_message("q", "here")
    receiver.join(timeout=60)

    assert [message.body for message in found] == ["here"]


def test_a_full_queue_takes_messages_as_fast_as_an_empty_one(sqs):
    """The work of a send does not grow with the messages that wait: none of them is looked at."""
    sqs.create_queue("q.fifo", **FIFO)

    def calls_of_a_send():
        number = len(bodies(sqs, "q.fifo"))
        with Profile() as profile:
            sqs.send_message("q.fifo", "body", group_id="g", deduplication_id=str(number))
        return sum(entry.callcount for entry in profile.getstats())

    calls_of_a_send()
    empty = calls_of_a_send()
    for _ in range(50):
        full = calls_of_a_send()

    assert full <= 1.1 * empty


def test_messages_are_counted_where_somebody_asks(sqs):
    """The counts are attributes of a queue like any other."""
    sqs.create_queue("q")
    sqs.send_message("q", "one")
    sqs.send_message("q", "two")
    sqs.receive_message("q", 1, 0, 30)

    assert sqs.get_queue_attributes("q", ["ApproximateNumberOfMessages"]) == {"ApproximateNumberOfMessages": 1}
    every = sqs.get_queue_attributes("q", ["All"])
    assert (every["ApproximateNumberOfMessages"], every["ApproximateNumberOfMessagesNotVisible"]) == (1, 1)
    assert every["VisibilityTimeout"] == 30
