import json

import pytest
from fake_clock import FakeClock
from fake_keeping import Keeping

from distributary.delivery.dead_letters import DeadLetter
from distributary.errors import SinkUnavailable

LETTER = DeadLetter("kinesis", "AccessDenied", "no", 3, 1_700_000_000.0, 1_700_000_060.5, {"data": "ü"})


def test_letters_are_lines_of_one_object() -> None:
    """A write is one object under its sink and day; each line has the record, the reason, the attempts, the times."""
    keeping = Keeping(FakeClock().clock)
    keeping.dead_letters.write([LETTER, LETTER])
    [(key, content)] = keeping.objects.items()
    lines = content.splitlines()

    assert key.startswith("dead-letters/kinesis/2023/11/14/2023-11-14T22:13:20.000Z-")
    assert len(lines) == 2
    assert json.loads(lines[0]) == {
        "sink": "kinesis",
        "reason": "AccessDenied",
        "detail": "no",
        "attempts": 3,
        "first": "2023-11-14T22:13:20.000Z",
        "last": "2023-11-14T22:14:20.500Z",
        "record": {"data": "ü"},
    }


def test_two_writes_are_two_objects() -> None:
    """Nothing is written over, also within one millisecond."""
    keeping = Keeping(FakeClock().clock)
    for _ in range(3):
        keeping.dead_letters.write([LETTER])

    assert len(keeping.objects) == 3


def test_a_bucket_that_is_down_is_said() -> None:
    """What is not stored raises."""
    keeping = Keeping(FakeClock().clock)
    keeping.bucket_is_down = True

    with pytest.raises(SinkUnavailable):
        keeping.dead_letters.write([LETTER])
