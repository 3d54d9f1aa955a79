"""What `make cost` prints."""

from collections.abc import Iterator

from commands.columns import ruled
from commands.cost.fixed import Resources, fixed, monthly
from commands.cost.items import items, total
from commands.cost.levers import designs, savings
from commands.cost.load import Load
from commands.cost.measured import Measured
from commands.cost.prices import Prices, read_prices

MAX_LEVERS = 8


def of_load(load: Load) -> str:
    """Line items, a month, the levers and other designs."""
    prices, resources = read_prices(), Resources.read()
    parts = [
        _what(load, prices),
        _variable(load, prices),
        _fixed(load, resources, prices),
        _sum(load, resources, prices),
        _levers(load, resources, prices),
        _designs(load, prices),
    ]
    return "\n\n".join(parts)


def _what(load: Load, prices: Prices) -> str:
    sinks = ", ".join(load.served) or "no sink"
    return (
        f"{load.per_second:,g} events of {load.size:,} bytes a second, {load.batch:,} in a request, to {sinks}: "
        f"{load.millions_a_month:,.1f} million a month.\nList prices of {prices.region}, {prices.date}, without free "
        "tiers, cold starts, data transfer and objects in S3: docs/explanation/cost.md."
    )


def _variable(load: Load, prices: Prices) -> str:
    found = items(load, prices)
    rows = [[one.leg, one.name, _small(one.dollars), _dollars(one.dollars * load.millions_a_month)] for one in found]
    whole = total(found)
    rows.append(["", "variable", _small(whole), _dollars(whole * load.millions_a_month)])
    return ruled([["leg", "line item", "$ per million", "$ a month"], *rows], {2, 3})


def _fixed(load: Load, resources: Resources, prices: Prices) -> str:
    costs = fixed(load, resources, prices)
    rows = [[one.name, _dollars(one.dollars)] for one in costs if not one.sometimes]
    rows.append(["fixed", _dollars(monthly(costs))])
    return ruled([["fixed", "$ a month"], *rows], {1})


def _sum(load: Load, resources: Resources, prices: Prices) -> str:
    dollars = load.millions_a_month * total(items(load, prices)) + monthly(fixed(load, resources, prices))
    return f"All together: ${_dollars(dollars)} a month, ${dollars / load.millions_a_month:.2f} per million events."


def _levers(load: Load, resources: Resources, prices: Prices) -> str:
    found = savings(load, resources, prices)[:MAX_LEVERS]
    rows = [[one.change, f"-{_dollars(one.dollars)}"] for one in found] or [["nothing that this arithmetic knows", ""]]
    return ruled([["what saves most, each alone", "$ a month"], *rows], {1})


def _designs(load: Load, prices: Prices) -> str:
    found = sorted(designs(load, prices), key=lambda one: one.dollars)
    rows = [[one.name, _dollars(one.dollars), one.source] for one in found]
    return ruled([["taking events in, without sinks", "$ a month", "figures"], *rows], {1})


def of_stage(found: Measured) -> str:
    """What a stage took by leg, and what a million of its events cost."""
    return "\n\n".join(_stage_parts(found))


def _stage_parts(found: Measured) -> Iterator[str]:
    posted = f"{found.events:,.0f} events in {found.requests:,.0f} requests"
    yield f"stage {found.stage}, the last {found.days} days: {posted}."
    millions = found.events / 1e6
    rows = [
        [one.leg, one.name, f"{one.amount:,.0f} {one.unit}", _dollars(one.dollars), _per(one.dollars, millions)]
        for one in found.lines
    ]
    variable = sum(one.dollars for one in found.lines)
    rows.append(["", "variable", "", _dollars(variable), _per(variable, millions)])
    rows.append(["", "fixed", "", _dollars(found.fixed), _per(found.fixed, millions)])
    both = variable + found.fixed
    rows.append(["", "together", "", _dollars(both), _per(both, millions)])
    yield ruled([["leg", "what", "counted", "$", "$ per million events"], *rows], {2, 3, 4})
    if found.silent:
        yield f"CloudWatch has no number of: {', '.join(found.silent)}. They count as 0 here."
    yield "Computed, not counted: " + "; ".join(found.computed) + "."


def _per(dollars: float, millions: float) -> str:
    return _small(dollars / millions) if millions else "-"


def _small(dollars: float) -> str:
    return f"{dollars:.3f}"


def _dollars(dollars: float) -> str:
    return f"{dollars:,.2f}"
