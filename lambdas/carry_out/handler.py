"""`carry_out`: actions in, each done at its target."""

import json
import os
from pathlib import Path

from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.ingest.rules import Rules
from distributary.iot_events.routing import Readers
from distributary.iot_events.runtime.action_batch import LONGEST_ACTION_PAUSE, RunActions
from distributary.iot_events.runtime.action_targets import Targets
from distributary.iot_events.runtime.retry_delay import RetryDelays
from distributary.log import lines
from distributary.settings import Settings
from distributary.sinks.iot_events import provider

settings = Settings.from_env(os.environ)
configuration = json.loads(Path(__file__).with_name("configuration.json").read_bytes())
clock, clients = Clock(), Clients()
inputs = Rules.from_tables(configuration["rules"], configuration["inputs"]).inputs
targets = Targets(clients, provider(settings, inputs, Readers(configuration["readers"]), clients, clock))
pauses = RetryDelays(clients.make("sqs"), settings.action_queue_url, clock, longest=LONGEST_ACTION_PAUSE)
handle = RunActions(targets, pauses, lines(service="carry_out", level=settings.log_level))
