"""Time and chance as a value, so that tests pass in their own."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

# The operating system's randomness, so that two environments restored from one snapshot draw differently.
_random = random.SystemRandom()


class Clock(NamedTuple):
    """`monotonic` and `sleep` in seconds, `time` in seconds since 1970, `random` in [0, 1)."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = _random.random
    time: Callable[[], float] = time.time


def rfc3339(time: float) -> str:
    """Seconds since 1970 as CloudEvents write a time: UTC, milliseconds."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
