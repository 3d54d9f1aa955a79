import itertools
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from cProfile import Profile

import pytest
from fake_clock import FakeClock

from local.aws.journal import Journal
from local.aws.services import sqs_queue
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


CALLS = {
    "send": lambda sqs, number, _: sqs.send_message("q.fifo", "body", group_id=f"g{number}", deduplication_id=number),
    "receive": lambda sqs, *_: sqs.receive_message("q.fifo", 1, 0, 30),
    "change_visibility": lambda sqs, _, receipt: sqs.change_message_visibility("q.fifo", receipt, 60),
    "delete": lambda sqs, _, receipt: sqs.delete_message("q.fifo", receipt),
    "count": lambda sqs, *_: sqs.get_queue_attributes("q.fifo", ["ApproximateNumberOfMessages"]),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_work_of_a_call_does_not_grow_with_the_messages_that_wait(sqs, call):
    """With 2,000 messages in 2,000 groups, half of them in flight, it is that of a queue with four."""
    sqs.create_queue("q.fifo", **FIFO)
    numbers = map(str, itertools.count())

    def fill(messages):
        for number in itertools.islice(numbers, messages):
            sqs.send_message("q.fifo", "body", group_id=f"g{number}", deduplication_id=number)
        for _ in range(messages // 20):
            sqs.receive_message("q.fifo", 10, 0, 3600)

    def work():
        [received] = sqs.receive_message("q.fifo", 1, 0, 30)
        with Profile() as profile:
            call(sqs, next(numbers), received.receipt_handle)
        return sum(entry.callcount for entry in profile.getstats())

    fill(4)
    work()
    short = work()
    fill(2_000)
    work()

    assert work() <= 1.1 * short


TOUCHING = {**CALLS, "purge": lambda sqs, *_: sqs.purge_queue("q.fifo")}


@pytest.mark.parametrize("call", TOUCHING.values(), ids=TOUCHING)
def test_a_call_waits_for_another_call_of_its_queue_only(sqs, call):
    """No call sees a queue in the middle of another one's change; a different queue is free meanwhile."""
    for name in ("q.fifo", "other.fifo"):
        sqs.create_queue(name, **FIFO)
        sqs.send_message(name, "body", group_id="g", deduplication_id="d")
    [received] = sqs.receive_message("q.fifo", 1, 0, 30)
    caller = threading.Thread(target=call, args=(sqs, "new", received.receipt_handle))
    with sqs.get_queue("q.fifo").lock:
        caller.start()
        caller.join(0.1)
        waits = caller.is_alive()
        others = sqs.receive_message("other.fifo", 1, 0, 30)
    caller.join(60)

    assert waits
    assert not caller.is_alive()
    assert [message.body for message in others] == ["body"]


def test_a_waiting_receiver_gets_the_message_whose_group_becomes_free(sqs):
    """Deleting the message in flight lets the next of its group go, at once."""
    sqs.create_queue("q.fifo", **FIFO)
    for body in ("first", "second"):
        sqs.send_message("q.fifo", body, group_id="g", deduplication_id=body)
    [first] = sqs.receive_message("q.fifo", 1, 0, 30)
    found = []
    receiver = threading.Thread(target=lambda: found.extend(sqs.receive_message("q.fifo", 1, 20, 30)))
    receiver.start()
    sqs.delete_message("q.fifo", first.receipt_handle)
    receiver.join(timeout=60)

    assert [message.body for message in found] == ["second"]


def test_a_message_beyond_its_retention_is_gone(sqs, monkeypatch):
    """It is neither received nor a dead letter."""
    sqs.create_queue("dead")
    queue = sqs.create_queue("q", MessageRetentionPeriod=60)
    queue.dead_letter_queue, queue.redrive_policy = sqs.get_queue("dead"), {"maxReceiveCount": 1}
    sqs.send_message("q", "old")
    sqs.receive_message("q", 1, 0, 0)
    later = time.time() + 60
    monkeypatch.setattr(sqs_queue, "unix_time", lambda: later)

    assert sqs.receive_message("q", 1, 0, 30) == []
    assert (bodies(sqs, "q"), bodies(sqs, "dead")) == ([], [])


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
