"""`serve_detectors`: the Data API's operations on detectors."""

import json
import os
import secrets
from functools import partial
from pathlib import Path

from distributary.access.key_store import key_store
from distributary.access.quota import Quotas
from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.http.auth.guard import Guard
from distributary.http.iot_events_api.detectors import DetectorsEndpoint
from distributary.http.request_log import request_logged
from distributary.http.router import Known, Router
from distributary.iot_events.limits import AWS_LIMITS
from distributary.iot_events.runtime.bundled_models import Models
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.management import Detectors
from distributary.iot_events.runtime.wake_ups import WakeUps
from distributary.settings import Settings

settings = Settings.from_env(os.environ)
configuration = json.loads(Path(__file__).with_name("configuration.json").read_bytes())
clock, clients = Clock(), Clients()
detectors = Detectors(
    Models(configuration["models"], AWS_LIMITS),
    DetectorTable(clients.make("dynamodb"), settings.detector_table_name),
    WakeUps(settings, clients.make("sqs"), clients.make("scheduler"), clock),
    clock,
    partial(secrets.token_urlsafe, 6),
)
door = DetectorsEndpoint(detectors, clock, min_timer_seconds=settings.min_timer_seconds)
guard = Guard(key_store(settings, clients, clock), Quotas(clock), clock)
doors = {
    Known("GET", "/detectors/{model}"): guard.protect(door.list, "iot_events", "detectors:read"),
    Known("GET", "/detectors/{model}/{rest+}"): guard.protect(door.describe, "iot_events", "detectors:read"),
    Known("POST", "/detectors"): guard.protect(door.update, "iot_events", "detectors:manage"),
    Known("POST", "/detectors/delete"): guard.protect(door.delete, "iot_events", "detectors:manage"),
}
route = Router([*doors], doors).answer
handle = request_logged(
    route,
    service="serve_detectors",
    level=settings.log_level,
    clock=clock,
    stage=settings.stage,
    sample=settings.log_sample,
)
