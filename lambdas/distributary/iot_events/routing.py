"""From a message to the detectors that it is for: every model that reads its input, and the key under each."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from distributary.iot_events.detector_key import BadKey, key_value, why_no_key


class Target(NamedTuple):
    """One detector: its model's name, and its key (None for a model without one)."""

    model: str
    key: str | None


class Readers:
    """Which models read which input; `rows` hold `model`, `key` (a path or null) and `inputs`."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._by_input: dict[str, list[tuple[str, str | None]]] = {}
        for row in rows:
            for name in row["inputs"]:
                self._by_input.setdefault(name, []).append((row["model"], row["key"]))

    @property
    def inputs(self) -> frozenset[str]:
        """The inputs that some model reads."""
        return frozenset(self._by_input)

    def targets(self, name: str, payload: Mapping[str, Any]) -> list[Target]:
        """The detectors that a message to this input is for; none where no model reads it or has its key there."""
        found = []
        for model, path in self._by_input.get(name, ()):
            try:
                found.append(Target(model, key_value(path, payload)))
            except BadKey:
                continue
        return found

    def why_unread(self, name: str, payload: Mapping[str, Any]) -> str | None:
        """Why a message to this input is for no detector; None where it is for one."""
        if self.targets(name, payload):
            return None
        readers = self._by_input.get(name)
        if not readers:
            return f"no detector model reads the input {name}"
        reasons = sorted({why for _, path in readers if (why := why_no_key(path, payload))})
        return f"no detector model takes it: {'; '.join(reasons)}"
