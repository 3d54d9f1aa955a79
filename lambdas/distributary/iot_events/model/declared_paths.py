"""What an input declares, as a rule on what expressions may read of it (the setting `declared_only`)."""

from collections.abc import Mapping, Sequence

from distributary.iot_events.detector_key import segments
from distributary.iot_events.expression.evaluate import Declared


def declared_by(inputs: Mapping[str, Sequence[str]]) -> Declared:
    """Whether a path lies on, below or above one that its input declares; of an unknown input nothing is declared."""
    declared = {name: [segments(path) for path in paths] for name, paths in inputs.items()}

    def may_read(name: str, path: tuple[str | int, ...]) -> bool:
        members = tuple(map(str, path))
        return any(_meet(members, one) for one in declared.get(name, ()))

    return may_read


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
