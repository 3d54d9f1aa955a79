"""What no legal call may exceed, and how it is counted.

`distributary.toml` and docs/reference/limits-and-timeouts.md promise it.
"""

import json
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MEMORY_MB = tomllib.loads((ROOT / "distributary.toml").read_text("utf-8"))["functions"]["memory_mb"]
CORE_MB = 1769
"""The memory with which a function has one core: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""
SHARE = min(1.0, MEMORY_MB / CORE_MB)
"""The part of a core that a function has."""

PEAK_BYTES = 485_000_000
"""The most that a process holds; the rest of its memory is room."""
SECONDS = 4.0
"""Of a function's time, that a call takes at its share of a core."""
LOOP_SECONDS = 0.1
"""What a turn of the reference loop (`child.loop_turns`) takes on a core of Lambda: half as long again as on the
machine on which this was written, when nobody else used it. Calls are counted in turns: slow machines say the same."""

LOOP_ON_LAMBDA = LOOP_SECONDS / SHARE
"""What a turn takes at the function's share: a clock that counts so is what functions see (`child.stretched`)."""


class Cost(NamedTuple):
    """What one call took: CPU in seconds and in turns of the reference loop, and the process's peak of memory."""

    cpu: float
    loops: float
    peak: int
    answer: str

    @property
    def status(self) -> int | str:
        """The HTTP status, or how the answer begins where there is none."""
        answer = json.loads(self.answer)
        return answer["statusCode"] if isinstance(answer, dict) and "statusCode" in answer else self.answer[:40]


def lambda_seconds(cost: Cost) -> float:
    """How long the call would take on Lambda if it never waited."""
    return cost.loops * LOOP_ON_LAMBDA


def faults(cost: Cost) -> list[str]:
    """What of the bounds the call exceeds."""
    found = []
    if cost.peak > PEAK_BYTES:
        found.append(f"{cost.peak / 1e6:.0f} MB, over {PEAK_BYTES / 1e6:.0f} MB")
    if lambda_seconds(cost) > SECONDS:
        found.append(f"{lambda_seconds(cost):.1f} s, over {SECONDS:.0f} s")
    return found
