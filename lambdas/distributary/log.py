"""What an operator reads: one JSON line a request or a batch, with ids, counts and metrics, never a payload."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from distributary.clock import Clock
from distributary.metrics import UNITS, embedded
from distributary.settings import StageSettings


class Lines:
    """Writes the lines of one function; `units` are its metrics, and the stage is their dimension."""

    def __init__(
        self, service: str, settings: StageSettings, clock: Clock, *, units: Mapping[str, str | None] = UNITS
    ) -> None:
        self._logger = Logger(service=service, level=settings.log_level, location=None)
        self._stage = settings.stage
        self._clock = clock
        self._units = units

    def write(self, message: str, line: Mapping[str, Any], *, sample: float = 1.0) -> None:
        """One line, or for one minus `sample` of them none; the metrics of a line that is not written go out alone.

        The level may let none through. (Powertools' own sampling is another: it writes more of some, not less.)
        """
        metrics = embedded(line, stage=self._stage, time=self._clock.time(), units=self._units)
        if self._logger.log_level <= logging.INFO and (sample >= 1 or self._clock.random() < sample):
            self._logger.info(message, extra={**line, **metrics})
        elif metrics:
            names = [one["Name"] for one in metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
            print(json.dumps({**metrics, **{name: line[name] for name in names}}))  # noqa: T201 - Lambda's log


def lines(*, service: str, level: str) -> Callable[[str, str, Mapping[str, Any]], None]:
    """Writes single lines to the log: level, text and members, which stand under `record`.

    A DEBUG record is written whatever the level is: somebody asked for just this one.
    """
    logger = Logger(service=service, level=level, location=None)
    by_level = {"DEBUG": logger.debug, "INFO": logger.info, "WARNING": logger.warning, "ERROR": logger.error}
    write = {**by_level, "DEBUG": by_level[level]}

    def line(severity: str, text: str, fields: Mapping[str, Any]) -> None:
        write[severity](text, extra={"record": {"level": severity, **fields}})

    return line
