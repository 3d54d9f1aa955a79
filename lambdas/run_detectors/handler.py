"""`run_detectors`: messages and wake-ups in, detectors stored, actions handed on."""

import json
import os
import secrets
from pathlib import Path

from distributary.bucket import Bucket
from distributary.clients import Clients
from distributary.clock import Clock
from distributary.detectors.actions import ActionQueue
from distributary.detectors.batch import Runner
from distributary.detectors.carried import Models
from distributary.detectors.grave import Grave
from distributary.detectors.limits import Limits
from distributary.detectors.measuring import Measure
from distributary.detectors.pausing import Pauses
from distributary.detectors.running import LONGEST_PAUSE, RunDetectors
from distributary.detectors.store import Store
from distributary.detectors.wakeups import WakeUps
from distributary.settings import Settings
from distributary.telemetry import Lines, lines

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
    Store(clients.make("dynamodb"), settings.detector_table_name),
    ActionQueue(sqs, settings.action_queue_url, Bucket(lambda: clients.make("s3"), settings.bucket_name)),
    WakeUps(settings, sqs, clients.make("scheduler"), clock),
    Grave(sqs, settings.dead_message_queue_url),
    Pauses(sqs, settings.message_queue_url, clock, longest=LONGEST_PAUSE),
    lines(service="run_detectors", level=settings.log_level),
    Measure(batches.write, clock),
)
