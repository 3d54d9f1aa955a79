"""`redrive`: what was spilled, to its sinks."""

import json
import os
from pathlib import Path

from distributary.aws.bucket import Bucket
from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.delivery.dead_letters import DeadLetters
from distributary.delivery.redrive import Redrive
from distributary.delivery.retry_messages import RetryMessages
from distributary.delivery.retry_queue import RETRY_CONNECTIONS, RetryQueue
from distributary.functions.redrive import redrive_handler
from distributary.ingest.fan_out import Sinks
from distributary.ingest.rules import Rules
from distributary.iot_events.routing import Readers
from distributary.log import Lines
from distributary.settings import Settings
from distributary.sinks.firehose import FirehoseSink
from distributary.sinks.iot_events import IotEventsSink, provider
from distributary.sinks.kinesis import KinesisSink

settings = Settings.from_env(os.environ)
configuration = json.loads(Path(__file__).with_name("configuration.json").read_bytes())
clock, clients = Clock(), Clients()
rules = Rules.from_tables(configuration["rules"], configuration["inputs"])
sqs = clients.make("sqs", connections=RETRY_CONNECTIONS)
bucket = Bucket(lambda: clients.make("s3"), settings.bucket_name)
readers = Readers(configuration["readers"])
sinks: Sinks = {
    "firehose": FirehoseSink(clients.make("firehose"), settings.delivery_stream_name),
    "kinesis": KinesisSink(clients.make("kinesis"), settings.stream_name, settings.max_record_kib * 1024),
    "iot_events": IotEventsSink(provider(settings, rules.inputs, readers, clients, clock)),
}
queues = RetryMessages(sqs, settings.spill_urls, settings.set_aside_urls)
spill = RetryQueue(sqs, settings.spill_urls, bucket, clock)
lines = Lines(service="redrive", level=settings.log_level, stage=settings.stage, clock=clock)
redrive = Redrive(settings, sinks, spill=spill, queues=queues, dead_letters=DeadLetters(bucket, clock), clock=clock)
handle = redrive_handler(redrive, queues, lines, clock)
