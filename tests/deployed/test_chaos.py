import pytest
from chaos.__main__ import SHORT_EVENTS, prove
from chaos.scenario import load, shortened

from commands.read_back import s3_envelopes, wait_for


@pytest.fixture
def quiet(settle, stage, since):
    """All that was sent before has landed, so that it is no stranger; what comes after meets no trace of this."""
    event = settle()
    assert event in wait_for([event], lambda: s3_envelopes(stage, since), seconds=60)
    yield
    settle()


@pytest.mark.usefixtures("quiet")
def test_nothing_that_was_accepted_is_lost_in_the_short_form_of_the_matrix(stage, http) -> None:
    """Three scenarios: some records refused, all sinks down, processes killed."""
    verdicts = prove(stage, shortened(load()), SHORT_EVENTS, http.credential)

    assert [verdict.faults for verdict in verdicts] == [[], [], []]
