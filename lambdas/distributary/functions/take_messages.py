"""`take_messages`: messages of a topic rule of IoT Core are stored, or an error makes Lambda try again."""

from collections.abc import Mapping, Sequence
from typing import Any

from distributary.aws import timeouts
from distributary.clock import Clock
from distributary.delivery.delivery import deadline
from distributary.delivery.storing import DEAD_LETTERED, RETRY_QUEUED, DeliverySettings, StoringDelivery
from distributary.errors import SinkUnavailable
from distributary.events import Failure, Outcome
from distributary.functions.sink_context import sink_context
from distributary.functions.start import Start
from distributary.functions.storing import storing_delivery
from distributary.http.request import Context
from distributary.iot_events.message import INVALID_REQUEST, LONGEST_MESSAGE_ID, MESSAGE_ID, Message
from distributary.iot_events.topic_rule import parts
from distributary.log import Lines
from distributary.metrics import UNITS
from distributary.sinks import iot_events
from distributary.sinks.iot_events import IotEventsSettings, IotEventsSink, open_sink


def build(start: Start) -> "TakeMessages":
    """The handler of the function."""
    units = {**UNITS, **iot_events.KIND.metrics.units}
    return TakeMessages(
        start.configuration["iot_rules"],
        open_sink(start.settings(IotEventsSettings), sink_context(start)),
        storing_delivery(start),
        Lines("take_messages", start.stage, start.clock, units=units),
        start.clock,
        retry_seconds=start.settings(DeliverySettings).retry_seconds,
    )


class TakeMessages:
    """Handles what topic rules hand over; `rules` has by their names the `input` and whether `batch`."""

    def __init__(
        self,
        rules: Mapping[str, Mapping[str, Any]],
        sink: IotEventsSink,
        delivery: StoringDelivery,
        lines: Lines,
        clock: Clock,
        *,
        retry_seconds: float,
    ) -> None:
        self._rules = rules
        self._sink = sink
        self._delivery = delivery
        self._lines = lines
        self._clock = clock
        self._retry_seconds = retry_seconds

    def __call__(self, event: Any, context: Context) -> None:
        """Keeps every message: at its detectors, in the retry queue, or as a dead letter with the reason.

        Raises SinkUnavailable where one is nowhere, LookupError for who calls under no rule's name: Lambda tries again,
        and then puts the event into the error queue.
        """
        _, _, name = context.invoked_function_arn.rpartition(":")
        rule = self._rules[name]
        messages = [
            Message(one.message_id, rule["input"], one.payload, caller=f"iot-rule:{name}")
            for one in parts(event, batch=rule["batch"], request_id=context.aws_request_id)
        ]
        outcomes = self._keep(messages, context.get_remaining_time_in_millis() / 1000)
        lost = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        line = {"rule": name, "received": len(messages), "failed": len(lost), **_counts(outcomes)}
        self._lines.write("rule", {"function_request_id": context.aws_request_id, **line})
        if lost:
            raise SinkUnavailable(lost[0].code, f"rule {name}: {lost[0].detail}", retryable=True)

    def _keep(self, messages: Sequence[Message], remaining: float) -> list[Outcome]:
        """What became of each message, in no order."""
        end = deadline(remaining=remaining, retry_seconds=self._retry_seconds, clock=self._clock)
        faults = [self._fault(message) for message in messages]
        good = [message for message, fault in zip(messages, faults, strict=True) if not fault]
        outcomes = self._delivery.deliver(self._sink, good, deadline=end)
        if found := [fault for fault in faults if fault]:
            bad = [message for message, fault in zip(messages, faults, strict=True) if fault]
            dead = self._delivery.dead_letter(self._sink.name, bad, found, until=end + timeouts.KEEPING)
            outcomes += [dead] * len(bad)
        return outcomes

    def _fault(self, message: Message) -> Failure | None:
        """What is wrong with a message that nobody needs to be asked about."""
        detail = ""
        if not MESSAGE_ID.fullmatch(message.message_id) or len(message.message_id) > LONGEST_MESSAGE_ID:
            detail = f"the messageId is not {MESSAGE_ID.pattern} of at most {LONGEST_MESSAGE_ID}"
        elif len(message.payload) > self._sink.max_record_bytes:
            detail = f"the payload is over {self._sink.max_record_bytes} bytes"
        return Failure(INVALID_REQUEST, detail, retryable=False, permanent=True) if detail else None


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """The counts of records in the retry queue and of dead letters, by metric; a count of 0 is left out."""
    metrics = iot_events.KIND.metrics
    counts = {metrics.retry_queued: outcomes.count(RETRY_QUEUED), metrics.dead_letters: outcomes.count(DEAD_LETTERED)}
    return {name: count for name, count in counts.items() if count}
