"""How CPU and memory of `ingest` grow: with the events of a request, and with the bytes of one event."""

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench.contestants import Contestant
from bench.payload import request
from bench.report import markdown
from bench.runtime import Function

EVENTS, EVENT_BYTES = (1, 10, 100, 1_000, 5_000), 512
"""5,000 events of 512 bytes are 2.6 MB; of 1,024 they would be over the limit of a body."""
SIZES = (1_000, 10_000, 100_000, 1_000_000)
"""Bytes of one event; the IoT Events input is left out, since its messages end at 128 KiB."""
REQUESTS, WARM_UPS = 12, 3


class Cost(NamedTuple):
    """What a request takes at best: seconds of CPU; and the most memory of its process, in bytes."""

    cpu: float
    peak: int


def growth(product: Contestant, work: Path) -> str:
    """Both tables, each with the line that fits it."""
    log = work / "functions.log"
    events = {count: _cost(product, request(count, EVENT_BYTES), log) for count in EVENTS}
    streams = _without_iot_events(product, work)
    sizes = {size: _cost(streams, request(1, size), log) for size in SIZES}
    return "\n\n".join(
        [table(f"events of {EVENT_BYTES} bytes", events), table("bytes of one event, to both streams", sizes)]
    )


def table(what: str, costs: Mapping[int, Cost]) -> str:
    """A row for each amount, and the last step's exponent: 1 where twice as much costs twice as much."""
    rows = [[what, "", "CPU, ms", "CPU of one, ms", "peak memory, MB"]]
    for amount, cost in costs.items():
        rows.append(
            [f"{amount:,}", "", f"{cost.cpu * 1e3:.1f}", f"{cost.cpu * 1e3 / amount:.5f}", f"{cost.peak / 1e6:.0f}"]
        )
    fixed, slope = fitted({amount: cost.cpu for amount, cost in costs.items()})
    line = f"{fixed * 1e3:.1f} ms + {slope * 1e6:.3f} us for each"
    last = exponent({amount: cost.cpu for amount, cost in costs.items()})
    return f"{markdown(rows)}\n\nFitted: {line}; exponent of the last step {last:.2f} (1 is linear)."


def fitted(costs: Mapping[int, float]) -> tuple[float, float]:
    """The fixed part and the part for each, by least squares of relative errors: small amounts count as much."""
    weights = {amount: 1 / cost**2 for amount, cost in costs.items()}
    total = sum(weights.values())
    mean_x = sum(weight * amount for amount, weight in weights.items()) / total
    mean_y = sum(weight * costs[amount] for amount, weight in weights.items()) / total
    spread = sum(weight * (amount - mean_x) ** 2 for amount, weight in weights.items())
    slope = sum(weight * (amount - mean_x) * (costs[amount] - mean_y) for amount, weight in weights.items()) / spread
    return mean_y - slope * mean_x, slope


def exponent(costs: Mapping[int, float]) -> float:
    """By which power of the amount the cost grew from the last but one to the last."""
    (before, cost_before), (last, cost_last) = list(costs.items())[-2:]
    return math.log(cost_last / cost_before) / math.log(last / before)


def _cost(product: Contestant, payload: bytes, log: Path) -> Cost:
    with log.open("ab") as output:
        function = Function(product.command, product.environment, product.folder, output)
        try:
            function.start(payload)
            for _ in range(WARM_UPS):
                function.invoke(payload)
            return Cost(min(_seconds(function, payload)), function.peak_bytes())
        finally:
            function.close()


def _seconds(function: Function, payload: bytes) -> Sequence[float]:
    """The CPU of each request."""
    found = []
    for _ in range(REQUESTS):
        before = function.cpu_seconds()
        function.invoke(payload)
        found.append(function.cpu_seconds() - before)
    return found


def _without_iot_events(product: Contestant, work: Path) -> Contestant:
    """The same function with one rule, which names both streams."""
    folder = work / "streams"
    shutil.copytree(product.folder, folder)
    configuration = json.loads((folder / "configuration.json").read_bytes())
    configuration["rules"] = [{"sinks": ["firehose", "kinesis"]}]
    (folder / "configuration.json").write_text(json.dumps(configuration), encoding="utf-8")
    command = tuple(part.replace(str(product.folder), str(folder)) for part in product.command)
    return replace(product, folder=folder, command=command)
