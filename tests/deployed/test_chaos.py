import json
import time
import uuid

import pytest

from commands.chaos.__main__ import SHORT_EVENTS, prove
from commands.chaos.orders import Orders
from commands.chaos.scenario import load, shortened
from commands.post import Answer
from commands.read_back import s3_envelopes, wait_for

PATIENCE_SECONDS = 60


@pytest.fixture
def settled(http, stage, since):
    """Makes the stage quiet: no sink is left alone, nothing waits to be delivered, all that was sent has landed."""

    def settle() -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while Orders(stage).waiting() or (answer := post(http)).status != 202 or b"spilled" in answer.body:
            assert time.monotonic() < deadline, "something still waits"
            time.sleep(0.2)
        [event] = json.loads(answer.body)["events"]
        assert event["id"] in wait_for([event["id"]], lambda: s3_envelopes(stage, since), seconds=PATIENCE_SECONDS)

    settle()
    yield
    settle()


def post(http) -> Answer:
    """The answer to one event."""
    return http("POST", "/v1/events", b'{"a":1}', content_type="application/json", idempotency_key=uuid.uuid4().hex)


@pytest.mark.usefixtures("settled")
def test_nothing_that_was_accepted_is_lost_in_the_short_form_of_the_matrix(stage, http) -> None:
    """Three scenarios: some records refused, all sinks down, processes killed."""
    verdicts = prove(stage, shortened(load()), SHORT_EVENTS, http.credential)

    assert [verdict.faults for verdict in verdicts] == [[], [], []]
