"""What a deployed stage took in the last days, read from CloudWatch, and what that cost."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from commands.cost import sizes
from commands.cost.counts import Counts, count
from commands.cost.fixed import Resources, fixed, monthly
from commands.cost.load import Load
from commands.cost.prices import GB, read_prices
from commands.stage import Stage

_KB, _FIREHOSE_UNIT, _PUT_UNIT = 1024, 5 * 1024, 25 * 1024
_MONTH_DAYS = 730 / 24
_OF_DETECTORS = ("RunDetectors", "WakeDetectors", "CarryOut", "ServeDetectors", "TakeMessages")


class Line(NamedTuple):
    """One thing that was counted, and what it cost in the days that were looked at."""

    leg: str
    name: str
    amount: float
    unit: str
    dollars: float


@dataclass(frozen=True)
class Measured:
    """A stage's days: `fixed` is the part of the month that they are; `silent` has no number in CloudWatch."""

    stage: str
    days: int
    events: float
    requests: float
    lines: list[Line]
    fixed: float
    silent: list[str]
    computed: tuple[str, ...] = (
        "the access log, by requests and its usual length",
        "SQS calls, by the batches of run_detectors and ten messages a call",
        "fixed costs, of a fresh stage prod with all of its alarms",
    )


def measure(stage: Stage, *, days: int) -> Measured:
    """The numbers of the stage. Raises what boto3 raises."""
    counts, prices, memory = count(stage, days=days), read_prices(), _memory(stage)
    on_demand = _is_on_demand(stage)
    lines = [
        *_endpoint(stage, counts, prices, memory),
        *_logs(counts, prices),
        *_kinesis(counts, prices, on_demand=on_demand),
        *_firehose(counts, prices),
        *_detectors(counts, prices, memory),
        *_tables(counts, prices),
    ]
    mode = Load(kinesis_mode="on-demand" if on_demand else "provisioned", sinks=stage.sinks)
    of_month = monthly(fixed(mode, Resources.read(), prices)) / _MONTH_DAYS
    posted = sum(counts.of("events", name) for name in ("accepted", "rejected", "retry"))
    requests = counts.all("requests") or counts.of("calls", "Ingest")
    return Measured(
        stage=stage.name,
        days=days,
        events=posted,
        requests=requests,
        lines=[one for one in lines if one.amount],
        fixed=of_month * days,
        silent=counts.silent,
    )


Prices = Mapping[str, float]


def _endpoint(stage: Stage, counts: Counts, prices: Prices, memory: float) -> Iterator[Line]:
    requests = counts.of("requests", "HTTP API")
    yield Line("endpoint", "HTTP API", requests, "requests", requests * prices["http-api-request"])
    if re.match(r"https://[^/]*\.execute-api\.", stage.endpoint):
        size = requests * (sizes.ACCESS_LINE + sizes.LOG_EVENT)
        yield Line("log", "access log", size, "bytes", size / GB * prices["logs-gb"])
    yield from _functions(counts, prices, memory, "endpoint", ("Ingest", "Health", "Redrive"))


def _functions(counts: Counts, prices: Prices, memory: float, leg: str, labels: tuple[str, ...]) -> Iterator[Line]:
    calls = sum(counts.of("calls", one) for one in labels)
    yield Line(leg, "Lambda, calls", calls, "calls", calls * prices["lambda-request"])
    seconds = sum(counts.of("milliseconds", one) for one in labels) / 1000
    yield Line(leg, "Lambda, time", seconds, "seconds", seconds * memory * prices["lambda-gb-second"])


def _logs(counts: Counts, prices: Prices) -> Iterator[Line]:
    size = counts.all("log bytes")
    yield Line("log", "log groups of functions and Firehose", size, "bytes", size / GB * prices["logs-gb"])


def _kinesis(counts: Counts, prices: Prices, *, on_demand: bool) -> Iterator[Line]:
    records, size = counts.of("records", "kinesis"), counts.of("bytes", "kinesis")
    if on_demand:
        billed = _rounded(records, size, _KB)
        yield Line("kinesis", "Kinesis, written", billed, "bytes", billed / GB * prices["kinesis-on-demand-gb"])
    else:
        units = _rounded(records, size, _PUT_UNIT) / _PUT_UNIT
        yield Line("kinesis", "Kinesis, PUT units", units, "units", units * prices["kinesis-put-unit"])


def _firehose(counts: Counts, prices: Prices) -> Iterator[Line]:
    billed = _rounded(counts.of("records", "firehose"), counts.of("bytes", "firehose"), _FIREHOSE_UNIT)
    yield Line("firehose", "Firehose", billed, "bytes", billed / GB * prices["firehose-gb"])


def _detectors(counts: Counts, prices: Prices, memory: float) -> Iterator[Line]:
    messages, batches = counts.of("messages", "MessageQueue"), counts.of("calls", "RunDetectors")
    empty = counts.of("empty receives", "MessageQueue")
    calls = messages / 10 + 2 * batches + empty
    yield Line("iot_events", "SQS FIFO, at least", calls, "calls", calls * prices["sqs-fifo-request"])
    yield from _functions(counts, prices, memory, "iot_events", _OF_DETECTORS)


def _tables(counts: Counts, prices: Prices) -> Iterator[Line]:
    """Requests read keys, detectors the other tables."""
    for name, price in (("reads", "dynamodb-read"), ("writes", "dynamodb-write")):
        keys = counts.of(name, "Key")
        for leg, units in (("endpoint", keys), ("iot_events", counts.all(name) - keys)):
            yield Line(leg, f"DynamoDB, {name}", units, "units", units * prices[price])


def _rounded(records: float, size: float, unit: int) -> float:
    """Bytes that are billed where each record is rounded up: by the average, which is all that CloudWatch knows."""
    return records * ceil(size / records / unit) * unit if records else 0.0


def _memory(stage: Stage) -> float:
    """GB of a function; a stage's functions have all the same."""
    name = stage.outputs["IngestFunctionName"]
    found: int = stage.client("lambda").get_function_configuration(FunctionName=name)["MemorySize"]
    return found / 1024


def _is_on_demand(stage: Stage) -> bool:
    if not (name := stage.outputs.get("StreamName")):
        return False
    summary = stage.client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return bool(summary.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND")
