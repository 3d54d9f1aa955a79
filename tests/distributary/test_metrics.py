from distributary.metrics import embedded
from distributary.sinks.registry import UNITS


def test_a_lines_numbers_become_metrics() -> None:
    """The members name those numbers of the line that are metrics, with their units, in CloudWatch's format."""
    line = {"accepted": 2, "oldest_spilled_seconds_kinesis": 1.5, "status": 202, "route": "POST /v1/events"}

    assert embedded(line, stage="dev", time=1.5, units=UNITS) == {
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
