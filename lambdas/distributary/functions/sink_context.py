"""What the sinks of a function are made with."""

from collections.abc import Callable, Mapping
from typing import Any

from distributary.functions.start import Start
from distributary.iot_events.input import read_inputs
from distributary.iot_events.message_queue import unnoted
from distributary.iot_events.routing import Readers
from distributary.sinks.sink import SinkContext


def sink_context(start: Start, note: Callable[[str, Mapping[str, Any]], None] = unnoted) -> SinkContext:
    """The context; `note` writes a line to the log."""
    inputs = read_inputs(start.configuration["inputs"])
    return SinkContext(start.clients, start.clock, inputs, Readers(start.configuration["readers"]), note)
