"""The requests of one function that are under way: those that have a process, and those that wait for one."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from local.functions.values import TooManyRequests


class Line:
    """Counts a function's requests, and keeps those that wait in the order in which they came.

    `lock` guards what a request waits for: `wait` and `look_again` are called with it held, `admit` without.
    """

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._under_way = 0
        self._turns: deque[threading.Condition] = deque()

    @contextmanager
    def admit(self, most: int) -> Iterator[None]:
        """Counts one request until the block ends. Raises TooManyRequests at once where `most` are under way."""
        with self._lock:
            if self._under_way >= most:
                raise TooManyRequests("Rate Exceeded.")
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def wait(self, ready: Callable[[], bool], seconds: float) -> None:
        """Returns when it is the caller's turn and `ready`; raises TooManyRequests after so many seconds."""
        turn = threading.Condition(self._lock)
        self._turns.append(turn)
        try:
            if not turn.wait_for(lambda: self._turns[0] is turn and ready(), seconds):
                raise TooManyRequests("Rate Exceeded.")
        finally:
            self._turns.remove(turn)
            self.look_again()

    def look_again(self) -> None:
        """Has the first that waits look whether it is ready; to be called after every change."""
        if self._turns:
            self._turns[0].notify()
