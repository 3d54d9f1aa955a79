"""What a scenario proved: what was sent and accepted compared with what was found, as numbers and as faults."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chaos.landed import SINKS, Content, Found
from commands.columns import ruled

COUNTED = ("sent", "accepted", "S3", "Kinesis", "IoT Events", "spilled", "twice", "dead", "lost", "faults", "s")


@dataclass(frozen=True)
class Verdict:
    """One row of the table; `faults` says what is wrong, nothing if it is empty."""

    number: int
    name: str
    sent: int
    accepted: int
    delivered: Mapping[str, int]
    duplicates: int
    dead_letters: int
    lost: int
    faults: Sequence[str]
    spilled: int = 0
    injected: int = 0
    seconds: float = 0.0
    answers: Mapping[int, int] = field(default_factory=dict)


def undelivered(accepted: Collection[str], found: Mapping[str, Found]) -> dict[str, set[str]]:
    """The accepted events that each sink lacks."""
    return {sink: set(accepted) - found[sink].keys() for sink in SINKS}


def lost(lacking: Mapping[str, set[str]], dead: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """What is neither in its sink nor in the dead letters."""
    return {sink: events - dead.get(sink, set()) for sink, events in lacking.items()}


def delivery_faults(
    sent: Collection[str], accepted: Collection[str], lost_by_sink: Mapping[str, set[str]]
) -> list[str]:
    """Events that were not accepted in the end, and events that were and are nowhere."""
    faults = [
        f"{len(events)} accepted events are lost in {sink}, such as {min(events)}"
        for sink, events in lost_by_sink.items()
        if events
    ]
    missing = set(sent) - set(accepted)
    return faults + ([f"{len(missing)} events were never accepted, such as {min(missing)}"] if missing else [])


def content_faults(events: Mapping[str, Mapping[str, Any]], found: Mapping[str, Found]) -> list[str]:
    """Events that nobody sent, that changed on their way, or that came twice with two contents."""
    return [fault for sink in SINKS for fault in _of_sink(sink, events, found[sink])]


def _of_sink(sink: str, events: Mapping[str, Mapping[str, Any]], found: Found) -> list[str]:
    invented = [name for name in found if name not in events]
    known = {name: copies for name, copies in found.items() if name in events}
    changed = [name for name, copies in known.items() if any(_data(one) != events[name] for one in copies)]
    two = [name for name, copies in found.items() if len(set(copies)) > 1]
    said = {"which nobody sent": invented, "with another content": changed, "with two contents under one id": two}
    return [f"{len(names)} events in {sink} {what}, such as {min(names)}" for what, names in said.items() if names]


def _data(content: Content) -> Any:
    return json.loads(content[2])


def duplicates(events: Collection[str], found: Mapping[str, Found]) -> int:
    """How many copies were delivered beyond the first of each event."""
    return sum(len(found[sink][name]) - 1 for sink in SINKS for name in events if name in found[sink])


def table(verdicts: Sequence[Verdict]) -> str:
    """The verdicts as text, a line each."""
    head = ("#", "scenario", *COUNTED, "")
    lines = [head, *(_row(one) for one in verdicts)]
    return ruled(lines, right={0, *range(2, len(head) - 1)})


def _row(one: Verdict) -> tuple[str, ...]:
    numbers = [one.sent, one.accepted, *(one.delivered[sink] for sink in SINKS)]
    numbers += [one.spilled, one.duplicates, one.dead_letters, one.lost, one.injected]
    verdict = "FAILED" if one.faults else "ok"
    return (str(one.number), one.name, *map(str, numbers), f"{one.seconds:.0f}", verdict)
