import pytest

from commands.cost.fixed import Resources
from commands.cost.levers import a_month, designs, savings
from commands.cost.load import Load
from commands.cost.prices import read_prices

PRICES, RESOURCES = read_prices(), Resources.read()


def changes(**load: object) -> list[str]:
    """What would save something, the biggest first."""
    return [one.change for one in savings(Load(**load), RESOURCES, PRICES)]


@pytest.mark.parametrize(
    ("load", "first"),
    [
        ({"per_second": 200}, "send 500 events a request instead of 1"),
        ({"per_second": 200, "batch": 500}, "without the sink kinesis"),
        ({"per_second": 200, "batch": 500, "sinks": ("firehose",)}, "without the sink firehose"),
    ],
)
def test_the_biggest_lever_comes_first(load, first) -> None:
    """And each saves something."""
    found = savings(Load(**load), RESOURCES, PRICES)

    assert found[0].change == first
    assert [one.dollars for one in found] == sorted((one.dollars for one in found), reverse=True)
    assert found[-1].dollars > 0


@pytest.mark.parametrize(
    ("load", "lever", "there"),
    [
        ({"per_second": 200}, "provisioned shards", True),
        ({"per_second": 0.01}, "provisioned shards", True),
        ({"kinesis_mode": "provisioned", "per_second": 0.01}, "on-demand stream", False),
        ({"log_sample": 1.0}, "log every tenth", True),
        ({}, "log every tenth", False),
        ({"system_log_level": "INFO"}, "failed calls", True),
        ({"front": "function-url"}, "function URL", False),
        ({"detectors": 2}, "one detector model fewer", True),
        ({"detectors": 1}, "without the sink iot_events", True),
        ({}, "without the sink iot_events", False),
        ({"size": 10_000}, "bytes less", True),
        ({"size": 828}, "bytes less", False),
    ],
)
def test_a_lever_is_named_where_it_saves(load, lever, there) -> None:
    """Not where the load is so already, or where it would cost more."""
    assert any(lever in change for change in changes(**load)) == there


def test_a_saving_is_the_difference_of_two_months() -> None:
    """To the cent."""
    before, after = (a_month(Load(batch=batch), RESOURCES, PRICES) for batch in (1, 25))
    [saved] = [one.dollars for one in savings(Load(), RESOURCES, PRICES) if "25" in one.change]

    assert saved == pytest.approx(before - after)


@pytest.mark.parametrize(("per_second", "cheapest"), [(1, "function URL and Lambda"), (2000, "Vector on Fargate")])
def test_servers_are_cheaper_at_a_constant_load(per_second, cheapest) -> None:
    """Few events: what is idle costs nothing. Many single events: two small tasks."""
    found = min(designs(Load(per_second=per_second), PRICES), key=lambda one: one.dollars)

    assert found.name.startswith(cheapest)


def test_servers_grow_with_the_load() -> None:
    """By bytes or by requests."""
    small, large = ({one.name: one.dollars for one in designs(Load(per_second=n), PRICES)} for n in (1, 100_000))

    assert all(large[name] > 5 * small[name] for name in small)
