import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.functions import TooManyRequests
from local.functions.line import Line


def test_only_so_many_are_admitted() -> None:
    """One more than `most` is refused at once; where one has left, there is room again."""
    line = Line(threading.Lock())
    with line.admit(2):
        with line.admit(2), pytest.raises(TooManyRequests), line.admit(2):
            pass
        with line.admit(2):
            pass


def test_none_are_admitted_where_none_may_be() -> None:
    """A limit of 0 refuses everything, as a function whose reserved concurrency is 0."""
    with pytest.raises(TooManyRequests), Line(threading.Lock()).admit(0):
        pass


def test_the_first_that_waits_is_the_first_that_goes(wait_for) -> None:
    """Each takes what it waited for in the order in which it came, also where a later one would be ready."""
    lock, free, order = threading.Lock(), [], []
    line = Line(lock)

    def take(number: int) -> None:
        with lock:
            line.wait(lambda: bool(free), 60)
            free.pop()
            order.append(number)

    with ThreadPoolExecutor(4) as pool:
        for number in range(4):
            pool.submit(take, number)
            wait_for(lambda number=number: len(line._turns) == number + 1)
        for number in range(4):
            with lock:
                free.append("a process")
                line.look_again()
            wait_for(lambda number=number: len(order) == number + 1)

    assert order == [0, 1, 2, 3]


def test_who_comes_later_does_not_overtake(wait_for) -> None:
    """What became free is the first's, though it has not woken up yet when another comes."""
    lock, free = threading.Lock(), []
    line = Line(lock)

    def take() -> None:
        with lock:
            line.wait(lambda: bool(free), 60)
            free.pop()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(take)
        wait_for(lambda: line._turns)
        with lock:
            free.append("a process")
            line.look_again()
            with pytest.raises(TooManyRequests):
                line.wait(lambda: bool(free), 0)
        first.result(60)


def test_several_that_become_free_at_once_wake_as_many(wait_for) -> None:
    """One call after two changes is enough: who goes has the next look."""
    lock, free = threading.Lock(), []
    line = Line(lock)

    def take() -> None:
        with lock:
            line.wait(lambda: bool(free), 90)  # longer than this test looks
            free.pop()

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(take) for _ in range(2)]
        wait_for(lambda: len(line._turns) == 2)
        with lock:
            free += ["one", "two"]
            line.look_again()
        wait_for(lambda: all(one.done() for one in both))
        assert [one.result() for one in both] == [None, None]


def test_who_has_waited_long_enough_is_refused() -> None:
    """TooManyRequests, and the line is as it was before."""
    lock = threading.Lock()
    line = Line(lock)

    with lock, pytest.raises(TooManyRequests):
        line.wait(lambda: False, 0.01)
    with lock:
        line.wait(lambda: True, 0.01)
