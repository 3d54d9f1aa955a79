"""The load that `make cost` is about: from flags, from a terminal's answers, else the defaults."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from commands.cost.load import SINKS, Load

_DEFAULT = Load()


def add_load_arguments(parser: argparse.ArgumentParser) -> None:
    """A flag for each field of the load. One that is not given is None."""
    group = parser.add_argument_group("the load, instead of answers")
    group.add_argument("--per-second", type=_positive(float), help="posted events a second")
    group.add_argument("--size", type=_positive(int), help="bytes of an event")
    group.add_argument("--batch", type=_positive(int), help="events of a request")
    group.add_argument("--sinks", type=_sinks, help=f"comma between them: {','.join(SINKS)}")
    group.add_argument("--detectors", type=int, choices=range(101), metavar="NUMBER", help="models that read an event")
    group.add_argument("--retention", type=_positive(int), dest="retention_hours", help="hours of the stream")
    group.add_argument("--front", choices=["api-gateway", "function-url"])
    group.add_argument("--kinesis", choices=["on-demand", "provisioned"], dest="kinesis_mode")
    group.add_argument("--log-sample", type=_fraction, help="fraction of fully successful requests to log")
    group.add_argument("--system-log-level", choices=["WARN", "INFO"], help="what Lambda itself logs")
    group.add_argument("--memory", type=_positive(int), dest="memory_mb", help="MB of a function")


def load_of(options: argparse.Namespace, ask: Callable[[str], str] = input) -> Load:
    """The load that the flags say. Without any, a terminal is asked for what matters most."""
    given = {one.name: getattr(options, one.name, None) for one in fields(Load)}
    given = {name: value for name, value in given.items() if value is not None}
    if not given and sys.stdin.isatty():
        given = _answers(ask)
    return Load(**given)


def _answers(ask: Callable[[str], str]) -> dict[str, Any]:
    return {name: _answer(name, text, read, ask) for name, (text, read) in _QUESTIONS.items()}


def _answer(name: str, text: str, read: Callable[[str], Any], ask: Callable[[str], str]) -> Any:
    """What is typed, until it can be read; nothing typed is the default."""
    default = getattr(_DEFAULT, name)
    shown = ",".join(default) if isinstance(default, Sequence) and not isinstance(default, str) else default
    while typed := ask(f"{text} [{shown}]: ").strip():
        try:
            return read(typed)
        except (ValueError, argparse.ArgumentTypeError) as error:
            print(f"  {error}")
    return default


def _positive(kind: type[int] | type[float]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} must be above 0")
        return value

    read.__name__ = kind.__name__
    return read


def _fraction(text: str) -> float:
    if not 0 <= (value := float(text)) <= 1:
        raise argparse.ArgumentTypeError(f"{text} must be from 0 to 1")
    return value


def _count(text: str) -> int:
    if (value := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"{text} must be 0 or more")
    return value


def _sinks(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(SINKS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: must be of {', '.join(SINKS)}")
    return names


_QUESTIONS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "per_second": ("Posted events a second", _positive(float)),
    "size": ("Bytes of an event", _positive(int)),
    "batch": ("Events of a request", _positive(int)),
    "sinks": ("Sinks", _sinks),
    "detectors": ("Detector models that read each event", _count),
    "retention_hours": ("Hours that the stream keeps records", _positive(int)),
}
