"""The tables about costs in README.md and docs/, written by the arithmetic.

`python -m commands.cost.pages TEMPLATE`, part of `make reference`, takes the template of stage `prod`.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from commands.cost import detectors, sizes
from commands.cost.detectors import HEARTBEAT, THRESHOLD
from commands.cost.fixed import FILE, Resources, fixed
from commands.cost.items import Item, items, total
from commands.cost.load import Load
from commands.cost.prices import read_prices

BATCHES = (1, 25, 500)
ROOT = Path(__file__).parents[2]
Table = dict[str, list[float]]


def written(template: Mapping[str, Any]) -> dict[Path, str]:
    """Every file with tables, and the count of the template's resources, as they should be: paths from the top."""
    resources, prices = Resources.of(template), read_prices()
    blocks = {
        "events": _events(prices),
        "fixed": _fixed(resources, prices),
        "detectors": _detectors(prices),
        "log": _log(prices),
    }
    texts = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
    found = {page: _filled(text, blocks) for page, text in texts.items()}
    return {FILE.relative_to(ROOT): resources.written(), **found}


PAGES = (Path("README.md"), Path("docs/explanation/cost.md"))


def _filled(text: str, blocks: Mapping[str, str]) -> str:
    """The text with each block between its two comments. Raises KeyError for a block that nobody makes."""
    place = re.compile(r"(<!-- cost: (\w+), by make reference -->\n).*?(<!-- end -->)", re.DOTALL)
    return place.sub(lambda found: f"{found[1]}{blocks[found[2]]}\n{found[3]}", text)


def _events(prices: Mapping[str, float]) -> str:
    """Two streams, as `prod` is shipped, then with a detector model, then behind a function URL."""
    loads = [Load(batch=batch) for batch in BATCHES]
    read = [replace(load, detectors=1) for load in loads]
    streams, legs = _table([items(load, prices) for load in loads]), _table([items(load, prices) for load in read])
    more = {name: row for name, row in _legs(legs, streams).items() if any(row)}
    totals = {
        "**stage `prod` as it is shipped**": [total(items(load, prices)) for load in loads],
        "**… with one detector model**": [total(items(load, prices)) for load in read],
        "**as shipped, behind a function URL**": [
            total(items(replace(load, front="function-url"), prices)) for load in loads
        ],
    }
    (first, shipped), *others = totals.items()
    rows = [
        *_rows(streams, "{:.3f}"),
        *_rows({first: shipped}, "**{:.2f}**"),
        *_rows(more, "{:.3f}"),
        *_rows(dict(others), "**{:.2f}**"),
    ]
    return _lines(["", *(_plural(batch) for batch in BATCHES)], rows)


def _plural(batch: int) -> str:
    return "1 event a request" if batch == 1 else f"{batch} a request"


def _legs(legs: Table, streams: Table) -> Table:
    """What the detector model adds: sending, and running a threshold in one line; its share of the log is in it."""
    sending = {name: row for name, row in legs.items() if name.startswith("IoT Events input")}
    others = [row for name, row in legs.items() if name not in sending]
    running = [sum(column) for column in zip(*others, strict=True)]
    without = [sum(column) for column in zip(*streams.values(), strict=True)]
    added = [more - less for more, less in zip(running, without, strict=True)]
    return {**sending, "running a threshold detector on each event": added}


def _table(columns: Sequence[list[Item]]) -> Table:
    return {item.name: [one[place].dollars for one in columns] for place, item in enumerate(columns[0])}


def _fixed(resources: Resources, prices: Mapping[str, float]) -> str:
    costs = fixed(Load(), resources, prices)
    shard = fixed(Load(kinesis_mode="provisioned", retention_hours=24), resources, prices)[0]
    rows = [[one.name, f"{one.dollars:.2f}"] for one in costs]
    rows.insert(1, ['… or, with `mode = "provisioned"`, each shard', f"{shard.dollars:.2f}"])
    return _lines(["what", "$ a month"], rows)


def _detectors(prices: Mapping[str, float]) -> str:
    """What running a model costs, per million messages."""
    ways = [(model, together) for model in (THRESHOLD, HEARTBEAT) for together in (10, 1)]
    columns = [detectors.running(model, together, prices) for model, together in ways]
    table = {part.name: [one[place].dollars for one in columns] for place, part in enumerate(columns[0])}
    sums = {"**sum**": [sum(part.dollars for part in one) for one in columns]}
    names = [f"{model.name}, {'ten' if together > 1 else 'one'}" for model, together in ways]
    return _lines(["", *names], [*_rows(table, "{:.2f}"), *_rows(sums, "**{:.2f}**")])


def _log(prices: Mapping[str, float]) -> str:
    """Bytes of each kind of line for a request of one event, what a log event counts besides, and dollars."""
    load = Load()
    lines = {
        "a request's line, with its metrics": sizes.request_line(load) + sizes.LOG_EVENT,
        "its metrics alone": sizes.metrics_line(load) + sizes.LOG_EVENT,
        "the HTTP API's access log": sizes.ACCESS_LINE + sizes.LOG_EVENT,
        'Lambda\'s own two lines, with `system_log_level = "INFO"`': sizes.SYSTEM_LINES + 2 * sizes.LOG_EVENT,
    }
    rows = [[name, str(size), f"{size * 1e6 / (1 << 30) * prices['logs-gb']:.3f}"] for name, size in lines.items()]
    return _lines(["line", "bytes", "$ per million requests"], rows)


def _rows(table: Table, form: str) -> Iterator[list[str]]:
    for name, row in table.items():
        yield [name, *(form.format(value) for value in row)]


def _lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = "|".join(["---"] * len(head))
    return "\n".join([f"| {' | '.join(head)} |".replace("|  |", "| |"), f"|{rule}|", *(_line(row) for row in rows)])


def _line(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"


def main(template: Path) -> int:
    """Write the files of the checkout. 0: that is done."""
    for page, text in written(json.loads(template.read_text(encoding="utf-8"))).items():
        (ROOT / page).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
