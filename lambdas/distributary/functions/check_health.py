"""`check_health`: `GET` and `HEAD /v1/health`, with a check of each sink and of its retry queue."""

from functools import partial

from distributary.aws.queue import check_queue
from distributary.functions.sink_context import sink_context
from distributary.functions.stage_sinks import sink_settings, stage_sinks
from distributary.functions.start import Start
from distributary.http.health import Check, Health
from distributary.http.request_log import Handler, request_logged
from distributary.http.router import Known, Router


def build(start: Start) -> Handler:
    """The handler of the function."""
    sqs = start.clients.make("sqs")
    checks: dict[str, Check] = {name: sink.check for name, sink in stage_sinks(start, sink_context(start)).items()}
    checks |= {
        f"{name}_spill": partial(check_queue, sqs, settings.retry_queue_url)
        for name, settings in sink_settings(start).items()
    }
    health = Health(checks, start.clock)
    routes = {Known("GET", "/v1/health"): health.answer, Known("HEAD", "/v1/health"): health.head}
    router = Router([*routes], routes)
    return request_logged(router.answer, start.stage, service="check_health", clock=start.clock)
