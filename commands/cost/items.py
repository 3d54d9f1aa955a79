"""What a million posted events cost, by line item: pure arithmetic over the load and the price list."""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import NamedTuple

from commands.cost import detectors, sizes
from commands.cost.load import DAY_HOURS, MILLION, Load
from commands.cost.prices import GB

Leg = str
"""`endpoint`, `log`, or a sink's name."""
_HTTP_UNIT = 512 * 1024
_FIREHOSE_UNIT = 5 * 1024
_FIREHOSE_RECORD = 1000 * 1024
_PUT_UNIT = 25 * 1024
_MONTH_HOURS = 730
_WEEK = 168


class Item(NamedTuple):
    """One line: which leg it belongs to, its name, and dollars per million posted events."""

    leg: Leg
    name: str
    dollars: float


def items(load: Load, prices: Mapping[str, float]) -> list[Item]:
    """Every line item of the load, in the order in which an event meets them."""
    found = [*_endpoint(load, prices), *_log(load, prices)]
    sinks = {"kinesis": _kinesis, "firehose": _firehose, "iot_events": detectors.items}
    for name, of_sink in sinks.items():
        if name in load.served:
            found += [Item(name, title, dollars) for title, dollars in of_sink(load, prices)]
    return found


def total(found: list[Item]) -> float:
    """The sum of line items."""
    return sum(item.dollars for item in found)


def record_bytes(load: Load) -> int:
    """Bytes of an event with its envelope, as a stream gets it."""
    return load.size + sizes.ENVELOPE


def _endpoint(load: Load, prices: Mapping[str, float]) -> Iterator[Item]:
    requests = MILLION / load.batch
    if load.front == "api-gateway":
        body = load.batch * (load.size + 1) + 1  # commas and brackets
        yield Item("endpoint", "HTTP API", requests * ceil(body / _HTTP_UNIT) * prices["http-api-request"])
    yield Item("endpoint", "Lambda, requests", requests * prices["lambda-request"])
    seconds = ceil(sizes.billed_ms(load)) / 1000 * load.memory_mb / 1024
    yield Item("endpoint", "Lambda, time", requests * seconds * prices["lambda-gb-second"])


def _log(load: Load, prices: Mapping[str, float]) -> Iterator[Item]:
    requests = MILLION / load.batch
    lines = load.log_sample * sizes.request_line(load) + (1 - load.log_sample) * sizes.metrics_line(load)
    yield Item("log", "log and metrics of the function", _logged(requests * (lines + sizes.LOG_EVENT), prices))
    if load.system_log_level == "INFO":
        system = sizes.SYSTEM_LINES + 2 * sizes.LOG_EVENT
        yield Item("log", "Lambda's own log lines", _logged(requests * system, prices))
    if load.front == "api-gateway":
        line = sizes.ACCESS_LINE + sizes.LOG_EVENT
        yield Item("log", "access log of the HTTP API", _logged(requests * line, prices))


def _logged(size: float, prices: Mapping[str, float]) -> float:
    return size / GB * prices["logs-gb"]


def _kinesis(load: Load, prices: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    size = record_bytes(load)
    if load.kinesis_mode == "provisioned":
        yield "Kinesis, PUT units", MILLION * ceil(size / _PUT_UNIT) * prices["kinesis-put-unit"]
        return
    yield "Kinesis, written", MILLION * ceil(size / 1024) * 1024 / GB * prices["kinesis-on-demand-gb"]
    kept = {
        "kinesis-on-demand-kept-gb-month": min(load.retention_hours, _WEEK) - DAY_HOURS,
        "kinesis-on-demand-kept-long-gb-month": max(load.retention_hours - _WEEK, 0),
    }
    if load.retention_hours > DAY_HOURS:
        months = sum(hours * prices[name] for name, hours in kept.items()) / _MONTH_HOURS
        yield f"Kinesis, kept {load.retention_hours} hours", MILLION * size / GB * months


def _firehose(load: Load, prices: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """The events of a request are joined, a line each, into as few records as the largest one takes."""
    line = record_bytes(load) + 1
    in_record = max(1, min(load.batch, _FIREHOSE_RECORD // line))
    full, rest = divmod(load.batch, in_record)
    billed = full * _billed(in_record * line) + (_billed(rest * line) if rest else 0)
    yield "Firehose", MILLION / load.batch * billed / GB * prices["firehose-gb"]


def _billed(size: int) -> int:
    return ceil(size / _FIREHOSE_UNIT) * _FIREHOSE_UNIT
