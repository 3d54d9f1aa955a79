"""`Backlog` beside a list that is looked through from its beginning at each call, as one would first write it."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.sqs.models import Message

from local.aws.services import sqs_backlog
from local.aws.services.sqs_backlog import Backlog, State

GROUPS = st.sampled_from(["a", "b", "c"])
SECONDS = st.integers(0, 4)


class Listed:
    """One message of the list."""

    def __init__(self, message, due, in_flight):
        self.message, self.due, self.in_flight = message, due, in_flight

    def state(self, now):
        """What it waits for."""
        if self.due <= now:
            return State.VISIBLE
        return State.IN_FLIGHT if self.in_flight else State.DELAYED


class Both:
    """The backlog and the list, which get the same calls."""

    def __init__(self, *, fifo):
        self.fifo = fifo
        self.backlog = Backlog(fifo=fifo)
        self.listed = []
        self.now = 1000.0
        self.numbers = itertools.count(1)

    def send(self, group, delay):
        """A message comes."""
        message = Message(str(next(self.numbers)), "body")
        message.group_id = group if self.fifo else None
        self.backlog.add(message, self.now + delay, self.now)
        self.listed.append(Listed(message, self.now + delay, in_flight=False))

    def pass_time(self, seconds):
        """Time passes."""
        self.now += seconds

    def receive(self, most, timeout, unwanted):
        """Messages are received; a fifth of all is unwanted, or none."""

        def is_unwanted(message):
            return int(message.id) % 5 == unwanted

        taken, dropped = self.backlog.take(most, self.now + timeout, self.now, is_unwanted)
        expected, gone = self.received(most, timeout, is_unwanted)
        assert [one.id for one in taken] == [one.id for one in expected]
        assert [one.id for one in dropped] == [one.id for one in gone]

    def received(self, most, timeout, is_unwanted):
        """What the list gives; changes it."""
        visible = [one for one in self.listed if one.state(self.now) is State.VISIBLE]
        blocked = {one.message.group_id for one in self.listed if one.state(self.now) is State.IN_FLIGHT and self.fifo}
        groups = list(dict.fromkeys(one.message.group_id for one in visible))
        taken, gone = [], []
        free = [group for group in groups if group not in blocked]
        for one in [one for group in free for one in visible if one.message.group_id == group]:
            if len(taken) == most:
                break
            if is_unwanted(one.message):
                gone.append(one.message)
                self.listed.remove(one)
            else:
                taken.append(one.message)
                one.due, one.in_flight = self.now + timeout, True
        return taken, gone

    def hold(self, place, seconds):
        """A message's visibility is changed."""
        if self.listed:
            one = self.listed[place % len(self.listed)]
            self.backlog.hold(one.message, self.now + seconds)
            one.due, one.in_flight = self.now + seconds, True

    def remove(self, place):
        """A message is deleted."""
        if self.listed:
            self.backlog.remove(self.listed.pop(place % len(self.listed)).message)

    def compare(self):
        """What can be asked is the same."""
        states = [one.state(self.now) for one in self.listed]
        assert [self.backlog.count(state, self.now) for state in State] == [states.count(state) for state in State]
        assert self.backlog.messages() == [one.message for one in self.listed]
        due = [one.due for one in self.listed if one.due > self.now]
        assert self.backlog.next_due(self.now) == (min(due) if due else None)


PLACES = st.integers(0, 20)
CALL = st.one_of(
    st.tuples(st.just(Both.send), GROUPS, SECONDS),
    st.tuples(st.just(Both.send), GROUPS, st.just(0)),
    st.tuples(st.just(Both.receive), st.integers(1, 4), SECONDS, st.integers(0, 9)),
    st.tuples(st.just(Both.pass_time), SECONDS),
    st.tuples(st.just(Both.hold), PLACES, SECONDS),
    st.tuples(st.just(Both.remove), PLACES),
)


@settings(max_examples=300)
@given(fifo=st.booleans(), calls=st.lists(CALL, min_size=20, max_size=60))
def test_any_calls_give_the_same_messages_in_the_same_order(fifo, calls):
    """The indexes change the cost of a call and nothing else."""
    both = Both(fifo=fifo)
    for call, *arguments in calls:
        call(both, *arguments)
        both.compare()


@pytest.fixture
def received():
    """A backlog with one message that was received as "receipt"."""
    backlog, message = Backlog(fifo=False), Message("1", "body")
    backlog.add(message, 0, 0)
    message.receipt_handle = "receipt"
    backlog.note_receipt(message)
    return backlog, message


def test_a_deleted_message_is_known_by_its_receipt(received):
    """Else deleting it twice would be an error."""
    backlog, message = received
    backlog.remove(message)

    assert backlog.find("receipt") is None
    assert backlog.was_deleted("receipt")


def test_receipts_of_deleted_messages_are_forgotten_one_day(received, monkeypatch):
    """What is remembered is bounded."""
    backlog, message = received
    monkeypatch.setattr(sqs_backlog, "RECEIPTS_REMEMBERED", 1)
    backlog.remove(message)
    later = Message("2", "body")
    backlog.add(later, 0, 0)
    later.receipt_handle = "later"
    backlog.note_receipt(later)
    backlog.remove(later)

    assert [backlog.was_deleted(one) for one in ("receipt", "later")] == [False, True]
