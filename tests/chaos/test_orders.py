import json
from types import SimpleNamespace

import pytest

from chaos import orders
from chaos.orders import Killer, OrderError, Orders
from chaos.scenario import Kill
from commands.post import Answer

QUEUES = {"http://a/spill-one": 2, "http://a/spill-two": 3}


class Queues:
    """SQS: `QUEUES` messages wait in each, one is being worked on, none is delayed."""

    def get_queue_attributes(self, QueueUrl, AttributeNames):
        """The counts as SQS writes them."""
        return {"Attributes": dict(zip(AttributeNames, [str(QUEUES[QueueUrl]), "1", "0"], strict=True))}


@pytest.fixture
def aws(monkeypatch):
    """The AWS port: answers as scripted, else with an empty list; `asked` lists what it was told."""
    made = SimpleNamespace(script=[], asked=[])

    def request(endpoint, method, path, *, body=None):
        made.asked.append(f"{method} {path}")
        return made.script.pop(0) if made.script else Answer(200, {}, b'{"faults": {"a": {"injected": 3}}}')

    monkeypatch.setattr(orders, "request", request)
    outputs = {
        "KinesisSpillQueueUrl": "http://a/spill-one",
        "SpillQueueUrl": "http://a/spill-two",
        "MessageQueueUrl": "x",
    }
    made.orders = Orders(SimpleNamespace(outputs=outputs, aws_endpoint="http://a", client=lambda name: Queues()))
    return made


def test_orders_go_to_the_aws_port(aws):
    """Set, count, clear one, clear all."""
    aws.orders.set({})
    assert aws.orders.injected() == {"a": 3}
    aws.orders.clear("a")
    aws.orders.clear()

    assert aws.asked == [
        "PUT /_distributary/faults",
        "GET /_distributary/faults",
        "DELETE /_distributary/faults?name=a",
        "DELETE /_distributary/faults",
    ]


def test_an_order_that_is_refused_is_an_error_with_its_words(aws):
    """What the port said about it."""
    aws.script = [Answer(400, {}, b"a.share: must be")]

    with pytest.raises(OrderError, match=r"400 a\.share"):
        aws.orders.set({})


def test_everything_in_the_spill_queues_waits(aws):
    """Whatever the queues are called, and what is being worked on too."""
    assert aws.orders.waiting() == 2 + 1 + 3 + 1


def test_killing_waits_until_a_process_can_be_killed_and_ends_after_so_many(aws):
    """A 409 means that none handles a request just now: it is tried again at once, and not counted."""
    aws.script = [
        Answer(409, {}, json.dumps({"killed": None}).encode()),
        Answer(200, {}, b'{"killed": 1}'),
        Answer(200, {}, b'{"killed": 2}'),
    ]
    injected = {}
    kill = Kill("IngestFunctionName", "sending", every_seconds=0.01, times=2)
    with Killer(aws.orders, kill, "work", injected) as killer:
        killer._thread.join(timeout=5)

    assert injected == {"kill": 2}
    assert aws.asked == ["POST /_distributary/kill?function=work"] * 3


def test_without_a_kill_nothing_is_killed(aws):
    """The block is the same for every scenario."""
    injected = {}
    with Killer(aws.orders, None, "", injected):
        pass

    assert (injected, aws.asked) == ({}, [])
