import json
import time
from types import SimpleNamespace

from commands.last_errors import last_errors, said

NOW = int(time.time() * 1000)


class FakeLogs:
    """CloudWatch Logs with some lines of some groups."""

    def __init__(self, lines: dict[str, list[str]]) -> None:
        self.lines = lines

    def get_paginator(self, _operation: str) -> "FakeLogs":
        """Itself."""
        return self

    def paginate(self, *, logGroupName: str, startTime: int, **_: object) -> list[dict]:
        """One page with all lines of the group, the first of them old."""
        assert NOW - 3_700_000 < startTime < NOW
        lines = self.lines[logGroupName]
        return [{"events": [{"timestamp": NOW + place, "message": line} for place, line in enumerate(lines)]}]


def stage_of(lines: dict[str, list[str]]) -> SimpleNamespace:
    """A stage with these log groups."""
    outputs = {f"{name}LogGroupName": name for name in lines} | {"StreamName": "s"}
    return SimpleNamespace(outputs=outputs, client=lambda _service: FakeLogs(lines))


def test_the_newest_errors_of_all_groups() -> None:
    """Newest first, with the function's name, and nothing that is no error."""
    error = json.dumps({"level": "ERROR", "message": "a record failed", "record": {"error": "KeyError()"}})
    fine = json.dumps({"level": "INFO", "message": "request", "error": "ThrottlingException"})
    refused = json.dumps({"errorCode": "S3.AccessDenied", "errorMessage": "Access was denied."})
    stage = stage_of(
        {"Ingest": [fine, "[ERROR] ValueError: bad\nTraceback"], "Delivery": [fine, fine, refused], "Run": [error] * 9}
    )
    found = last_errors(stage, most=8)

    assert [str(one).partition(" ")[2] for one in found[-2:]] == [
        "Run: a record failed KeyError()",
        "Delivery: S3.AccessDenied Access was denied.",
    ]
    assert len(found) == 8
    assert [one.text for one in last_errors(stage, most=20) if one.place == "Ingest"] == ["[ERROR] ValueError: bad"]


def test_a_long_line_is_cut() -> None:
    """One line of a screen has an end, and JSON that is no object is said as it is."""
    assert len(said("x" * 1000)) == 160
    assert said("[1]") == "[1]"
    assert said("2026 Task timed out after 29.00 seconds\n") == "2026 Task timed out after 29.00 seconds"


def report(status: str, **more: str) -> str:
    """Lambda's line at the end of a call, with the log format JSON."""
    record = {"requestId": "8476a536", "metrics": {"durationMs": 29_000.0}, "status": status, **more}
    return json.dumps({"time": "2026-11-27T08:00:00.000Z", "type": "platform.report", "record": record})


def test_lambdas_own_errors_are_found_in_json() -> None:
    """A call that timed out, a process that ended, an exception; not a report of a call that did well or raised."""
    raised = {"level": "ERROR", "errorType": "ValueError", "errorMessage": "bad", "requestId": "8476a536"}
    lines = [
        report("success"),
        report("error", errorType="ValueError"),
        json.dumps(raised),
        report("timeout"),
        report("failure", errorType="Runtime.ExitError"),
    ]

    assert [one.text for one in last_errors(stage_of({"Ingest": lines}))] == [
        "Lambda ended the call: failure Runtime.ExitError",
        "Lambda ended the call: timeout",
        "ValueError bad",
    ]
