"""`take_messages`: what topic rules of IoT Core select in, messages to inputs out."""

import json
import os
from pathlib import Path

from distributary.aws.bucket import Bucket
from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.delivery.dead_letters import DeadLetters
from distributary.delivery.retry_queue import RetryQueue
from distributary.delivery.storing import StoringDelivery
from distributary.functions.take_messages import TakeMessages
from distributary.ingest.rules import Rules
from distributary.iot_events.routing import Readers
from distributary.log import Lines
from distributary.settings import Settings
from distributary.sinks.iot_events import IotEventsSink, provider

settings = Settings.from_env(os.environ)
configuration = json.loads(Path(__file__).with_name("configuration.json").read_bytes())
clock, clients = Clock(), Clients()
inputs = Rules.from_tables(configuration["rules"], configuration["inputs"]).inputs
bucket = Bucket(lambda: clients.make("s3"), settings.bucket_name)
custody = StoringDelivery(
    RetryQueue(clients.make("sqs"), settings.spill_urls, bucket, clock), DeadLetters(bucket, clock), clock
)
handle = TakeMessages(
    configuration["iot_rules"],
    IotEventsSink(provider(settings, inputs, Readers(configuration["readers"]), clients, clock)),
    custody,
    Lines(service="take_messages", level=settings.log_level, stage=settings.stage, clock=clock),
    clock,
    retry_seconds=settings.retry_seconds,
)
