"""Asynchronous calls as Lambda makes them: again after an error, and to the destination where errors go on."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.functions import RequestTooLarge, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.functions import Invocation

# Lambda waits a minute, then two (docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
PAUSES = (1.0, 2.0)
THROTTLED_PAUSE = 0.2
LONGEST = 60.0  # seconds for which a busy function is called again; Lambda does so for up to six hours


@dataclass(frozen=True)
class AsynchronousCall:
    """One call; `send` takes the ARN of a queue and a text, `configuration` is the EventInvokeConfig of the alias."""

    run: Callable[[str, bytes], Invocation]
    send: Callable[[str, str], None]
    name: str
    arn: str
    payload: bytes
    configuration: Mapping[str, Any] = field(default_factory=dict)
    sleep: Callable[[float], None] = time.sleep

    def __call__(self) -> None:
        """Returns when the function has taken it, or the destination."""
        retries = int(self.configuration.get("MaximumRetryAttempts", len(PAUSES)))
        answer, condition = self._once(), "RetriesExhausted"
        for pause in PAUSES[:retries]:
            if answer and answer.function_error:
                self.sleep(pause)
                answer = self._once()
        if answer is None:
            condition = "EventAgeExceeded"
        elif not answer.function_error:
            return
        destination = self.configuration.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
        if ":sqs:" in destination:
            self.send(destination, json.dumps(self._record(answer, condition, retries + 1)))

    def _once(self) -> Invocation | None:
        """What came of it; None where the function was busy for too long, or cannot take it at all."""
        waited = 0.0
        while waited < LONGEST:
            try:
                return self.run(self.name, self.payload)
            except TooManyRequests:
                self.sleep(THROTTLED_PAUSE)
                waited += THROTTLED_PAUSE
            except (RequestTooLarge, LookupError):
                break
        return None

    def _record(self, answer: Invocation | None, condition: str, count: int) -> dict[str, Any]:
        """The record for a destination, as Lambda words it."""
        request = {"functionArn": self.arn, "condition": condition, "approximateInvokeCount": count}
        record: dict[str, Any] = {"version": "1.0", "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())}
        record |= {"requestContext": request, "requestPayload": value_of(self.payload)}
        if answer:
            request["requestId"] = answer.request_id
            response = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": answer.function_error}
            record |= {"responseContext": response, "responsePayload": value_of(answer.payload)}
        return record


def value_of(payload: bytes) -> Any:
    """What a payload means; its text where it is no JSON."""
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
