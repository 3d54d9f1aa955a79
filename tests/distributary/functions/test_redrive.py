import json

from fake_clock import FakeClock
from fake_keeping import URLS, Keeping
from fake_queue import SET_ASIDE_URLS, sqs_record

from distributary.delivery.redrive import Tally
from distributary.delivery.retry_messages import RetryMessages
from distributary.functions.redrive import redrive_handler
from distributary.log import Lines
from distributary.settings import StageSettings
from distributary.sinks.registry import EVERY_UNIT


class Context:
    """What Lambda says."""

    aws_request_id = "function-request"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


class FakeRedrive:
    """Leaves the messages whose body says so."""

    def take(self, messages, remaining):
        assert remaining == 29.0
        tally = Tally()
        tally.redriven["kinesis"] = 3
        tally.waiting["firehose"] = 2
        tally.dead["iot_events"] = 1
        tally.oldest["firehose"] = 1_700_000_000.0 - 60
        return [message.id for message in messages if message.body == "stay"], tally


def handler(service: str):
    """The function's handler."""
    clock = FakeClock().clock
    queues = RetryMessages(Keeping(clock).sqs, URLS, SET_ASIDE_URLS)
    lines = Lines(service, StageSettings(stage="test"), clock, units=EVERY_UNIT)
    return redrive_handler(FakeRedrive(), queues, lines, clock)


def event(**bodies: str) -> dict:
    """A batch of the Kinesis queue, by message id."""
    return {
        "Records": [sqs_record(URLS["kinesis"], body, message_id=name, receives=1) for name, body in bodies.items()]
    }


def test_what_stays_is_named() -> None:
    """The answer is Lambda's partial batch response."""
    handle = handler("t-answer")
    assert handle(event(a="stay", b="go", c="stay"), Context()) == {
        "batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]
    }
    assert handle(event(b="go"), Context()) == {"batchItemFailures": []}


def test_a_batch_has_one_line_with_its_counts(capsys) -> None:
    """What was redriven, what waits, what is dead and the age of the oldest, each by sink and as a metric."""
    handler("t-line")(event(a="stay", b="go"), Context())
    [line] = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    metrics = {one["Name"] for one in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}

    assert (line["messages"], line["messages_left"], line["function_request_id"]) == (2, 1, "function-request")
    counts = {"redriven_kinesis": 3, "waiting_firehose": 2, "dead_letters_iot_events": 1}
    assert counts.items() <= line.items()
    assert line["oldest_spilled_seconds_firehose"] == 60.0
    assert metrics == {*counts, "oldest_spilled_seconds_firehose"}
