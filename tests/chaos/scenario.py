"""The scenarios as data: steps with their faults, kills, and what else must be true of one."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

SCENARIOS = Path(__file__).with_name("scenarios.toml")
SHORTENED = 1 / 7
"""Of a fault's seconds, in the short form …"""
SHORT_KILLS = 3
"""… and so many kills at most."""


@dataclass(frozen=True)
class Step:
    """A part of the events, sent while these faults are set."""

    share: float = 1.0
    faults: Mapping[str, Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Kill:
    """Kill a process of the function that an output names, in mid-request, again and again."""

    function: str
    during: Literal["sending", "draining"]
    every_seconds: float
    times: int


@dataclass(frozen=True)
class Scenario:
    """One row of the matrix.

    `large_every`: every so manieth request is over 1,000 KiB; `answered`: every request must be answered by the
    product itself; `replay`: there must be dead letters, and none after they were replayed.
    """

    number: int
    name: str
    steps: Sequence[Step]
    kill: Kill | None = None
    large_every: int = 0
    answered: bool = False
    replay: bool = False
    short: bool = False


def load() -> list[Scenario]:
    """The matrix."""
    tables = tomllib.loads(SCENARIOS.read_text(encoding="utf-8"))["scenarios"]
    return [_scenario(number, **table) for number, table in enumerate(tables, 1)]


def shortened(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """The short form: few scenarios, short outages, few kills."""
    return [
        replace(
            scenario,
            steps=[replace(step, faults=_hurried(step.faults or {})) for step in scenario.steps],
            kill=scenario.kill and replace(scenario.kill, times=min(scenario.kill.times, SHORT_KILLS)),
        )
        for scenario in scenarios
        if scenario.short
    ]


def addressed(faults: Mapping[str, Mapping[str, Any]], outputs: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The faults with the names of this stack's resources, found by its outputs; one that it lacks stays as it is."""

    def named(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return re.sub(r"\{(\w+)\}", lambda found: re.split(r"[/:]", outputs.get(found[1], found[0]))[-1], value)

    return {name: {key: named(value) for key, value in fault.items()} for name, fault in faults.items()}


def _scenario(number: int, *, steps: Sequence[Mapping[str, Any]], **table: Any) -> Scenario:
    kill = Kill(**table.pop("kill")) if "kill" in table else None
    return Scenario(number, steps=[Step(**step) for step in steps], kill=kill, **table)


def _hurried(faults: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        name: {**fault, **({"seconds": fault["seconds"] * SHORTENED} if "seconds" in fault else {})}
        for name, fault in faults.items()
    }
