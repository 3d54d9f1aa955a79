"""`cd tests && python -m worst_cases [WORDS]`: searches for what costs each function most, and fails beyond the bounds.

With words, only the scenarios whose name has all of them.
"""

import sys
from collections.abc import Iterable

from worst_cases.bounds import MEMORY_MB, PEAK_BYTES, SECONDS, Cost, faults, lambda_seconds
from worst_cases.measured import bench
from worst_cases.scenarios import Scenario, scenarios

Found = list[tuple[Scenario, Cost]]
_SHOWN = 5


def search(words: list[str]) -> Found:
    """Every scenario with what it cost; a line for each as soon as it is known."""
    found: Found = []
    with bench() as up, bench(down=True) as down:
        for one in scenarios():
            if all(word in one.name for word in words):
                cost = (down if one.down else up).call(one.function, one.event())
                found.append((one, cost))
                beyond = "".join(f" OVER: {fault}" for fault in faults(cost))
                sys.stdout.write(f"{lambda_seconds(cost):5.2f} s {cost.peak / 1e6:4.0f} MB  {one.name}{beyond}\n")
                sys.stdout.flush()
    return found


def table(found: Found) -> Iterable[str]:
    """For each way in the worst of CPU and the worst of memory."""
    yield f"at {MEMORY_MB} MB; bounds: {SECONDS:.0f} s, {PEAK_BYTES / 1e6:.0f} MB\n"
    yield f"{'s on Lambda':>11} {'ns/byte':>8} {'MB':>5} {'byte/byte':>9}  scenario\n"
    for what in dict.fromkeys(one.what for one, _ in found):
        mine = [(one, cost) for one, cost in found if one.what == what]
        for worst in (lambda pair: -pair[1].loops, lambda pair: -pair[1].peak):
            for one, cost in sorted(mine, key=worst)[:_SHOWN]:
                seconds = lambda_seconds(cost)
                per = f"{seconds / one.bytes * 1e9:8.0f} {cost.peak / 1e6:5.0f} {cost.peak / one.bytes:9.1f}"
                yield f"{seconds:11.2f} {per}  {one.name} ({cost.status})\n"


def main(words: list[str]) -> int:
    """Searches, prints, and fails where something is beyond the bounds."""
    found = search(words)
    sys.stdout.writelines(table(found))
    over = sum(bool(faults(cost)) for _, cost in found)
    sys.stdout.write(f"{len(found)} scenarios, {over} beyond the bounds\n")
    return int(over > 0 or not found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
