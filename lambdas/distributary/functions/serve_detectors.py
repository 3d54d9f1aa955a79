"""`serve_detectors`: the detectors API."""

import secrets
from functools import partial

from distributary.access.key_store import KeyStore
from distributary.access.quota import Quotas
from distributary.functions.start import Start
from distributary.http.auth.guard import Guard
from distributary.http.iot_events_api.detectors import DetectorsEndpoint
from distributary.http.request_log import Handler, request_logged
from distributary.http.router import Known, Router
from distributary.iot_events.limits import AWS_LIMITS
from distributary.iot_events.runtime.bundled_models import Models
from distributary.iot_events.runtime.detector_settings import DetectorSettings
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.management import Detectors
from distributary.iot_events.runtime.wake_ups import WakeUps


def build(start: Start, keys: KeyStore | None) -> Handler:
    """The handler of the function; no `keys` where the stage is open to all."""
    settings, clients, clock = start.settings(DetectorSettings), start.clients, start.clock
    detectors = Detectors(
        Models(start.configuration["models"], AWS_LIMITS),
        DetectorTable(clients.make("dynamodb"), settings.table_name),
        WakeUps(settings, clients.make("sqs"), clients.make("scheduler"), clock),
        clock,
        partial(secrets.token_urlsafe, 6),
    )
    api = DetectorsEndpoint(detectors, clock, min_timer_seconds=settings.min_timer_seconds)
    protect = Guard(keys, Quotas(clock), clock).protect
    endpoints = {
        Known("GET", "/detectors/{model}"): protect(api.list, "iot_events", "detectors:read"),
        Known("GET", "/detectors/{model}/{rest+}"): protect(api.describe, "iot_events", "detectors:read"),
        Known("POST", "/detectors"): protect(api.update, "iot_events", "detectors:manage"),
        Known("POST", "/detectors/delete"): protect(api.delete, "iot_events", "detectors:manage"),
    }
    answer = Router([*endpoints], endpoints).answer
    return request_logged(answer, start.stage, service="serve_detectors", clock=clock)
