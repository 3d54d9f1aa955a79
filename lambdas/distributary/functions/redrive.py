"""The redrive function's side of Lambda: a batch of queue messages in, those that stay in their queue out."""

from collections.abc import Mapping
from typing import Any

from distributary.clock import Clock
from distributary.delivery.redrive import Redrive, Tally
from distributary.delivery.retry_messages import RetryMessages
from distributary.http.request import Context
from distributary.http.request_log import Handler
from distributary.log import Lines
from distributary.metrics import DEAD_LETTERS, OLDEST, REDRIVEN, WAITING


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
        **{REDRIVEN[sink]: count for sink, count in tally.redriven.items()},
        **{WAITING[sink]: count for sink, count in tally.waiting.items()},
        **{DEAD_LETTERS[sink]: count for sink, count in tally.dead.items()},
        **{OLDEST[sink]: round(now - first, 1) for sink, first in tally.oldest.items()},
    }
