"""The settings of the functions that run detectors."""

from dataclasses import dataclass
from typing import ClassVar

from distributary.settings import Settings, within


@dataclass(frozen=True, kw_only=True)
class DetectorChoices(Settings):
    """What the owner of a stage chooses for detectors."""

    prefix: ClassVar[str] = "DETECTORS_"

    min_timer_seconds: int = within(1, 3600, 60)
    """The shortest timer of a detector model; AWS IoT Events took none below 60 s."""


@dataclass(frozen=True, kw_only=True)
class DetectorSettings(DetectorChoices):
    """Where detectors, their messages, actions and wake-ups are."""

    table_name: str
    message_queue_url: str
    message_queue_arn: str
    dead_message_queue_url: str
    action_queue_url: str
    wake_queue_url: str
    """The delay queue of wake-ups up to 15 minutes away; later ones are schedules of the group."""
    schedule_group_name: str
    schedule_role_arn: str
    wake_dead_letter_arn: str
    """The queue of wake-ups that EventBridge Scheduler could not deliver."""
