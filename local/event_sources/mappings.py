"""All event source mappings that are deployed: a poller each, as deployments come and go."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from local.event_sources.poller import Poller
from local.event_sources.source import EventSource
from local.functions import Functions

_LOOK_SECONDS = 0.5
_CLOSE_SECONDS = 0.8


class EventSources:
    """Polls what `sources` says is deployed, from `start` to `close`; a change counts within a second.

    `sqs` gives the boto3 client for a mapping, signed as its function's role; as many threads use it as there are
    batches in flight. `log` takes a line for each batch that could not be handed over.
    """

    def __init__(
        self,
        sources: Callable[[], Sequence[EventSource]],
        functions: Functions,
        sqs: Callable[[EventSource], Any],
        *,
        log: Callable[[str], None] = print,
    ) -> None:
        self._sources = sources
        self._functions = functions
        self._sqs = sqs
        self._log = log
        self._pollers: dict[EventSource, Poller] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event sources", daemon=True)

    def start(self) -> None:
        """Begins to poll."""
        self._thread.start()

    def close(self) -> None:
        """Stops polling, in less than a second; batches in flight are finished or come back to their queue."""
        self._closing.set()
        deadline = time.monotonic() + _CLOSE_SECONDS
        if self._thread.is_alive():
            self._thread.join(_CLOSE_SECONDS)
        for poller in self._pollers.values():
            poller.stop()
        for poller in self._pollers.values():
            poller.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._adapt({source for source in self._sources() if source.enabled})
            except Exception as error:  # noqa: BLE001 - a deployment in progress may be half there: look again
                self._log(f"event sources: {type(error).__name__} {error}")
            self._closing.wait(_LOOK_SECONDS)

    def _adapt(self, wanted: set[EventSource]) -> None:
        for source in self._pollers.keys() - wanted:
            self._pollers.pop(source).stop()
        for source in wanted - self._pollers.keys():
            self._pollers[source] = Poller(source, self._functions, self._sqs(source), log=self._log)
            self._pollers[source].start()
