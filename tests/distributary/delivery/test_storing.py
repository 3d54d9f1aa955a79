import json
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from fake_clock import FakeClock
from fake_keeping import Keeping

from distributary.aws import timeouts
from distributary.delivery.breaker import FAILURES
from distributary.delivery.retry_queue import read_message_body
from distributary.delivery.storing import DEAD_LETTERED, RETRY_QUEUED
from distributary.events import Failure, Outcome, Receipt
from distributary.sinks.kinesis import KinesisRecord

STORED = Receipt({"sequenceNumber": "1"})
BUSY = Failure("Busy", "later", retryable=False)
REFUSED = Failure("InvalidArgumentException", "no", retryable=False, permanent=True)
RECORDS = [KinesisRecord(b"%d" % number, "k") for number in range(3)]
FAR = 1e9


class Sink:
    """Answers with these outcomes."""

    name, max_records, max_bytes, max_record_bytes = "kinesis", 500, 1000, 1000

    def __init__(self, *outcomes: Outcome, slow: Callable[[], None] = lambda: None) -> None:
        self.outcomes = outcomes
        self.slow = slow
        self.calls = 0

    def size(self, _record: object) -> int:
        return 1

    def put(self, records: Sequence) -> list[Outcome]:
        self.calls += 1
        self.slow()
        return list(self.outcomes[: len(records)])


@pytest.fixture
def clock() -> FakeClock:
    """The time."""
    return FakeClock()


@pytest.fixture
def keeping(clock) -> Keeping:
    """Queues and a bucket."""
    return Keeping(clock.clock)


def test_each_record_ends_where_it_belongs(keeping, clock) -> None:
    """Stored has its receipt, refused for now is in the queue, refused for good is a dead letter."""
    outcomes = keeping.delivery.deliver(Sink(STORED, BUSY, REFUSED), RECORDS, deadline=FAR)
    [(_, body)] = keeping.sent
    [letter] = [json.loads(line) for line in keeping.lines("dead-letters/kinesis/")]
    waiting, now = read_message_body(body), clock.since_1970

    assert outcomes == [STORED, RETRY_QUEUED, DEAD_LETTERED]
    assert (waiting.records, waiting.attempts, waiting.first, waiting.last) == ([RECORDS[1]], 1, now, now)
    assert (letter["record"], letter["reason"]) == ({"data": "2", "partitionKey": "k"}, REFUSED.code)
    assert (letter["detail"], letter["attempts"]) == (REFUSED.detail, 1)


def test_what_was_refused_for_good_waits_while_the_bucket_is_down(keeping) -> None:
    """A dead letter that cannot be written is spilled instead: redrive will write it."""
    keeping.bucket_is_down = True

    assert keeping.delivery.deliver(Sink(REFUSED), RECORDS[:1], deadline=FAR) == [RETRY_QUEUED]


def test_with_everything_down_the_failure_stays(keeping) -> None:
    """What nothing took is a failure, with the words of whoever refused it."""
    keeping.bucket_is_down = keeping.queues_are_down = True
    busy, refused = keeping.delivery.deliver(Sink(BUSY, REFUSED), RECORDS[:2], deadline=FAR)

    assert busy == BUSY
    assert isinstance(refused, Failure)


def test_a_dead_letter_is_written_only_where_its_call_can_end_in_time(keeping, clock) -> None:
    """A call takes at most `timeouts.CALL`: that much before `until` it is made, later it is not."""
    dead_letter = partial(keeping.delivery.dead_letter, "kinesis", RECORDS[:1], [REFUSED])

    assert dead_letter(until=clock.now + timeouts.CALL) == DEAD_LETTERED
    assert dead_letter(until=clock.now + timeouts.CALL - 0.1) == Failure(
        "OutOfTime", "no time was left to store it", retryable=True
    )
    assert len(keeping.lines("dead-letters/")) == 1


def test_a_dead_letter_that_cannot_be_written_is_the_buckets_failure(keeping) -> None:
    """The bucket's code and words, and the sender may come again: it was not the record's fault."""
    keeping.bucket_is_down = True

    assert keeping.delivery.dead_letter("kinesis", RECORDS[:1], [REFUSED], until=FAR) == Failure(
        "SlowDown", "as AWS says it", retryable=True
    )


def test_each_dead_letter_has_a_reason_of_its_own(keeping) -> None:
    """As many failures as records, or none of them is written: no record may be left out."""
    with pytest.raises(ValueError, match="zip"):
        keeping.delivery.dead_letter("kinesis", RECORDS[:2], [REFUSED], until=FAR)

    assert keeping.objects == {}


def test_a_sink_that_keeps_failing_is_not_waited_for(keeping) -> None:
    """After a few failures in a row its records spill at once."""
    sink = Sink(BUSY)
    outcomes = [keeping.delivery.deliver(sink, RECORDS[:1], deadline=FAR) for _ in range(FAILURES + 4)]

    assert outcomes == [[RETRY_QUEUED]] * (FAILURES + 4)
    assert sink.calls == FAILURES
    assert len(keeping.sent) == FAILURES + 4


def test_while_nothing_fails_nobody_else_is_called(keeping) -> None:
    """Receipts pass through as they are."""
    assert keeping.delivery.deliver(Sink(STORED, STORED), RECORDS[:2], deadline=FAR) == [STORED, STORED]
    assert (keeping.sqs.calls, keeping.s3.calls) == ([], [])


@pytest.mark.parametrize("late", [0.0, 2.0])
@pytest.mark.parametrize(("refusal", "kept"), [(BUSY, RETRY_QUEUED), (REFUSED, DEAD_LETTERED)])
def test_what_a_slow_sink_leaves_is_stored_in_time_of_its_own(keeping, clock, late, refusal, kept) -> None:
    """A sink that takes all of the delivery's time, and a little more, takes nothing of the time for storing."""
    deadline = 20.0
    sink = Sink(refusal, slow=lambda: clock.sleep(deadline + late))

    assert keeping.delivery.deliver(sink, RECORDS[:1], deadline=deadline) == [kept]


def test_what_would_be_stored_too_late_is_a_failure(keeping, clock) -> None:
    """The time for storing is bounded, too: the answer must still be written, and says that it was not stored."""
    sink = Sink(BUSY, slow=lambda: clock.sleep(20.0 + timeouts.KEEPING - timeouts.CALL + 0.1))

    assert keeping.delivery.deliver(sink, RECORDS[:1], deadline=20.0) == [BUSY]
    assert keeping.sent == []
