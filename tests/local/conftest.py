"""What the tests of everything local share: patience."""

import time

import pytest


@pytest.fixture
def wait_for():
    """Waits until a condition is true, at most a minute."""

    def wait(condition) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, "never came true"
            time.sleep(0.005)

    return wait
