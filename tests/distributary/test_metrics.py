import pytest

from distributary.metrics import embedded, without_zeros
from distributary.sinks.registry import EVERY_UNIT


def test_a_lines_numbers_become_metrics() -> None:
    """The members name those numbers of the line that are metrics, with their units, in CloudWatch's format."""
    line = {"accepted": 2, "oldest_spilled_seconds_kinesis": 1.5, "status": 202, "route": "POST /v1/events"}

    assert embedded(line, stage="dev", time=1.5, units=EVERY_UNIT) == {
        "stage": "dev",
        "_aws": {
            "Timestamp": 1500,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Distributary",
                    "Dimensions": [["stage"]],
                    "Metrics": [
                        {"Name": "accepted"},
                        {"Name": "oldest_spilled_seconds_kinesis", "Unit": "Seconds"},
                    ],
                }
            ],
        },
    }


def test_a_line_without_metrics_stays_as_it_is() -> None:
    """Health and the welcome page cost no metric."""
    assert embedded({"status": 200}, stage="dev", time=1.5) == {}


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ({"accepted": 0, "retry": 2}, {"retry": 2}),
        ({"milliseconds": 0.0, "messages": 0, "route": ""}, {"milliseconds": 0.0, "messages": 0, "route": ""}),
        ({"oldest_spilled_seconds_kinesis": 0.0}, {"oldest_spilled_seconds_kinesis": 0.0}),
    ],
)
def test_counts_of_nothing_are_left_out(line, left) -> None:
    """Of metrics that are counts only: an age of 0 says something, and so may what is no metric."""
    assert without_zeros(line, units=EVERY_UNIT) == left
