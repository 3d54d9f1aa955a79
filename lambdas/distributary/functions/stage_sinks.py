"""The sinks of a stage, as its functions open them."""

from collections.abc import Sequence
from dataclasses import dataclass

from distributary.events import SinkName
from distributary.functions.start import Start
from distributary.settings import Settings
from distributary.sinks.registry import SINKS, Sinks, open_sinks
from distributary.sinks.sink import SinkContext, SinkSettings

WRITTEN_SINKS = "*"
"""A function's `SINKS`: all sinks that the stage writes to. A sequence of names stands for these alone."""
DEPLOYED_SINKS = "deployed"
"""A function's `SINKS`: also those that the stage no longer writes to, but keeps until they are empty."""


@dataclass(frozen=True, kw_only=True)
class StageSinks(Settings):
    """The sinks that a function has, by name."""

    sinks: Sequence[SinkName]


def sink_settings(start: Start) -> dict[SinkName, SinkSettings]:
    """The settings of each sink that the function has."""
    names = start.settings(StageSinks).sinks
    return {kind.name: start.settings(kind.settings) for kind in SINKS if kind.name in names}


def stage_sinks(start: Start, context: SinkContext) -> Sinks:
    """Each sink that the function has."""
    return open_sinks(start.settings(StageSinks).sinks, start.settings, context)
