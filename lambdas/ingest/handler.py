"""`ingest`: events, the AWS wire and BatchPutMessage in, receipts out."""

import gc
import json
import os
from functools import partial
from pathlib import Path

from distributary.access.key import Claims
from distributary.access.key_store import key_store
from distributary.access.quota import Quotas
from distributary.aws.bucket import Bucket
from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.delivery.claim_check import ClaimCheck
from distributary.delivery.dead_letters import DeadLetters
from distributary.delivery.retry_queue import RETRY_CONNECTIONS, RetryQueue
from distributary.delivery.storing import StoringDelivery
from distributary.http.auth.guard import Guard
from distributary.http.aws_api.endpoint import AwsEndpoint
from distributary.http.events_api.endpoint import EventsEndpoint
from distributary.http.iot_events_api.messages import MessagesEndpoint
from distributary.http.request_log import request_logged
from distributary.http.router import Known, Router
from distributary.http.welcome import welcome
from distributary.ingest.fan_out import FanOut, Sinks
from distributary.ingest.rules import Rules
from distributary.iot_events.routing import Readers
from distributary.log import lines
from distributary.settings import Settings
from distributary.sinks.firehose import FirehoseSink
from distributary.sinks.iot_events import IotEventsSink, provider
from distributary.sinks.kinesis import KinesisSink

gc.disable()  # nothing that is made here ever goes: looking for it took 35 ms of a cold start
settings = Settings.from_env(os.environ)
configuration = json.loads(Path(__file__).with_name("configuration.json").read_bytes())
clock, clients = Clock(), Clients()
rules = Rules.from_tables(configuration["rules"], configuration["inputs"])
firehose = FirehoseSink(clients.make("firehose"), settings.delivery_stream_name)
kinesis = KinesisSink(clients.make("kinesis"), settings.stream_name, settings.max_record_kib * 1024)
readers = Readers(configuration["readers"]) if settings.iot_events_provider == "stack" else None
line = lines(service="ingest", level=settings.log_level)
note = partial(line, "WARNING")
iot_events = IotEventsSink(provider(settings, rules.inputs, readers or Readers(()), clients, clock, note=note))
sinks: Sinks = {"firehose": firehose, "kinesis": kinesis, "iot_events": iot_events}
bucket = Bucket(lambda: clients.make("s3"), settings.bucket_name)
spill = RetryQueue(clients.make("sqs", connections=RETRY_CONNECTIONS), settings.spill_urls, bucket, clock)
custody = StoringDelivery(spill, DeadLetters(bucket, clock), clock)
fan_out = FanOut(settings, rules, sinks, custody=custody, claim_check=ClaimCheck(bucket, clock), readers=readers)
events = EventsEndpoint(settings, clock, fan_out)
messages = MessagesEndpoint(settings, iot_events, clock)
guard = Guard(
    key_store(settings, clients, clock),
    Quotas(clock),
    clock,
    Claims(settings.jwt_source_claim, settings.jwt_sinks_claim),
)
doors = {
    Known("POST", "/v1/events"): guard.protect(events.answer, "events"),
    Known("POST", "/"): guard.protect(AwsEndpoint(settings, firehose, kinesis, clock).answer, "aws"),
    Known("POST", "/inputs/messages"): guard.protect(messages.answer, "iot_events"),
    Known("GET", "/"): welcome(settings),
}
router = Router([Known(route["method"], route["path"]) for route in configuration["routes"]], doors)
handle = request_logged(
    router.answer,
    service="ingest",
    level=settings.log_level,
    clock=clock,
    stage=settings.stage,
    sample=settings.log_sample,
)
gc.freeze()
gc.enable()
