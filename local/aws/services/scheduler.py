"""EventBridge Scheduler that fires: one-time schedules for SQS queues, deleted afterwards where they ask for it.

moto 5.2.5 only keeps schedules: it takes times that are past and names that AWS refuses, and never sends anything.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from moto.core.exceptions import JsonRESTError
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule
from moto.sqs.models import sqs_backends

from local.aws.services import Completed
from local.iam.access import Unchecked
from local.iam.denial import Denied

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.iam.access import Services

NAME = re.compile(r"[0-9a-zA-Z\-_.]{1,64}")  # Scheduler API reference, CreateSchedule
AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


class Scheduler(Completed, EventBridgeSchedulerBackend):
    """moto's service; `fire_due` sends what is due, as the schedule's role allows by `access`."""

    __module__ = EventBridgeSchedulerBackend.__module__  # moto finds a service's URLs by its backend's module

    def __init__(
        self,
        region_name: str,
        account_id: str,
        *,
        clock: Callable[[], float] = time.time,
        access: Services | None = None,
    ) -> None:
        super().__init__(region_name, account_id)
        self.clock = clock
        self.access = access or Unchecked()

    def create_schedule(self, **parameters: Any) -> Schedule:  # type: ignore[override]  # moto calls it by names
        """The schedule; refused, as by AWS, with a bad name, no such group, or a time that is past."""
        if not NAME.fullmatch(parameters["name"]):
            raise ValidationException("Value at 'name' failed to satisfy constraint: [0-9a-zA-Z-_.]+, at most 64")
        if (parameters["group_name"] or "default") not in self.schedule_groups:
            raise ScheduleGroupNotFound(parameters["group_name"])
        at = due(parameters["schedule_expression"], parameters["schedule_expression_timezone"])
        if at is not None and at <= self.clock():
            raise ValidationException("Invalid Schedule Expression: it must be in the future.")
        self.refuse_target(parameters["target"])
        self.refuse_role(parameters["target"]["RoleArn"], parameters["group_name"] or "default")
        try:
            return super().create_schedule(**parameters)
        except JsonRESTError as error:
            if error.error_type == "ConflictException":
                error.code = 409
            raise

    def refuse_target(self, target: dict[str, Any]) -> None:
        """As AWS, a FIFO queue needs a group, and content-based deduplication: Scheduler sends no id."""
        name = target["Arn"].rsplit(":", 1)[-1]
        if ":sqs:" not in target["Arn"] or not name.endswith(".fifo"):
            return
        queue = sqs_backends[self.account_id][self.region_name].queues.get(name)
        if "MessageGroupId" not in target.get("SqsParameters", {}):
            raise ValidationException("SqsParameters with a MessageGroupId are needed for a FIFO queue.")
        if queue is not None and queue.attributes.get("ContentBasedDeduplication") != "true":
            raise ValidationException("The FIFO queue must have content-based deduplication enabled.")

    def refuse_role(self, role: str, group: str) -> None:
        """As AWS, the role must trust Scheduler, on behalf of the schedule's group.

        Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        """
        try:
            source = f"arn:aws:scheduler:{self.region_name}:{self.account_id}:schedule-group/{group}"
            self.access.check_trust("scheduler.amazonaws.com", role, source)
        except Denied as error:
            words = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            raise ValidationException(words) from error

    def fire_due(self) -> None:
        """Sends every schedule that is due to its queue, once, and deletes it where it asks for that."""
        now = self.clock()
        for group in list(self.schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                at = due(schedule.schedule_expression, schedule.schedule_expression_timezone)
                if at is None or at > now or schedule.state != "ENABLED":
                    continue
                schedule.state = "FIRED"
                self.fire(schedule)
                if schedule.action_after_completion == "DELETE":
                    group.schedules.pop(schedule.name, None)

    def fire(self, schedule: Schedule) -> None:
        """Sends a schedule to its target, or to its dead-letter queue where it may not."""
        try:
            self.send(schedule.target)
        except Denied as error:
            print(f"scheduler {schedule.name}: {error}")
            dead = (schedule.target.get("DeadLetterConfig") or {}).get("Arn")
            if dead:
                with contextlib.suppress(Denied):
                    self.send({**schedule.target, "Arn": dead, "SqsParameters": {}})
        except Exception as error:  # noqa: BLE001 - its queue is gone: so is whoever waits for it
            print(f"scheduler {schedule.name}: {type(error).__name__} {error}")

    def send(self, target: dict[str, Any]) -> None:
        """Puts the input into the target queue, as the schedule's role allows. Raises Denied."""
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        queue = target["Arn"].rsplit(":", 1)[-1]
        self.access.check_role(target["RoleArn"], "scheduler", "sqs:SendMessage", target["Arn"])
        body = target.get("Input") or json.dumps({})
        sqs_backends[self.account_id][self.region_name].send_message(queue, body, group_id=group)


def due(expression: str, zone: str | None) -> float | None:
    """When a one-time expression is due, in seconds since 1970; None for any other."""
    found = AT.fullmatch(expression)
    if not found:
        return None
    return datetime.fromisoformat(found[1]).replace(tzinfo=ZoneInfo(zone) if zone else UTC).timestamp()
