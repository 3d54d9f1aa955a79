"""Stop-watches around the library's steps, started in the function's own process before its handler is imported.

It runs there under the base interpreter, so it uses the standard library alone.
"""

import functools
import importlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# (module, what in it, step): functions before the modules that import them, so that those get the watched one.
WATCHED = (
    ("distributary.aws.json_client", "JsonClient._call", "AWS, {1}"),
    ("distributary.http.request", "Request.from_event", "request"),
    ("distributary.http.events_api.body", "read_posted", "parse"),
    ("distributary.ingest.envelope", "address", "ids"),
    ("distributary.ingest.envelope", "encode", "envelope"),
    ("distributary.ingest.rules", "Rules.route", "rules"),
    ("distributary.sinks.firehose", "join", "join for Firehose"),
    ("distributary.sinks.firehose", "FirehoseSink.put", "sink firehose"),
    ("distributary.sinks.kinesis", "KinesisSink.put", "sink kinesis"),
    ("distributary.sinks.iot_events", "IotEventsSink.put", "sink iot_events"),
    ("distributary.ingest.fan_out", "FanOut.__call__", "fan-out"),
    ("distributary.http.events_api.endpoint", "EventsEndpoint._longest_that_fits", "answer"),
)


class StopWatch:
    """What each step took, on the wall and of its thread's CPU, in seconds, without the steps inside it."""

    def __init__(self) -> None:
        self.laps: list[tuple[str, float, float]] = []
        self._inner = threading.local()

    def around(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, watched; `{1}` in the step's name is its second argument."""

        @functools.wraps(function)
        def watched(*arguments: Any, **named: Any) -> Any:
            outer = getattr(self._inner, "seconds", (0.0, 0.0))
            self._inner.seconds = (0.0, 0.0)
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
                inner_wall, inner_cpu = self._inner.seconds
                self.laps.append((step.format(*arguments), wall - inner_wall, cpu - inner_cpu))
                self._inner.seconds = (outer[0] + wall, outer[1] + cpu)

        return watched


def install(results: Path) -> None:
    """Watch every step; each request's laps become one line of JSON at the end of `results`."""
    watch = StopWatch()
    for module, name, step in WATCHED:
        _replace(module, name, functools.partial(watch.around, step))

    def written(answer: Callable[..., Any]) -> Callable[..., Any]:
        watched = watch.around("routing", answer)

        def answer_and_write(*arguments: Any) -> Any:
            response = watched(*arguments)
            with results.open("a", encoding="ascii") as lines:
                lines.write(json.dumps(watch.laps) + "\n")
            watch.laps.clear()
            return response

        return answer_and_write

    _replace("distributary.http.router", "Router.answer", written)


def _replace(module: str, name: str, change: Callable[[Any], Any]) -> None:
    *parents, last = name.split(".")
    owner: Any = importlib.import_module(module)
    for parent in parents:
        owner = getattr(owner, parent)
    setattr(owner, last, change(getattr(owner, last)))
