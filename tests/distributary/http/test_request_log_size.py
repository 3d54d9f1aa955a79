import json

import pytest
from logged_request import post

TWO, THREE = ("firehose", "kinesis"), ("firehose", "kinesis", "iot_events")


@pytest.fixture(autouse=True)
def _as_lambda(monkeypatch) -> None:
    """Lambda gives each call a trace's id."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-6b094875-d5f1ed09edbdc84a3db668c2;Parent=53995c3f42cd8ad8;Sampled=0")


@pytest.mark.parametrize(
    ("sinks", "sample", "events", "size"),
    [
        (TWO, 1, 1, 531),
        (TWO, 1, 25, 534),
        (TWO, 1, 500, 537),
        (THREE, 1, 1, 588),
        (TWO, 0, 1, 276),
        (TWO, 0, 25, 279),
        (TWO, 0, 500, 282),
        (THREE, 0, 1, 333),
    ],
)
def test_the_line_of_a_request_does_not_grow(capsys, sinks, sample, events, size) -> None:
    """Its bytes are paid for each request: docs/explanation/cost.md. A new field is worth them, or is not added."""
    post(events, sinks=sinks, sample=sample)
    [line] = capsys.readouterr().out.splitlines()

    assert json.loads(line)["accepted"] == events
    assert len(line.encode()) == size
