"""Time and chance as a value, so that tests pass in their own."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

# The operating system's randomness, so that two environments restored from one snapshot draw differently.
_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Clock:
    """`monotonic` and `sleep` in seconds, `time` in seconds since 1970, `random` in [0, 1)."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = _random.random
    time: Callable[[], float] = time.time
