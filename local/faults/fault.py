"""What one fault is: which calls it falls upon, what it does to them and how often; read from tables, checked."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from local.faults.batch import BATCHES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

EFFECTS = ("delay", "reset_before", "refuse_calls", "refuse_records", "reset_after")
"""In the order in which they fall upon one call."""

OPERATION = re.compile(r"\*|[a-z0-9-]+\.(\*|[A-Z]\w*)")
ERROR = re.compile(r"[A-Za-z][\w.]*")
OWN_OPTIONS = {"error": ("refuse_calls", "refuse_records"), "status": ("refuse_calls",), "delay_seconds": ("delay",)}
NEEDED_OPTIONS = {"refuse_calls": "error", "refuse_records": "error", "delay": "delay_seconds"}


class BadFaults(Exception):
    """Definitions that cannot be meant; `places` says what is wrong with each, place by place."""

    def __init__(self, places: list[str]) -> None:
        super().__init__("\n".join(places))
        self.places = places


@dataclass(frozen=True)
class Fault:
    """One fault. `share`: of the calls, or of the records; `seconds`: how long from now on; None: until cleared."""

    operation: str
    effect: str
    resource: str = "*"
    share: float = 1.0
    error: str = ""
    status: int | None = None
    delay_seconds: float = 0.0
    seconds: float | None = None
    seed: int | None = None

    def concerns(self, service: str, operation: str) -> bool:
        """Whether it can fall upon a call of this operation."""
        return fnmatchcase(f"{service}.{operation}", self.operation)

    def concerns_resource(self, resource: str) -> bool:
        """Whether it can fall upon a call to this queue, stream, table, or bucket and key."""
        return fnmatchcase(resource, self.resource)


def is_text(value: Any) -> bool:
    """Whether it is a text with something in it."""
    return isinstance(value, str) and bool(value)


def is_number(value: Any) -> bool:
    """Whether it is a number above 0, and neither a Boolean nor infinite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


# What each option must be: the check, and the same in words.
OPTIONS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "operation": (
        lambda value: is_text(value) and bool(OPERATION.fullmatch(value)),
        'must be "<service>.<Operation>", "<service>.*" or "*"',
    ),
    "effect": (lambda value: value in EFFECTS, f"must be one of {', '.join(EFFECTS)}"),
    "resource": (is_text, "must be a name, or a pattern with * for a part of it"),
    "share": (lambda value: is_number(value) and value <= 1, "must be a number above 0, at most 1"),
    "error": (lambda value: is_text(value) and bool(ERROR.fullmatch(value)), "must be the name of an AWS error"),
    "status": (
        lambda value: isinstance(value, int) and 400 <= value <= 599,  # noqa: PLR2004 - HTTP's errors
        "must be an HTTP status from 400 to 599",
    ),
    "delay_seconds": (is_number, "must be a number of seconds above 0"),
    "seconds": (is_number, "must be a number of seconds above 0"),
    "seed": (lambda value: isinstance(value, int) and not isinstance(value, bool), "must be a whole number"),
}


def read(tables: Any) -> dict[str, Fault]:
    """The faults by name, from a table each; raises BadFaults with everything that is wrong."""
    if not isinstance(tables, dict):
        raise BadFaults(["must be a table of faults, each a table under its name"])
    wrong = [f"{name}{place}" for name, table in tables.items() for place in faults_of(table)]
    if wrong:
        raise BadFaults(wrong)
    return {name: Fault(**table) for name, table in tables.items()}


def faults_of(table: Any) -> Iterator[str]:
    """What is wrong with one table, each with its place in the table first."""
    if not isinstance(table, dict):
        yield ": must be a table"
        return
    for field in fields(Fault):
        if field.default is MISSING and field.name not in table:
            yield f".{field.name}: is missing"
    for option, value in table.items():
        if option not in OPTIONS:
            yield f".{option}: there is no such option; there are {', '.join(OPTIONS)}"
        elif not OPTIONS[option][0](value):
            yield f".{option}: {OPTIONS[option][1]}"
    yield from mismatches(table)


def mismatches(table: Mapping[str, Any]) -> Iterator[str]:
    """Options that do not go together."""
    effect = table.get("effect")
    if effect not in EFFECTS:
        return
    if (needed := NEEDED_OPTIONS.get(effect)) and needed not in table:
        yield f".{needed}: is missing, effect {effect} needs it"
    for option, effects in OWN_OPTIONS.items():
        if option in table and effect not in effects:
            yield f".{option}: has no meaning with effect {effect}"
    if effect == "refuse_records" and table.get("operation") not in BATCHES:
        yield f".operation: only {', '.join(BATCHES)} can refuse records inside a successful answer"
