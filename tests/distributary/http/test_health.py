import json
from threading import Barrier

from distributary.clock import Clock
from distributary.errors import SinkUnavailable
from distributary.http.health import Health
from distributary.http.request import Request


class FakeTime:
    now = 100.0

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now)


def unwell() -> None:
    """A check that fails."""
    raise SinkUnavailable("ResourceNotFoundException", "stream secret-name is not there", retryable=False)


def test_all_well_passes() -> None:
    """Where every check returns, the answer is 200 pass."""
    response = Health({"kinesis": lambda: None}, Clock()).answer(Request("GET", "/v1/health"))

    assert (response.status, json.loads(response.body)) == (200, {"status": "pass"})
    assert response.headers["content-type"] == "application/health+json"


def test_what_fails_is_named_without_naming_a_resource() -> None:
    """A failing check is 503 with its name and AWS's code, and no resource's name."""
    response = Health({"kinesis": unwell, "firehose": lambda: None}, Clock()).answer(Request("GET", "/v1/health"))

    assert response.status == 503
    assert json.loads(response.body) == {
        "status": "fail",
        "checks": {"kinesis": [{"status": "fail", "output": "ResourceNotFoundException"}]},
    }


def test_the_sinks_are_looked_at_once_in_ten_seconds() -> None:
    """Within ten seconds the last answer is given again, then the checks run anew."""
    looks: list[float] = []
    time = FakeTime()
    health = Health({"kinesis": lambda: looks.append(time.now)}, time.clock())
    for time.now in (100.0, 105.0, 109.9, 110.0):
        health.answer(Request("GET", "/v1/health"))

    assert looks == [100.0, 110.0]


def test_checks_that_hang_do_not_wait_for_each_other() -> None:
    """Six sinks and queues that answer late take as long as one: here each waits for all the others."""
    together = Barrier(6)
    checks = {f"check {number}": lambda: together.wait(5) and None for number in range(6)}

    response = Health(checks, Clock()).answer(Request("GET", "/v1/health"))

    assert response.status == 200
