"""One finding about a detector model: how bad, of which of AWS's kinds, where, and what."""

from typing import Literal, NamedTuple

Level = Literal["ERROR", "WARNING", "INFO"]
Kind = Literal[
    "supported-actions",
    "service-limits",
    "structure",
    "expression-syntax",
    "data-type",
    "referenced-data",
    "referenced-resource",
]


class Finding(NamedTuple):
    """`path` looks like `states[0].onInput.events[0]`; "" is the model. Only an ERROR keeps a model from running."""

    level: Level
    kind: Kind
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.level} {self.kind} {self.path or 'model'}: {self.message}"


def error(kind: Kind, path: str, message: str) -> Finding:
    """A finding that keeps the model from running."""
    return Finding("ERROR", kind, path, message)


def warning(kind: Kind, path: str, message: str) -> Finding:
    """A finding that its author should look at."""
    return Finding("WARNING", kind, path, message)
