"""Bounds on the CPU that something takes."""

import time

import pytest

MOST_SECONDS = 0.1


@pytest.fixture
def quickly():
    """Runs something up to three times, until one run takes less than 100 ms of CPU; gives what came of it."""

    def run(action):
        taken = []
        while len(taken) < 3:
            start = time.process_time()
            result = action()
            taken.append(time.process_time() - start)
            if taken[-1] < MOST_SECONDS:
                return result
        pytest.fail(f"took {min(taken):.3f} s of CPU")

    return run
