from datetime import UTC, datetime

import pytest

from commands.letters import Choice

LETTER = {"sink": "kinesis", "reason": "TooOld", "last": "2026-11-22T12:00:00.000Z"}


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        (Choice(), True),
        (Choice(sink="kinesis", reason="TooOld"), True),
        (Choice(sink="firehose"), False),
        (Choice(reason="AccessDenied"), False),
        (Choice(since=datetime(2026, 11, 22, 12, tzinfo=UTC)), True),
        (Choice(until=datetime(2026, 11, 22, 12, tzinfo=UTC)), False),
        (Choice(since=datetime(2026, 11, 22, 12, 1, tzinfo=UTC)), False),
    ],
)
def test_letters_are_chosen_by_sink_reason_and_time(choice: Choice, taken: bool) -> None:
    """Each filter holds; the time is that of the last attempt, from `since` until before `until`."""
    assert choice.takes(LETTER) is taken
