"""The price list: `prices.toml` beside this file, read and checked."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("prices.toml")
HOURS = 730
"""A month, as AWS's own calculator counts it."""
GB = 1 << 30


@dataclass(frozen=True)
class Price:
    """`dollars` for one `unit`, and the page that says so; `note` is what is uncertain about it."""

    dollars: float
    unit: str
    source: str
    note: str = ""


class Prices(Mapping[str, float]):
    """Dollars by the price's name in the file. Raises KeyError for one that is not there."""

    def __init__(self, entries: Mapping[str, Price], *, region: str, date: str) -> None:
        self.entries = entries
        self.region = region
        self.date = date

    def __getitem__(self, name: str) -> float:
        return self.entries[name].dollars

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def read_prices(file: Path = FILE) -> Prices:
    """Every price of the file. Raises TypeError if one has a member that is none of a price's, or lacks one."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    region, date = tables.pop("region"), tables.pop("date")
    return Prices({name: Price(**table) for name, table in tables.items()}, region=region, date=date)
