"""The faults that are set: what falls upon a call, drawn from each fault's own chance, and how often it did."""

from __future__ import annotations

import random
import secrets
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from local.faults.fault import EFFECTS, Fault, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.faults.call import Call

SEEDS = 2**32


@dataclass(eq=False)
class Active:
    """A fault since it was set. `met`: calls that it could fall upon; `injected`: calls or records that it did."""

    name: str
    fault: Fault
    until: float | None
    met: int = 0
    injected: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.seed = secrets.randbelow(SEEDS) if self.fault.seed is None else self.fault.seed
        self._chance = random.Random(self.seed)  # noqa: S311 - has to be the same again, not secret

    def strikes(self) -> bool:
        """Whether it falls upon the next call or record: the draws of one seed are always the same."""
        with self.lock:
            return self._chance.random() < self.fault.share

    def count(self, times: int = 1) -> None:
        """Notes that it was injected."""
        with self.lock:
            self.injected += times


class Faults:
    """Every fault by its name; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._active: dict[str, Active] = {}
        self._kills: dict[str, int] = {}

    def put(self, tables: Any) -> None:
        """Sets these faults anew, others stay; raises BadFaults, and sets none then."""
        faults = read(tables)
        now = self._clock()
        with self._lock:
            for name, fault in faults.items():
                until = None if fault.seconds is None else now + fault.seconds
                self._active[name] = Active(name, fault, until)

    def clear(self, name: str | None = None) -> bool:
        """Forgets one fault, or all and the kills' counts; whether there was anything of that name."""
        with self._lock:
            if name is not None:
                return self._active.pop(name, None) is not None
            self._active.clear()
            self._kills.clear()
            return True

    def falling_upon(self, call: Call) -> list[Active]:
        """The faults that concern a call, in the order in which they take effect; counts that they met it."""
        now = self._clock()
        with self._lock:
            live = [one for one in self._active.values() if one.until is None or now < one.until]
        # The name of the resource may stand in the body: it is read only for an operation that some fault is about.
        found = [
            one
            for one in live
            if one.fault.concerns(call.service, call.operation) and one.fault.concerns_resource(call.resource)
        ]
        for one in found:
            with one.lock:
                one.met += 1
        return sorted(found, key=lambda one: EFFECTS.index(one.fault.effect))

    def count_kill(self, function: str) -> None:
        """Notes that a process of a function was killed."""
        with self._lock:
            self._kills[function] = self._kills.get(function, 0) + 1

    def listed(self) -> dict[str, Any]:
        """All of it as JSON: each fault's definition, its seed, its counts, and the seconds that it has left."""
        now = self._clock()
        with self._lock:
            faults = {name: described(one, now) for name, one in self._active.items()}
            return {"faults": faults, "kills": dict(self._kills)}


def described(active: Active, now: float) -> dict[str, Any]:
    """One fault as JSON."""
    definition = {key: value for key, value in asdict(active.fault).items() if value not in (None, "", 0.0)}
    left = None if active.until is None else max(0.0, round(active.until - now, 3))
    return {
        **definition,
        "seed": active.seed,
        "met": active.met,
        "injected": active.injected,
        "seconds_left": left,
    }
