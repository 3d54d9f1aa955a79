"""`run_detectors`: messages and wake-ups in, detectors stored, actions handed on."""

import json
import os
import secrets
from pathlib import Path

from distributary.aws.bucket import Bucket
from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.iot_events.limits import Limits
from distributary.iot_events.runtime.action_queue import ActionQueue
from distributary.iot_events.runtime.batch_metrics import BatchMetrics
from distributary.iot_events.runtime.bundled_models import Models
from distributary.iot_events.runtime.dead_letter_queue import DeadLetterQueue
from distributary.iot_events.runtime.detector_run import Runner
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.message_batch import LONGEST_MESSAGE_PAUSE, RunDetectors
from distributary.iot_events.runtime.retry_delay import RetryDelays
from distributary.iot_events.runtime.wake_ups import WakeUps
from distributary.log import Lines, lines
from distributary.settings import Settings

settings = Settings.from_env(os.environ)
configuration = json.loads(Path(__file__).with_name("configuration.json").read_bytes())
clock, clients = Clock(), Clients()
sqs = clients.make("sqs")
runner = Runner(
    settings.message_queue_arn,
    lambda: secrets.token_urlsafe(6),
    frozenset((one["model"], one.get("key")) for one in configuration["debug"]),
    frozenset(name for name, one in configuration["inputs"].items() if one.get("late") == "drop"),
)
batches = Lines(service="run_detectors", level=settings.log_level, stage=settings.stage, clock=clock)
handle = RunDetectors(
    Models(configuration["models"], Limits(min_timer_seconds=settings.min_timer_seconds), **configuration["switches"]),
    runner,
    DetectorTable(clients.make("dynamodb"), settings.detector_table_name),
    ActionQueue(sqs, settings.action_queue_url, Bucket(lambda: clients.make("s3"), settings.bucket_name)),
    WakeUps(settings, sqs, clients.make("scheduler"), clock),
    DeadLetterQueue(sqs, settings.dead_message_queue_url),
    RetryDelays(sqs, settings.message_queue_url, clock, longest=LONGEST_MESSAGE_PAUSE),
    lines(service="run_detectors", level=settings.log_level),
    BatchMetrics(batches.write, clock),
)
