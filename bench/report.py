"""The table: one row a measure, one column a contestant, each with its ratio to the first."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from bench.measure import Samples

MEASURES: Mapping[str, Callable[[Samples], float]] = {
    "process start to first answer, ms": lambda samples: median(samples.first) * 1000,
    "warm p50, ms": lambda samples: median(samples.warm) * 1000,
    "warm p99, ms": lambda samples: _percentile(samples.warm, 0.99) * 1000,
    "requests a second, one after the other": lambda samples: len(samples.warm) / sum(samples.warm),
    "CPU per request, ms": lambda samples: samples.cpu / len(samples.warm) * 1000,
    "peak memory, MB": lambda samples: samples.peak / 1e6,
}


def table(results: Mapping[str, Mapping[str, Samples]]) -> str:
    """The results of each kind of request, named by its number of events, as one Markdown table."""
    names = list(next(iter(results.values())))
    rows = [["events", "measure", *names]]
    for events, samples in results.items():
        for measure, value in MEASURES.items():
            rows.append([events, measure, *_cells([value(samples[name]) for name in names])])
        rows.append([events, "requests measured", *(str(len(samples[name].warm)) for name in names)])
    return markdown(rows)


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table that also reads well as text: the first is its head, numbers stand right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" | ".join(_aligned(row, widths)) for row in rows]
    lines.insert(
        1, " | ".join("-" * width if column < 2 else "-" * (width - 1) + ":" for column, width in enumerate(widths))
    )
    return "\n".join(f"| {line} |" for line in lines)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _cells(values: Sequence[float]) -> list[str]:
    first = values[0]
    return [f"{first:.1f}", *(f"{value:.1f} ({value / first:.2f} x)" for value in values[1:])]


def _percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share does not exceed; the largest where there are few."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
