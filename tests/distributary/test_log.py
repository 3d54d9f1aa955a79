import json

import pytest
from fake_clock import FakeClock

from distributary import log
from distributary.log import Lines
from distributary.settings import StageSettings


def lines(capsys) -> list[dict]:
    """What was written."""
    return [json.loads(each) for each in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(("line", "written"), [({"accepted": 1, "route": "r"}, 1), ({"route": "r"}, 0)])
def test_metrics_do_not_depend_on_the_log_level(capsys, line: dict, written: int) -> None:
    """Where the level lets no line through, the metrics go out alone, and nothing else does."""
    Lines("t-quiet", StageSettings(stage="test", log_level="ERROR"), FakeClock().clock).write("request", line)
    found = lines(capsys)

    assert len(found) == written
    assert all(set(one) == {"_aws", "stage", "accepted"} for one in found)


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("INFO", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("WARNING", ["DEBUG", "WARNING", "ERROR"]),
        ("ERROR", ["DEBUG", "ERROR"]),
    ],
)
def test_a_record_of_a_detector_that_is_debugged_is_written_at_any_level(capsys, level, written) -> None:
    """Somebody asked for just this one; ERROR records are written always, the others as the level says."""
    write = log.lines(service=f"t-lines-{level}", level=level)

    for severity in ("DEBUG", "INFO", "WARNING", "ERROR"):
        write(severity, "text", {"keyValue": "k"})

    found = lines(capsys)
    assert [one["record"]["level"] for one in found] == written
    assert {(one["message"], one["record"]["keyValue"]) for one in found} == {("text", "k")}


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", True), ("INFO", True), ("WARNING", False), ("ERROR", False)])
def test_the_setting_decides_not_the_level_of_lambda(capsys, monkeypatch, level: str, shown: bool) -> None:
    """Lambda's own level is INFO, whatever the setting says: beyond, it would drop the metrics."""
    monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", "INFO")
    Lines(f"t-own-{level}", StageSettings(stage="test", log_level=level), FakeClock().clock).write("request", {"a": 1})
    write = log.lines(service=f"t-own-lines-{level}", level=level)
    write("INFO", "text", {})
    write("DEBUG", "text", {})

    assert [one["message"] for one in lines(capsys)] == ["request", "text", "text"] if shown else ["text"]
