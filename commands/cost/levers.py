"""What would make a load cheaper: a change of the client's or of the stage's, and designs that are not ours."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import ceil
from typing import NamedTuple

from commands.cost.fixed import Resources, fixed, monthly
from commands.cost.items import items, record_bytes, total
from commands.cost.load import DAY_HOURS, Load
from commands.cost.prices import GB, HOURS

_TENTH = 0.1


class Saving(NamedTuple):
    """A change, and by how many dollars a month it makes the load cheaper."""

    change: str
    dollars: float


class Design(NamedTuple):
    """Another way to take events in, in dollars a month, and where its figures are from."""

    name: str
    dollars: float
    source: str


def a_month(load: Load, resources: Resources, prices: Mapping[str, float]) -> float:
    """Dollars a month, fixed and variable."""
    return load.millions_a_month * total(items(load, prices)) + monthly(fixed(load, resources, prices))


def savings(load: Load, resources: Resources, prices: Mapping[str, float]) -> list[Saving]:
    """The changes that save something, the biggest first."""
    now = a_month(load, resources, prices)
    found = [Saving(change, now - a_month(other, resources, prices)) for change, other in _changes(load)]
    return sorted((one for one in found if one.dollars > 0), key=lambda one: -one.dollars)


def _changes(load: Load) -> Iterator[tuple[str, Load]]:
    for batch in (25, 500):
        if load.batch < batch:
            yield f"send {batch} events a request instead of {load.batch}", replace(load, batch=batch)
    if load.front == "api-gateway":
        yield (
            'a function URL instead of the HTTP API ([http] front = "function-url")',
            replace(load, front="function-url"),
        )
    if "kinesis" in load.served:
        yield from _of_the_stream(load)
    if load.log_sample > _TENTH:
        yield "log every tenth request that went well (log_sample = 0.1)", replace(load, log_sample=_TENTH)
    if load.system_log_level == "INFO":
        yield (
            'only Lambda\'s lines of failed calls (functions.system_log_level = "WARN")',
            replace(load, system_log_level="WARN"),
        )
    for sink in load.served:
        others = tuple(name for name in load.sinks if name != sink)
        yield f"without the sink {sink}", replace(load, sinks=others)
    if load.detectors > 1:
        yield "one detector model fewer reads each event", replace(load, detectors=load.detectors - 1)


def _of_the_stream(load: Load) -> Iterator[tuple[str, Load]]:
    if load.kinesis_mode == "on-demand":
        yield 'provisioned shards (kinesis.mode = "provisioned")', replace(load, kinesis_mode="provisioned")
    else:
        yield 'an on-demand stream (kinesis.mode = "on-demand")', replace(load, kinesis_mode="on-demand")
    if load.retention_hours > DAY_HOURS:
        change = f"keep the stream's records for {DAY_HOURS} hours instead of {load.retention_hours}"
        yield change, replace(load, retention_hours=DAY_HOURS)
    over = record_bytes(load) % 1024
    if load.kinesis_mode == "on-demand" and 0 < over < load.size / 2:
        yield (
            f"post {over} bytes less: a record is {record_bytes(load) // 1024} KB then",
            replace(load, size=load.size - over),
        )


_VECTOR = "https://vector.dev/docs/setup/going-to-prod/sizing/"
_VECTOR_BYTES = 25 << 20
"""A second and vCPU, of structured events; 2 GiB of memory for each vCPU."""
_CLICKSTREAM = "https://docs.aws.amazon.com/solutions/latest/clickstream-analytics-on-aws/ingestion-endpoint.html"
_CLICKSTREAM_REQUESTS = 4000
"""A second and unit of 2 vCPU and 8 GB: the lower end of 4,000 to 6,000."""
_TASKS = 2
"""One in each of two zones, at least."""
_SMALLEST = 0.25


def designs(load: Load, prices: Mapping[str, float]) -> list[Design]:
    """What takes the events in, without the sinks: ours, then others at a constant load.

    Those on Fargate are estimates: the load must be steady, and they answer without a receipt for each event.
    """
    fronts = {
        "HTTP API and Lambda": replace(load, front="api-gateway"),
        "function URL and Lambda": replace(load, front="function-url"),
    }
    own = [Design(name, load.millions_a_month * _front(one, prices), "this arithmetic") for name, one in fronts.items()]
    balancer = _balancer(load, prices)
    cpus = max(_TASKS * _SMALLEST, ceil(load.per_second * load.size / _VECTOR_BYTES / _SMALLEST) * _SMALLEST)
    vector = _fargate(cpus, cpus * 2, prices) + balancer
    units = max(_TASKS, ceil(load.per_second / load.batch / _CLICKSTREAM_REQUESTS))
    clickstream = _fargate(units * 2, units * 8, prices) + balancer
    return [
        *own,
        Design("Vector on Fargate behind a load balancer (estimate)", vector, _VECTOR),
        Design("Clickstream's ingestion servers on Fargate (estimate)", clickstream, _CLICKSTREAM),
    ]


def _front(load: Load, prices: Mapping[str, float]) -> float:
    return sum(item.dollars for item in items(load, prices) if item.leg in ("endpoint", "log"))


def _fargate(cpus: float, gigabytes: float, prices: Mapping[str, float]) -> float:
    return HOURS * (cpus * prices["fargate-vcpu-hour"] + gigabytes * prices["fargate-gb-hour"])


def _balancer(load: Load, prices: Mapping[str, float]) -> float:
    """Connections are assumed to be kept, so that bytes are what its capacity units count."""
    units = max(1.0, load.per_second * load.size * 3600 / GB)
    return HOURS * (prices["load-balancer-hour"] + units * prices["load-balancer-unit-hour"])
