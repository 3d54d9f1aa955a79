from distributary.events import Event, EventResult
from distributary.metrics import by_sink, embedded

EVENT = Event(0, {"id": "i"}, None)


def test_a_lines_numbers_become_metrics() -> None:
    """The members name those numbers of the line that are metrics, with their units, in CloudWatch's format."""
    line = {"accepted": 2, "oldest_spilled_seconds_kinesis": 1.5, "status": 202, "route": "POST /v1/events"}

    assert embedded(line, stage="dev", time=1.5) == {
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


def test_what_became_of_events_is_counted_by_sink() -> None:
    """Delivered, spilled and dead-lettered receipts count, each for its sink; skipped and refused ones do not."""
    spilled = EventResult(EVENT, "accepted", {"kinesis": {"spilled": True}, "firehose": {"recordId": "r"}})
    dead = EventResult(EVENT, "accepted", {"iot_events": {"deadLettered": True}, "kinesis": {"spilled": True}})
    again = EventResult(EVENT, "retry", {"iot_events": {"skipped": "no rule"}, "kinesis": {"error": {"code": "c"}}})

    expected = {"spilled_kinesis": 2, "dead_letters_iot_events": 1, "delivered_firehose": 1}
    assert by_sink([spilled, dead, again]) == expected
    assert by_sink([]) == {}
