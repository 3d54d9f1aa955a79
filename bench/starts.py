"""The cold start of each function: from the process's start until it asks for its first event, beside an empty one."""

import json
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.contestants import Contestant, empty, product
from bench.deployed import STAGE
from bench.report import markdown
from bench.runtime import Function

ROUNDS = 5
_OUTPUT = "FunctionName"


class Start(NamedTuple):
    """Seconds until it is ready, seconds of CPU, bytes of memory."""

    seconds: float
    cpu: float
    peak: int


def starts(work: Path, stub_url: str) -> str:
    """The table: every function of the template, in rounds, so that whatever else the machine does meets all alike."""
    template = json.loads((work / "cdk.out" / f"distributary-{STAGE}.template.json").read_bytes())
    names = [name.removesuffix(_OUTPUT) for name in template["Outputs"] if name.endswith(_OUTPUT)]
    all_of_them = [empty(work, stub_url), *(product(name, work, name, stub_url, "starts") for name in names)]
    found: dict[str, list[Start]] = {one.name: [] for one in all_of_them}
    for _ in range(ROUNDS):
        for one in all_of_them:
            found[one.name].append(_start(one, work / "functions.log"))
    return table(found)


def table(found: dict[str, list[Start]]) -> str:
    """A row for each function, the empty one first: what the others take is more than it."""
    rows = [["function", "", "ready, ms", "more than the empty one, ms", "CPU, ms", "memory, MB"]]
    least = median(start.seconds for start in next(iter(found.values())))
    for name, samples in found.items():
        seconds, cpu, peak = (median(column) for column in zip(*samples, strict=True))
        more = f"{(seconds - least) * 1e3:.0f}"
        rows.append([name, "", f"{seconds * 1e3:.0f}", more, f"{cpu * 1e3:.0f}", f"{peak / 1e6:.0f}"])
    return markdown(rows)


def _start(one: Contestant, log: Path) -> Start:
    with log.open("ab") as output:
        function = Function(one.command, one.environment, one.folder, output)
        try:
            return Start(function.ready(), function.cpu_seconds(), function.peak_bytes())
        finally:
            function.close()
