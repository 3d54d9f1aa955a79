from fake_clock import FakeClock

from distributary.iot_events.runtime.batch_metrics import BatchMetrics

NOW = 1_700_000_000


def measured(*due: int) -> dict:
    """The line of a batch of three records with these wake-ups."""
    lines = []
    measure = BatchMetrics(lambda text, line: lines.append((text, line)), FakeClock(since_1970=NOW).clock)
    measure.batch(records=3, left=1, stepped=2, due=due)
    [(text, line)] = lines
    assert text == "batch"
    return line


def test_a_batch_has_one_line_with_its_counts() -> None:
    """Records, those that come again, and the detectors that took a step."""
    assert measured() == {"records": 3, "records_left": 1, "detectors_stepped": 2}


def test_the_latest_wake_up_counts() -> None:
    """In seconds after it was due; one that came early by the clocks of two machines was in time."""
    assert measured(NOW - 90, NOW - 2)["timers_late_seconds"] == 90
    assert measured(NOW + 1)["timers_late_seconds"] == 0
