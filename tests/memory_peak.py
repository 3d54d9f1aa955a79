"""What a call allocates."""

import tracemalloc
from collections.abc import Callable

_TRIES = 5


def memory_peak(call: Callable[[], object]) -> int:
    """Returns the most bytes that `call` holds at once: the smallest of several runs.

    tracemalloc counts the whole process, and the threads of another test may allocate at the same time.
    """
    return min(_peak(call) for _ in range(_TRIES))


def _peak(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
