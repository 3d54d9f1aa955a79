"""Wake-ups of detectors with timers: up to 15 minutes through a delay queue, beyond that by EventBridge Scheduler."""

import json
import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from distributary.aws.batching import split
from distributary.aws.call import call
from distributary.aws.queue import MAX_ENTRIES
from distributary.clock import Clock
from distributary.errors import SinkUnavailable
from distributary.iot_events.queue_entry import digest, group_of
from distributary.iot_events.runtime.detector_settings import DetectorSettings
from distributary.iot_events.runtime.queue_record import WakeUp, wake_up_body

MAX_DELAY = 900
"""Seconds: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html"""


class Arming(NamedTuple):
    """A detector that is to be woken, and by which arming."""

    model: str
    key: str | None
    wake_up: WakeUp


class WakeUps:
    """Arms wake-ups; they may come late or for nothing, and never fail to come."""

    def __init__(self, settings: DetectorSettings, sqs: Any, scheduler: Any, clock: Clock) -> None:
        self._settings = settings
        self._sqs = sqs
        self._scheduler = scheduler
        self._clock = clock

    def arm(self, arming: Arming) -> None:
        """Sees to it that the detector is woken when its timer is due. Raises SinkUnavailable."""
        wait = math.ceil(arming.wake_up.due - self._clock.time())
        if wait <= 0:
            self.wake(arming, secrets.token_urlsafe(32))
        elif wait <= MAX_DELAY:
            body = wake_up_body(*arming)
            call(self._sqs.send_message, QueueUrl=self._settings.wake_queue_url, MessageBody=body, DelaySeconds=wait)
        else:
            self._schedule(arming)

    def wake(self, arming: Arming, deduplication_id: str) -> None:
        """Puts the wake-up among the detector's messages. Raises SinkUnavailable."""
        call(
            self._sqs.send_message,
            QueueUrl=self._settings.message_queue_url,
            **_message(arming, deduplication_id),
        )

    def wake_all(self, due: Mapping[str, Arming]) -> list[str]:
        """Puts wake-ups, by the ids of their records, among their detectors' messages; the ids that were not taken."""
        return [
            one for batch in split([*due], MAX_ENTRIES, MAX_ENTRIES, lambda _: 1) for one in self._refused(due, batch)
        ]

    def _refused(self, due: Mapping[str, Arming], batch: Sequence[str]) -> Sequence[str]:
        entries = [{"Id": str(place), **_message(due[one], digest("wake", one))} for place, one in enumerate(batch)]
        try:
            answer = call(self._sqs.send_message_batch, QueueUrl=self._settings.message_queue_url, Entries=entries)
        except SinkUnavailable:
            return batch
        taken = {entry["Id"] for entry in answer.get("Successful", ())}
        return [one for place, one in enumerate(batch) if str(place) not in taken]

    def _schedule(self, arming: Arming) -> None:
        settings, at = self._settings, datetime.fromtimestamp(arming.wake_up.due, UTC)
        target = {
            "Arn": settings.message_queue_arn,
            "RoleArn": settings.schedule_role_arn,
            "Input": wake_up_body(*arming),
            "SqsParameters": {"MessageGroupId": group_of(arming.model, arming.key)},
            "DeadLetterConfig": {"Arn": settings.wake_dead_letter_arn},
        }
        try:
            call(
                self._scheduler.create_schedule,
                Name=schedule_name(arming),
                GroupName=settings.schedule_group_name,
                ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target=target,
                ClientToken=schedule_name(arming),
            )
        except SinkUnavailable as error:
            if error.code != "ConflictException":
                raise


def _message(arming: Arming, deduplication_id: str) -> dict[str, str]:
    """The message that wakes, as SQS takes it."""
    return {
        "MessageBody": wake_up_body(*arming),
        "MessageGroupId": group_of(arming.model, arming.key),
        "MessageDeduplicationId": deduplication_id,
    }


def schedule_name(arming: Arming) -> str:
    """The name of the schedule, the same whenever the same arming is scheduled again; 54 of the 64 characters."""
    version, created, token, due = arming.wake_up
    return f"{digest(arming.model, version, arming.key or '', str(created), token)}-{due}"


def woken(body: str) -> Arming:
    """The arming that a message of the delay queue is of."""
    members = json.loads(body)
    return Arming(members["model"], members["key"], WakeUp(**members["wakeUp"]))


def waker(wake_ups: WakeUps) -> Callable[[Mapping[str, Any], object], dict[str, Any]]:
    """A Lambda handler that puts each record of the delay queue among its detector's messages, ten in a call.

    A record that comes twice wakes once: its own id is the deduplication id. One that was not taken comes again.
    """

    def handle(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
        due = {record["messageId"]: woken(record["body"]) for record in event["Records"]}
        return {"batchItemFailures": [{"itemIdentifier": one} for one in wake_ups.wake_all(due)]}

    return handle
