import pytest

from commands import front_checks
from commands.post import Answer


@pytest.mark.parametrize(
    ("statuses", "status", "left"),
    [([200, 500], 200, 1), ([429, 429, 200], 200, 0), ([503, 200], 503, 1), ([429] * 6, 429, 1)],
    ids=["at once", "once others are done", "what is down is not asked again", "not for ever"],
)
def test_health_is_asked_again_while_others_ask(monkeypatch, statuses, status, left):
    """Its route lets one request a second in, whoever sends it."""
    answers = list(statuses)
    monkeypatch.setattr(front_checks, "HEALTH_PAUSE_SECONDS", 0)
    monkeypatch.setattr(front_checks, "_get", lambda *_: Answer(answers.pop(0), {}, b""))

    assert front_checks._health(None, "GET") == status
    assert len(answers) == left
