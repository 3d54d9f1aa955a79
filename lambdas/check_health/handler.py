"""`check_health`: whether the sinks are there, asked by anyone, looked at seldom."""

import os

from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.http.health import Health
from distributary.http.request_log import request_logged
from distributary.http.router import Known, Router
from distributary.settings import Settings
from distributary.sinks.firehose import FirehoseSink
from distributary.sinks.kinesis import KinesisSink
from distributary.sinks.state import delivery_stream_takes, queue_is_there, stream_takes

settings = Settings.from_env(os.environ)
clients = Clients()
checks = {
    "firehose": delivery_stream_takes(FirehoseSink(clients.make("firehose"), settings.delivery_stream_name)),
    "kinesis": stream_takes(KinesisSink(clients.make("kinesis"), settings.stream_name)),
}
sqs = clients.make("sqs")
if settings.message_queue_url:
    checks["iot_events"] = queue_is_there(sqs, settings.message_queue_url)
checks |= {f"{sink}_spill": queue_is_there(sqs, url) for sink, url in settings.spill_urls.items()}
route = Known("GET", "/v1/health")
router = Router([route], {route: Health(checks, Clock()).answer})
level, sample = settings.log_level, settings.log_sample
handle = request_logged(router.answer, service="check_health", level=level, clock=Clock(), sample=sample)
