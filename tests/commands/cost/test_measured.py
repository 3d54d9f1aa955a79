from types import SimpleNamespace

import pytest

from commands.cost import measured
from commands.cost.counts import Counts
from commands.cost.measured import measure

GB = 2**30
SUMS = {
    ("events", "accepted"): 900_000.0,
    ("events", "rejected"): 100_000.0,
    ("requests", "HTTP API"): 1_000_000.0,
    ("calls", "Ingest"): 1_000_000.0,
    ("milliseconds", "Ingest"): 15_000_000.0,
    ("calls", "RunDetectors"): 100_000.0,
    ("log bytes", "Ingest"): float(GB),
    ("records", "kinesis"): 900_000.0,
    ("bytes", "kinesis"): 900_000 * 1220.0,
    ("records", "firehose"): 900_000.0,
    ("bytes", "firehose"): 900_000 * 1221.0,
    ("messages", "MessageQueue"): 1_000_000.0,
    ("reads", "Key"): 1000.0,
    ("reads", "Detector"): 2_000_000.0,
}


class FakeAws:
    """The configuration of a function and of a stream."""

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def get_function_configuration(self, *, FunctionName: str) -> dict:
        assert FunctionName == "ingest"
        return {"MemorySize": 512}

    def describe_stream_summary(self, *, StreamName: str) -> dict:
        assert StreamName == "s"
        return {"StreamDescriptionSummary": {"StreamModeDetails": {"StreamMode": self.mode}}}


def found(monkeypatch, mode: str = "ON_DEMAND", sums: dict = SUMS, endpoint: str = "https://a.execute-api.x"):
    """What a stage with these sums costs."""
    monkeypatch.setattr(measured, "count", lambda _stage, *, days: Counts(sums, ["reads of Other"] * days))
    outputs = {"IngestFunctionName": "ingest", "StreamName": "s"}
    stage = SimpleNamespace(
        name="prod", outputs=outputs, endpoint=endpoint, sinks=("kinesis",), client=lambda _service: FakeAws(mode)
    )
    return measure(stage, days=1)


@pytest.mark.parametrize(
    ("leg", "name", "dollars"),
    [
        ("endpoint", "HTTP API", 1.00),
        ("endpoint", "Lambda, calls", 0.20),
        ("endpoint", "Lambda, time", 15_000 * 0.5 * 13.3334e-6),
        ("log", "log groups of functions and Firehose", 0.50),
        ("kinesis", "Kinesis, written", 900_000 * 2048 / GB * 0.08),
        ("firehose", "Firehose", 900_000 * 5120 / GB * 0.029),
        ("iot_events", "SQS FIFO, at least", (100_000 + 200_000) * 0.5e-6),
        ("iot_events", "Lambda, calls", 0.02),
        ("iot_events", "DynamoDB, reads", 0.25),
        ("endpoint", "DynamoDB, reads", 1000 * 0.125e-6),
    ],
)
def test_what_was_counted_is_priced_by_leg(monkeypatch, leg, name, dollars) -> None:
    """With each service's own rounding, at the function's own memory."""
    [line] = [one for one in found(monkeypatch).lines if (one.leg, one.name) == (leg, name)]

    assert line.dollars == pytest.approx(dollars)


def test_a_provisioned_stream_is_billed_by_units(monkeypatch) -> None:
    """And its shards are fixed."""
    on_demand, shards = found(monkeypatch), found(monkeypatch, "PROVISIONED")

    assert [one.amount for one in shards.lines if one.name == "Kinesis, PUT units"] == [900_000]
    assert shards.fixed < on_demand.fixed


def test_events_and_requests(monkeypatch) -> None:
    """All that was posted; without an HTTP API, the calls are the requests, and there is no access log."""
    api = found(monkeypatch)
    sums = {place: value for place, value in SUMS.items() if place[0] != "requests"}
    url = found(monkeypatch, sums=sums, endpoint="https://a.lambda-url.x")

    assert (api.events, api.requests) == (1_000_000, 1_000_000)
    assert (url.events, url.requests) == (1_000_000, 1_000_000)
    assert {one.name for one in api.lines} - {one.name for one in url.lines} == {"HTTP API", "access log"}
    assert api.silent == ["reads of Other"]


def test_an_idle_stage_has_no_line(monkeypatch) -> None:
    """Only what is fixed."""
    idle = found(monkeypatch, sums={})

    assert (idle.lines, idle.events) == ([], 0)
    assert 0 < idle.fixed < 3
