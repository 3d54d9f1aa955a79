"""`run_detectors`: a batch of the message queue, each message to its detectors."""

import secrets
from functools import partial

from distributary.functions.start import Start
from distributary.iot_events.limits import Limits
from distributary.iot_events.runtime.action_queue import ActionQueue
from distributary.iot_events.runtime.batch_metrics import BatchMetrics
from distributary.iot_events.runtime.bundled_models import Models
from distributary.iot_events.runtime.dead_letter_queue import DeadLetterQueue
from distributary.iot_events.runtime.detector_run import Runner
from distributary.iot_events.runtime.detector_settings import DetectorSettings
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.message_batch import LONGEST_MESSAGE_PAUSE, RunDetectors
from distributary.iot_events.runtime.retry_delay import RetryDelays
from distributary.iot_events.runtime.wake_ups import WakeUps
from distributary.log import Lines, lines


def build(start: Start) -> RunDetectors:
    """The handler of the function."""
    settings, configuration, clients = start.settings(DetectorSettings), start.configuration, start.clients
    sqs = clients.make("sqs")
    runner = Runner(
        settings.message_queue_arn,
        partial(secrets.token_urlsafe, 6),
        frozenset((one["model"], one.get("key")) for one in configuration["debug"]),
        frozenset(name for name, one in configuration["inputs"].items() if one.get("late") == "drop"),
    )
    limits = Limits(min_timer_seconds=settings.min_timer_seconds)
    return RunDetectors(
        Models(configuration["models"], limits, **configuration["switches"]),
        runner,
        DetectorTable(clients.make("dynamodb"), settings.table_name),
        ActionQueue(sqs, settings.action_queue_url, start.bucket),
        WakeUps(settings, sqs, clients.make("scheduler"), start.clock),
        DeadLetterQueue(sqs, settings.dead_message_queue_url),
        RetryDelays(sqs, settings.message_queue_url, start.clock, longest=LONGEST_MESSAGE_PAUSE),
        lines(service="run_detectors", level=start.stage.log_level),
        BatchMetrics(Lines("run_detectors", start.stage, start.clock).write, start.clock),
    )
