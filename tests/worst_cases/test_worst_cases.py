"""The worst that `make worst-cases` has found, for each way in: within the bounds, in `make test` too."""

from collections.abc import Iterator

import pytest

from worst_cases.bounds import LOOP_ON_LAMBDA, PEAK_BYTES, SECONDS, Cost, faults
from worst_cases.events import request
from worst_cases.measured import Bench, bench
from worst_cases.scenarios import Scenario, scenarios

WORST = (
    "events: one event of arrays as members, characters of four bytes",
    "events: one event of escaped pairs as members, characters of four bytes",
    "events: 5,000 events of objects of 60 levels",
    "events: 5,000 tiny events of as many keys",
    "events: 5,000 broken lines",
    "events: a CloudEvent of arrays of 60 levels, data first",
    "events: a CloudEvent of characters of four bytes, data first",
    'events: a CloudEvent of attributes, each "xxxxxx"',
    "events: two letters at random, sinks down",
    "events: zstd, a window of 8 MiB",
    "events: zstd, empty frames",
    "messages: 24 of exponents with all that has to be looked at",
    "messages: a million that are none",
    "aws: a million records that are none",
    "topic rule: 1000000 bytes of digits as members",
    "detectors: ten of exponents with all that has to be looked at",
    "detectors: ten that are too large",
    "operator: a long array of exponents",
    "redrive: ten of iot_events",
)
NAMED = {one.name: one for one in scenarios() if one.name in WORST}


@pytest.fixture(scope="module")
def up() -> Iterator[Bench]:
    """Functions whose sinks take everything."""
    with bench() as one:
        yield one


@pytest.fixture(scope="module")
def down() -> Iterator[Bench]:
    """Functions whose sinks take nothing."""
    with bench(down=True) as one:
        yield one


@pytest.mark.parametrize("name", WORST)
def test_the_worst_is_within_the_bounds(up: Bench, down: Bench, name: str) -> None:
    """Memory and CPU of the function's own handler, in a process of its own, at its share of a core."""
    one: Scenario = NAMED[name]
    cost = (down if one.down else up).call(one.function, one.event())

    assert faults(cost) == []
    assert cost.status not in (500, 502)


def test_a_number_for_a_partition_key_costs_no_second_reading() -> None:
    """A rule whose key is a number behind a million values: found in the text, within the same bounds."""
    rules = [{"sinks": ["kinesis"], "partition_key": "data.pad.key"}]
    text = f'{{"x":[{",".join(["[]"] * 990_000)}],"pad":{{"key":1.10}}}}'
    with bench(rules=rules) as one:
        cost = one.call("ingest", request("/v1/events", text.encode(), squeeze=True, content_type="application/json"))

    assert cost.status == 202
    assert faults(cost) == []


def test_what_is_beyond_the_bounds_is_said() -> None:
    """The most of each is within; a little more is not."""
    most = SECONDS / LOOP_ON_LAMBDA

    assert faults(Cost(cpu=1.0, loops=most, peak=PEAK_BYTES, answer="")) == []
    assert faults(Cost(cpu=1.0, loops=most * 1.02, peak=PEAK_BYTES + 1_000_000, answer="")) == [
        "486 MB, over 485 MB",
        "4.1 s, over 4 s",
    ]
