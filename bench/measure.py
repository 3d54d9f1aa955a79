"""The measuring: every contestant started in turn, then one request each, round and round, until the time is up."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.contestants import Contestant
from bench.payload import request
from bench.runtime import Function

WARM_UPS = 3


@dataclass
class Samples:
    """What one contestant showed at one request size."""

    first: list[float] = field(default_factory=list)
    """Seconds from process start to first answer."""
    warm: list[float] = field(default_factory=list)
    """Seconds of each later request."""
    cpu: float = 0.0
    """Seconds of CPU that the later requests took together."""
    peak: int = 0
    """Bytes: the most physical memory held."""


def measure(
    contestants: Sequence[Contestant], events: int, *, rounds: int, seconds: float, log: Path
) -> dict[str, Samples]:
    """Samples of each contestant, by name, for requests of so many events; `seconds` is shared by the rounds."""
    payload = request(events)
    samples = {contestant.name: Samples() for contestant in contestants}
    for number in range(rounds):
        shift = number % len(contestants)
        order = [*contestants[shift:], *contestants[:shift]]
        functions: dict[str, Function] = {}
        with log.open("ab") as output:
            try:
                for contestant in order:
                    function = Function(contestant.command, contestant.environment, contestant.folder, output)
                    functions[contestant.name] = function
                    samples[contestant.name].first.append(function.start(payload))
                _warm(functions, samples, payload, seconds / rounds)
            finally:
                for function in functions.values():
                    function.close()
    return samples


def _warm(functions: dict[str, Function], samples: dict[str, Samples], payload: bytes, seconds: float) -> None:
    """Ask each function in turn, so that whatever else the machine does meets all of them alike."""
    for function in functions.values():
        for _ in range(WARM_UPS):
            function.invoke(payload)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, function in functions.items():
            before = function.cpu_seconds()
            samples[name].warm.append(function.invoke(payload))
            samples[name].cpu += function.cpu_seconds() - before
    for name, function in functions.items():
        samples[name].peak = max(samples[name].peak, function.peak_bytes())
