"""`redrive`: a batch of a retry queue's messages in, those that stay in their queue out."""

from collections.abc import Mapping
from typing import Any

from distributary.clock import Clock
from distributary.delivery.dead_letters import DeadLetters
from distributary.delivery.redrive import Redrive, RedriveSettings, Tally
from distributary.delivery.retry_messages import RetryMessages
from distributary.functions.sink_context import sink_context
from distributary.functions.stage_sinks import sink_settings, stage_sinks
from distributary.functions.start import Start
from distributary.functions.storing import retry_queue
from distributary.http.request import Context
from distributary.http.request_log import Handler
from distributary.log import Lines
from distributary.sinks import registry
from distributary.sinks.registry import KINDS


def build(start: Start) -> Handler:
    """The handler of the function."""
    settings, clock = sink_settings(start), start.clock
    queues = RetryMessages(
        start.clients.make("sqs"),
        {name: one.retry_queue_url for name, one in settings.items()},
        {name: one.dead_letter_queue_url for name, one in settings.items()},
    )
    redrive = Redrive(
        start.settings(RedriveSettings),
        stage_sinks(start, sink_context(start)),
        retry_queue=retry_queue(start),
        queues=queues,
        dead_letters=DeadLetters(start.bucket, clock),
        clock=clock,
    )
    lines = Lines("redrive", start.stage, clock, units=registry.EVERY_UNIT)
    return redrive_handler(redrive, queues, lines, clock)


def redrive_handler(redrive: Redrive, queues: RetryMessages, lines: Lines, clock: Clock) -> Handler:
    """A Lambda handler that redrives batches, answers with partial batch responses, and writes a line for each batch.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
    """

    def handle(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        began = clock.monotonic()
        messages = queues.read(event)
        left, tally = redrive.take(messages, context.get_remaining_time_in_millis() / 1000)
        line = {
            "function_request_id": context.aws_request_id,
            "messages": len(messages),
            "messages_left": len(left),
            "milliseconds": round((clock.monotonic() - began) * 1000, 1),
            **counts(tally, clock.time()),
        }
        lines.write("batch", line)
        return {"batchItemFailures": [{"itemIdentifier": one} for one in left]}

    return handle


def counts(tally: Tally, now: float) -> dict[str, float]:
    """The tally by the names of its metrics; the oldest as its age in seconds."""
    return {
        **{KINDS[sink].metrics.redriven: count for sink, count in tally.redriven.items()},
        **{KINDS[sink].metrics.pending: count for sink, count in tally.waiting.items()},
        **{KINDS[sink].metrics.dead_letters: count for sink, count in tally.dead.items()},
        **{KINDS[sink].metrics.oldest_pending: round(now - first, 1) for sink, first in tally.oldest.items()},
    }
