import threading
from functools import partial

import pytest
from moto.sqs.models import SQSBackend

from local.aws.journal import Journal
from local.aws.services.sqs import Sqs

REGION, ACCOUNT = "us-east-1", "123456789012"
MOTO = pytest.mark.xfail(
    strict=True, reason="moto 5.2.5 does it without its lock: the reason why Sqs stands in its place"
)
BACKENDS = [
    pytest.param(partial(Sqs, REGION, ACCOUNT, journal=Journal()), id="ours"),
    pytest.param(partial(SQSBackend, REGION, ACCOUNT), id="moto's own", marks=MOTO),
]


class Meanwhile:
    """Something that another thread does in the middle of a call."""

    def __init__(self, act):
        self.act = act
        self.thread = None

    def begin(self):
        """Lets it happen, once; where a lock is held it waits, and goes on when the call is done."""
        if self.thread is None:
            self.thread = threading.Thread(target=self.act)
            self.thread.start()
            self.thread.join(0.1)


class GoneOver(list):
    """Messages; something happens when all of them have been looked at."""

    def __init__(self, messages, meanwhile):
        super().__init__(messages)
        self.meanwhile = meanwhile

    def __iter__(self):
        yield from tuple(super().__iter__())
        self.meanwhile.begin()


class AskedFor(set):
    """Messages in flight; something happens when one is asked for."""

    def __init__(self, meanwhile):
        super().__init__()
        self.meanwhile = meanwhile

    def __contains__(self, message):
        self.meanwhile.begin()
        return super().__contains__(message)


@pytest.mark.parametrize("make", BACKENDS)
def test_a_message_that_comes_while_another_is_deleted_is_not_lost(make):
    """The list of messages is not replaced by one that was made before the message came."""
    sqs = make()
    queue = sqs.create_queue("q", region=REGION)
    sqs.send_message("q", "first")
    [message] = sqs.receive_message("q", 1, 0, 30)
    meanwhile = Meanwhile(lambda: sqs.send_message("q", "meanwhile"))
    queue._messages = GoneOver(queue._messages, meanwhile)
    sqs.delete_message("q", message.receipt_handle)
    meanwhile.thread.join()

    assert [one.body for one in queue._messages] == ["meanwhile"]


@pytest.mark.parametrize("make", BACKENDS)
def test_two_receivers_at_once_do_not_get_the_same_message(make):
    """What one receiver has seen and not yet taken is not given to the other."""
    sqs = make()
    queue = sqs.create_queue("q", region=REGION)
    sqs.send_message("q", "only one")
    received = []

    def receive():
        received.extend(sqs.receive_message("q", 1, 0, 30))

    meanwhile = Meanwhile(receive)
    queue._pending_messages = AskedFor(meanwhile)
    receive()
    meanwhile.thread.join()

    assert [one.body for one in received] == ["only one"]
