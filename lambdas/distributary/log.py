"""What an operator reads: one JSON line a request or a batch, with ids, counts and metrics, never a payload."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from distributary.clock import Clock
from distributary.metrics import UNITS, embedded, without_zeros
from distributary.settings import StageSettings

# The log group names the function, and nothing is traced: a member that says so again would be paid by its length.
_SAID_ELSEWHERE = ("service", "xray_trace_id")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class Lines:
    """Writes the lines of one function; `units` are its metrics, and the stage is their dimension."""

    def __init__(
        self, service: str, settings: StageSettings, clock: Clock, *, units: Mapping[str, str | None] = UNITS
    ) -> None:
        self._logger = _logger(service)
        self._shown = _LEVELS.index(settings.log_level) <= _LEVELS.index("INFO")
        self._stage = settings.stage
        self._clock = clock
        self._units = units

    def write(self, message: str, line: Mapping[str, Any], *, sample: float = 1.0) -> None:
        """One line, or for one minus `sample` of them none; the metrics of a line that is not written go out alone.

        The level may let none through. (Powertools' own sampling is another: it writes more of some, not less.)
        """
        line = without_zeros(line, units=self._units)
        metrics = embedded(line, stage=self._stage, time=self._clock.time(), units=self._units)
        if self._shown and (sample >= 1 or self._clock.random() < sample):
            self._logger.info(message, extra={**line, **metrics})
        elif metrics:
            names = [one["Name"] for one in metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
            alone = {**metrics, **{name: line[name] for name in names}}
            print(json.dumps(alone, separators=(",", ":")))  # noqa: T201 - Lambda's log


def lines(*, service: str, level: str) -> Callable[[str, str, Mapping[str, Any]], None]:
    """Writes single lines to the log: level, text and members, which stand under `record`.

    A DEBUG record is written whatever the level is: somebody asked for just this one.
    """
    logger = _logger(service)
    by_level = {"DEBUG": logger.info, "INFO": logger.info, "WARNING": logger.warning, "ERROR": logger.error}
    written = {"DEBUG", *_LEVELS[_LEVELS.index(level) :]}

    def line(severity: str, text: str, fields: Mapping[str, Any]) -> None:
        if severity in written:
            by_level[severity](text, extra={"record": {"level": severity, **fields}})

    return line


def _logger(service: str) -> Logger:
    """A logger that lets everything through which Lambda does.

    Powertools would take Lambda's own level over ours, and Lambda's must stay INFO: it drops metrics beyond.
    Source: https://docs.aws.amazon.com/powertools/python/latest/core/logger/#aws-lambda-advanced-logging-controls-alc
    """
    return Logger(service=service, level="INFO", location=None, use_rfc3339=True, json_serializer=_serialized)


def _serialized(line: Mapping[str, Any]) -> str:
    members = {name: value for name, value in line.items() if name not in _SAID_ELSEWHERE}
    return json.dumps(members, default=str, ensure_ascii=False, separators=(",", ":"))
