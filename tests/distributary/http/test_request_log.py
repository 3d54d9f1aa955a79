import json

import pytest
from fake_clock import FakeClock

from distributary.clock import Clock
from distributary.http.request import Response
from distributary.http.request_log import request_logged
from distributary.settings import StageSettings
from distributary.sinks.registry import EVERY_UNIT, NOTEWORTHY

EVENT = {
    "routeKey": "POST /v1/events",
    "rawPath": "/v1/events",
    "requestContext": {"http": {"method": "POST", "sourceIp": "203.0.113.7"}, "requestId": "request", "timeEpoch": 0},
    "body": "a secret",
}


def logged(answer, service: str, clock: Clock, sample: float = 1.0):
    """A handler with the metrics of `ingest`."""
    settings = StageSettings(stage="test", log_sample=sample)
    return request_logged(answer, settings, service=service, clock=clock, units=EVERY_UNIT, noteworthy=NOTEWORTHY)


class Context:
    """What Lambda says."""

    aws_request_id = "function-request"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


def lines(capsys) -> list[dict]:
    """What was written."""
    return [json.loads(each) for each in capsys.readouterr().out.splitlines()]


def test_a_request_has_one_line_with_ids_and_counts(capsys) -> None:
    """The line has the request id, the route, the status, the counts as metrics, and nothing of the payload."""
    answer = Response(202, "{}", log={"accepted": 1, "rejected": 0, "retry": 0})
    handle = logged(lambda _: answer, "t-ingest", FakeClock().clock)
    handle(EVENT, Context())
    [line] = lines(capsys)

    expected = {
        "message": "request",
        "request_id": "request",
        "route": "POST /v1/events",
        "status": 202,
        "accepted": 1,
        "stage": "test",
    }
    assert expected.items() <= line.items()
    assert [one["Name"] for one in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]] == ["accepted"]
    assert not {"rejected", "retry", "service", "function_request_id", "ip"} & line.keys()
    assert "secret" not in json.dumps(line)


def test_a_problem_is_told_with_who_had_it(capsys) -> None:
    """The line has the caller's address and Lambda's id of the call besides."""
    answer = Response(503, "{}", log={"accepted": 0, "rejected": 0, "retry": 1})
    logged(lambda _: answer, "t-problem", FakeClock().clock, sample=0.0)(EVENT, Context())
    [line] = lines(capsys)

    assert {"retry": 1, "ip": "203.0.113.7", "function_request_id": "function-request"}.items() <= line.items()


@pytest.mark.parametrize(
    ("response", "full"),
    [
        (Response(202, "{}", log={"accepted": 2, "rejected": 0, "retry": 0}), False),
        (Response(200, "{}", log={"operation": "PutRecord", "received": 1, "refused": 0}), False),
        (Response(200, "{}", log={"operation": "PutRecords", "received": 2, "refused": 1}), True),
        (Response(202, "{}", log={"accepted": 1, "rejected": 1, "retry": 0}), True),
        (Response(202, "{}", log={"accepted": 1, "rejected": 0, "retry": 0, "spilled_kinesis": 1}), True),
        (Response(202, "{}", log={"accepted": 1, "rejected": 0, "retry": 0, "dead_letters_firehose": 1}), True),
        (Response(401, "{}", log={"refused": "Unauthorized"}), True),
        (Response(404, "{}", log={}), True),
        (Response(503, "{}", log={"accepted": 0, "rejected": 0, "retry": 1}), True),
    ],
)
def test_only_requests_with_which_all_went_well_are_left_out(capsys, response: Response, full: bool) -> None:
    """With a sample of none, each other request has its line; metrics go out all the same."""
    handle = logged(lambda _: response, f"t-{id(response)}", FakeClock().clock, sample=0.0)
    handle(EVENT, Context())
    found = lines(capsys)

    assert [one.get("message") == "request" for one in found if "message" in one] == [True] * full
    assert any("_aws" in one for one in found) == ("accepted" in response.log)


def test_a_share_of_requests_is_logged(capsys) -> None:
    """Chance decides of each."""
    draws = iter([0.2, 0.3, 0.1])
    clock = FakeClock().clock._replace(random=lambda: next(draws))
    answer = Response(200, "{}", log={"operation": "PutRecord"})
    handle = logged(lambda _: answer, "t-some", clock, sample=0.25)
    for _ in range(3):
        handle(EVENT, Context())

    assert len(lines(capsys)) == 2
