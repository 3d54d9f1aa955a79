import json

import pytest
from fake_clock import FakeClock

from distributary import telemetry
from distributary.http.request import Response
from distributary.telemetry import Lines, logged

EVENT = {
    "routeKey": "POST /v1/events",
    "rawPath": "/v1/events",
    "requestContext": {"http": {"method": "POST"}, "requestId": "request", "timeEpoch": 0},
    "body": "a secret",
}


class Context:
    """What Lambda says."""

    aws_request_id = "function-request"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


def lines(capsys) -> list[dict]:
    """What was written."""
    return [json.loads(each) for each in capsys.readouterr().out.splitlines()]


def test_a_request_has_one_line_with_ids_and_counts(capsys) -> None:
    """The line has both request ids, the route, the status, the counts as metrics, and nothing of the payload."""
    answer = Response(202, "{}", log={"accepted": 1, "rejected": 0, "retry": 0})
    handle = logged(lambda _: answer, service="t-ingest", level="INFO", clock=FakeClock().clock, stage="test")
    handle(EVENT, Context())
    [line] = lines(capsys)

    expected = {
        "message": "request",
        "request_id": "request",
        "function_request_id": "function-request",
        "route": "POST /v1/events",
        "status": 202,
        "accepted": 1,
        "stage": "test",
    }
    assert expected.items() <= line.items()
    assert [one["Name"] for one in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]] == ["accepted", "rejected", "retry"]
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize(("line", "written"), [({"accepted": 1, "route": "r"}, 1), ({"route": "r"}, 0)])
def test_metrics_do_not_depend_on_the_log_level(capsys, line: dict, written: int) -> None:
    """Where the level lets no line through, the metrics go out alone, and nothing else does."""
    Lines(service="t-quiet", level="ERROR", stage="test", clock=FakeClock().clock).write("request", line)
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
    write = telemetry.lines(service=f"t-lines-{level}", level=level)

    for severity in ("DEBUG", "INFO", "WARNING", "ERROR"):
        write(severity, "text", {"keyValue": "k"})

    found = lines(capsys)
    assert [one["record"]["level"] for one in found] == written
    assert {(one["message"], one["record"]["keyValue"]) for one in found} == {("text", "k")}
