from soak.report import Minute, slowed_down, table

FIRST = Minute(60, 24_000, {"retry": 0, "messages": 12}, {"stack": 440})
LAST = Minute(60, 21_000, {"retry": 3, "messages": 900}, {"stack": 460, "largest function": 60})


def test_a_row_a_minute():
    """Pace, what waits and memory; a process that came later has a column from the beginning."""
    rows = [line.split() for line in table([FIRST, LAST]).splitlines()]

    assert rows[2] == ["1", "400", "0", "12", "440"]
    assert rows[3] == ["2", "350", "3", "900", "60", "460"]


def test_a_stack_that_slows_down_fails():
    """Nine tenths of the first minute's pace are asked for."""
    assert slowed_down([FIRST, LAST]) == "the last minute had 88% of the first one's pace"
    assert slowed_down([FIRST, Minute(60, 21_600, {}, {})]) == ""
    assert slowed_down([FIRST]) == ""
