from dataclasses import replace

import pytest

from commands.cost.items import items, total
from commands.cost.load import Load
from commands.cost.prices import read_prices

PRICES = read_prices()
TEN = {  # dollars per million of each thing that is paid: round numbers, so that a product shows which it was
    "http-api-request": 1e-6,
    "lambda-request": 1e-7,
    "lambda-gb-second": 1e-6,
    "logs-gb": 1.0,
    "kinesis-on-demand-gb": 1.0,
    "kinesis-on-demand-kept-gb-month": 1.0,
    "kinesis-on-demand-kept-long-gb-month": 0.1,
    "kinesis-put-unit": 1e-6,
    "firehose-gb": 1.0,
}
GB = 2**30


def by_name(load: Load, prices=TEN) -> dict[str, float]:
    """Dollars by line item."""
    return {item.name: item.dollars for item in items(load, prices)}


@pytest.mark.parametrize(
    ("changes", "name", "dollars"),
    [
        ({}, "HTTP API", 1.0),
        ({"batch": 25}, "HTTP API", 1 / 25),
        ({"batch": 500}, "HTTP API", 1 / 500),
        ({"batch": 600}, "HTTP API", 2 / 600),
        ({"batch": 25}, "Lambda, requests", 0.1 / 25),
        ({}, "Kinesis, written", 2 * 1024e6 / GB),
        ({"size": 800}, "Kinesis, written", 1 * 1024e6 / GB),
        ({}, "Kinesis, kept 168 hours", 1220e6 / GB * 144 / 730),
        ({"retention_hours": 240}, "Kinesis, kept 240 hours", 1220e6 / GB * (144 + 7.2) / 730),
        ({"kinesis_mode": "provisioned", "size": 30_000}, "Kinesis, PUT units", 2.0),
        ({}, "Firehose", 5120e6 / GB),
        ({"batch": 25}, "Firehose", 6 * 5120e6 / 25 / GB),
        ({"batch": 1000}, "Firehose", (200 + 39) * 5120e6 / 1000 / GB),
    ],
)
def test_what_is_billed(changes, name, dollars) -> None:
    """Each service's own unit, rounded as it rounds."""
    assert by_name(replace(Load(), **changes))[name] == pytest.approx(dollars, rel=1e-6)


def test_what_a_setting_saves() -> None:
    """A function URL has no HTTP API and no access log; a stream kept a day pays no retention; no model, no leg."""
    whole = by_name(Load())
    url = by_name(Load(front="function-url"))

    assert whole.keys() - url.keys() == {"HTTP API", "access log of the HTTP API"}
    assert "Kinesis, kept 24 hours" not in by_name(Load(retention_hours=24))
    assert "Lambda's own log lines" in by_name(Load(system_log_level="INFO"))
    assert {item.leg for item in items(Load(), TEN)} == {"endpoint", "log", "kinesis", "firehose"}
    assert {item.leg for item in items(Load(sinks=("firehose",)), TEN)} == {"endpoint", "log", "firehose"}
    assert {item.leg for item in items(Load(detectors=1), PRICES)} >= {"iot_events"}


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({}, 2.30),
        ({"batch": 25}, 0.29),
        ({"batch": 500}, 0.214),  # the aim was 0.21: seven days in the stream are 0.022 of it
        ({"batch": 500, "retention_hours": 24}, 0.21),
        ({"front": "function-url"}, 1.25),
    ],
)
def test_the_aims(changes, most) -> None:
    """A fresh stage `prod`, per million events of 1,024 bytes."""
    assert total(items(replace(Load(), **changes), PRICES)) <= most
