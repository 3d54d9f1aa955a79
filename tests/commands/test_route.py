import sys
from pathlib import Path

import pytest

from commands import route

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command with arguments: what it returned and printed."""

    def run(*arguments: str) -> tuple[int, list[str]]:
        monkeypatch.setattr(sys, "argv", ["route", "--config", str(ROOT / "distributary.toml"), *arguments])
        return route.main(), capsys.readouterr().out.splitlines()

    return run


def test_an_event_is_shown_with_its_rule_and_its_sinks(run) -> None:
    """Of the shipped configuration, stage local."""
    status, lines = run('{"deviceId":"d-1"}')

    assert (status, lines[0]) == (0, "event 0: rule 1 (takes every event)")
    assert [line.split()[0] for line in lines[1:]] == ["firehose", "kinesis", "iot_events"]
    assert "inputName telemetry" in lines[3]


def test_a_file_is_read_and_a_cloud_event_is_one(run, tmp_path) -> None:
    """`specversion` says so."""
    file = tmp_path / "event.json"
    file.write_text('{"specversion":"1.0","id":"e-1","source":"s","type":"t","data":{"deviceId":"d"}}')

    _, lines = run(str(file))

    assert "partitionKey e-1" in lines[2]


def test_an_event_that_would_be_rejected_ends_the_command_with_1(run) -> None:
    """The others are shown too; a sink that skips one says why."""
    status, lines = run('[7,{"a":1,"a":2}]')

    assert status == 1
    assert "iot_events  skips it: its data is not a JSON object" in lines[3]
    assert lines[-1].startswith("event 1: rejected, DuplicateKey: ")


@pytest.mark.parametrize(("event", "text"), [("{", "MalformedJson: "), ("nowhere.json", "EVENT is neither JSON nor")])
def test_what_is_no_event_is_said_in_a_line(run, event, text) -> None:
    """Which is the exit's."""
    with pytest.raises(SystemExit, match=text):
        run(event)
