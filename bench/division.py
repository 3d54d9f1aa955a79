"""How a request's CPU divides into the library's steps: measured by stop-watches inside the function's process."""

import json
import shutil
from collections import defaultdict
from pathlib import Path

from bench.contestants import START, Contestant
from bench.measure import WARM_UPS
from bench.payload import request
from bench.report import markdown
from bench.runtime import Function

REQUESTS = 20


def division(product: Contestant, events: int, work: Path) -> str:
    """A table of the steps of a request of so many events, the costliest first; the rest is the runtime's."""
    laps_file = work / "laps.jsonl"
    shutil.copy(Path(__file__).with_name("timers.py"), work / "runtime")
    install = f"import pathlib, timers; timers.install(pathlib.Path({str(laps_file)!r})); "
    command = [argument.replace(START, install + START) for argument in product.command]
    payload = request(events)
    with (work / "functions.log").open("ab") as log:
        function = Function(command, product.environment, product.folder, log)
        try:
            function.start(payload)
            for _ in range(WARM_UPS):
                function.invoke(payload)
            before = function.cpu_seconds()
            for _ in range(REQUESTS):
                function.invoke(payload)
            total = function.cpu_seconds() - before
        finally:
            function.close()
    lines = laps_file.read_text(encoding="ascii").splitlines()[-REQUESTS:]
    return _table([lap for line in lines for lap in json.loads(line)], total)


def _table(laps: list[tuple[str, float, float]], total: float) -> str:
    calls: dict[str, int] = defaultdict(int)
    cpu: dict[str, float] = defaultdict(float)
    wall: dict[str, float] = defaultdict(float)
    for step, wall_seconds, cpu_seconds in laps:
        calls[step] += 1
        wall[step] += wall_seconds
        cpu[step] += cpu_seconds
    rows = [["step", "calls", "CPU, ms", "share", "wall, ms (one call)"]]
    for step in sorted(cpu, key=lambda step: -cpu[step]):
        one_call = wall[step] / calls[step] * 1000
        rows.append([step, f"{calls[step] / REQUESTS:g}", *_cpu(cpu[step], total), f"{one_call:.2f}"])
    rows.append(["the rest: runtime client, threads", "", *_cpu(total - sum(cpu.values()), total), ""])
    rows.append(["all", "", *_cpu(total, total), ""])
    return markdown(rows)


def _cpu(seconds: float, total: float) -> tuple[str, str]:
    """Milliseconds a request, and the share."""
    return f"{seconds / REQUESTS * 1000:.2f}", f"{seconds / total * 100:.0f} %"
