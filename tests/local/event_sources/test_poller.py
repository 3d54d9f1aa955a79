import threading

import pytest

from local.event_sources.poller import Poller
from local.functions import TooManyRequests


@pytest.fixture
def poller(sqs, functions, make):
    """Builds a poller on the scripted queue's clock; its log is `.said`."""
    started = []

    def build(**changes: object) -> Poller:
        said: list[str] = []
        one = Poller(make.source(**changes), functions, sqs, log=said.append, clock=lambda: sqs.now)
        one.said = said
        started.append(one)
        return one

    yield build
    for one in started:
        one.stop()


def ids(messages) -> list[str]:
    """The message ids, in order."""
    return [message["MessageId"] for message in messages]


def test_a_poll_asks_for_all_that_there_is_to_know(poller, sqs) -> None:
    """Every attribute is asked for, at most ten messages, and the queue's own waiting time never counts."""
    poller(batch_size=10_000, batching_window_seconds=1).collect()

    assert sqs.polls[0] == {
        "QueueUrl": "http://localhost/1/queue",
        "MaxNumberOfMessages": 10,
        "WaitTimeSeconds": 1,
        "MessageSystemAttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    }


def test_without_a_window_one_poll_is_a_batch(poller, sqs) -> None:
    """What a poll finds is handed over at once, however little."""
    sqs.batches = [["a"], ["b"]]

    assert ids(poller(batch_size=10).collect()) == ["a"]


def test_a_window_fills_the_batch(poller, sqs) -> None:
    """Polls go on until the batch is full and ask for no more than is missing."""
    sqs.batches = [[], list("abc"), list("de"), list("f")]
    one = poller(batch_size=5, batching_window_seconds=10)

    assert one.collect() == []
    assert ids(one.collect()) == list("abcde")
    assert [poll["MaxNumberOfMessages"] for poll in sqs.polls[1:]] == [5, 2]
    assert sqs.batches == [["f"]]


def test_a_window_ends(poller, sqs) -> None:
    """A batch that stays small is handed over when the window is over, counted from its first message."""
    sqs.batches = [["a"], [], ["b"], [], [], [], []]

    assert ids(poller(batch_size=10, batching_window_seconds=3).collect()) == ["a", "b"]
    assert 3 <= sqs.now < 4


def test_fifo_has_no_window(poller, sqs, make) -> None:
    """A FIFO queue's poll is a batch; the poll itself waits for messages, as on any queue."""
    sqs.batches = [["a"], ["b"]]

    assert ids(poller(queue_arn=make.fifo, batching_window_seconds=5, batch_size=10).collect()) == ["a"]
    assert [poll["WaitTimeSeconds"] for poll in sqs.polls] == [1]


def test_success_deletes_in_tens(poller, sqs, functions, make) -> None:
    """All messages of a batch that was handled are deleted, ten a call."""
    names = [str(number) for number in range(23)]

    poller().hand_over([make.message(name) for name in names])

    assert functions.batches == [names]
    assert sqs.deleted == [names[:10], names[10:20], names[20:]]


def test_an_error_deletes_nothing(poller, sqs, functions, make) -> None:
    """After a function error every message comes back by itself."""
    functions.act = lambda event: make.error

    poller().hand_over([make.message("a"), make.message("b")])

    assert sqs.deleted == []


def test_a_partial_failure_deletes_the_rest(poller, sqs, functions, make) -> None:
    """With ReportBatchItemFailures all but the named are deleted; without, all."""
    functions.act = lambda event: {"batchItemFailures": [{"itemIdentifier": "b"}]}
    messages = [make.message(one) for one in "abc"]

    poller(report_batch_item_failures=True).hand_over(messages)
    poller(report_batch_item_failures=False).hand_over(messages)

    assert sqs.deleted == [["a", "c"], ["a", "b", "c"]]


@pytest.mark.parametrize(("queue", "events"), [("queue.fifo", 1), ("queue", 2)])
def test_a_fifo_batch_that_was_cut_stops_at_a_failure(poller, functions, make, queue: str, events: int) -> None:
    """What did not fit into the first event is not handed over after that failed; a standard queue's is."""
    functions.act = lambda event: make.error
    messages = [make.message(str(number), "x" * 1_048_576) for number in range(10)]

    poller(queue_arn=f"arn:aws:sqs:us-east-1:1:{queue}").hand_over(messages)

    assert [len(batch) for batch in functions.batches] == [5] * events


def test_a_throttled_batch_waits(poller, sqs, functions, make) -> None:
    """Lambda's 429 is tried again after a while; the messages stay in flight meanwhile."""
    answers = [TooManyRequests(), None]

    def act(event):
        if (answer := answers.pop(0)) is not None:
            raise answer

    functions.act = act

    poller().hand_over([make.message("a")])

    assert functions.batches == [["a"], ["a"]]
    assert sqs.deleted == [["a"]]


def test_a_batch_that_stays_throttled_goes_back(poller, sqs, functions, make) -> None:
    """When there is no more time to wait nothing is deleted, and it is said why."""

    def act(event):
        raise TooManyRequests

    functions.act = act
    one = poller()
    one.stop()

    with pytest.raises(TooManyRequests):
        one.hand_over([make.message("a")])
    assert sqs.deleted == []


def test_a_batch_goes_back_before_its_messages_are_visible_again(poller, sqs, functions, make) -> None:
    """Each try may have waited for a process: so it is the time that counts, 50 s, not the number of tries."""

    def act(event):
        sqs.now += 29
        raise TooManyRequests

    functions.act = act

    with pytest.raises(TooManyRequests):
        poller().hand_over([make.message("a")])
    assert functions.batches == [["a"]] * 2
    assert sqs.deleted == []


def test_a_message_that_could_not_be_deleted_is_said(poller, sqs, make) -> None:
    """What SQS refuses to delete is in the log."""
    sqs.refuse_deletes = True
    one = poller()

    one.hand_over([make.message("a")])

    assert "not deleted" in one.said[0]


def test_batches_run_at_the_same_time_up_to_the_maximum(poller, sqs, functions, wait_for) -> None:
    """With a maximum of 3 three batches are in flight, and a fourth is not even received."""
    release = threading.Event()
    functions.act = lambda event: release.wait(5)
    sqs.batches = [["a"], ["b"], ["c"], ["d"]]
    one = poller(maximum_concurrency=3)

    one.start()
    wait_for(lambda: len(functions.batches) == 3)
    assert sqs.batches == [["d"]]
    release.set()
    wait_for(lambda: len(sqs.deleted) == 4)


def test_a_mapping_goes_on_after_an_error(poller, sqs, functions, wait_for) -> None:
    """A queue that is not there yet, or a function that is gone, is said and tried again."""
    receive = sqs.receive_message
    failures = [RuntimeError("no such queue")]

    def receive_message(**asked):
        if failures:
            raise failures.pop()
        return receive(**asked)

    sqs.receive_message = receive_message
    sqs.batches = [["a"]]
    one = poller()

    one.start()
    wait_for(lambda: sqs.deleted == [["a"]])

    assert one.said == ["work http://localhost/1/queue: RuntimeError no such queue"]


def test_stop_ends_polling(poller, sqs, wait_for) -> None:
    """After `stop` no poll is made."""
    one = poller()
    one.start()
    wait_for(lambda: sqs.polls)
    one.stop()
    one.join(2)
    made = len(sqs.polls)

    assert not one._thread.is_alive()
    assert len(sqs.polls) == made
