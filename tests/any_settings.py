"""Every part of the settings that functions read, with values that stand for nothing."""

from typing import Any

from distributary.access.key_store import KeySettings
from distributary.aws.bucket import BucketSettings
from distributary.delivery.redrive import RedriveSettings
from distributary.delivery.storing import DeliverySettings
from distributary.http.aws_api.endpoint import AwsApiSettings
from distributary.http.events_api.kept import HttpSettings
from distributary.ingest.envelope import EventSettings
from distributary.iot_events.runtime.detector_settings import DetectorSettings
from distributary.settings import Settings, StageSettings
from distributary.sinks.firehose import FirehoseSettings
from distributary.sinks.iot_events import IotEventsSettings
from distributary.sinks.kinesis import KinesisSettings


def any_settings(queues: str = "https://q.example", **keys: Any) -> list[Settings]:
    """The parts; `queues` begins the URL of each queue, `keys` are the members of KeySettings."""

    def urls(sink: str) -> dict[str, str]:
        return {"retry_queue_url": f"{queues}/{sink}-spill", "dead_letter_queue_url": f"{queues}/{sink}-set_aside"}

    return [
        StageSettings(stage="test"),
        KeySettings(**keys),
        EventSettings(),
        HttpSettings(),
        DeliverySettings(),
        AwsApiSettings(),
        BucketSettings(bucket_name="bucket"),
        RedriveSettings(),
        FirehoseSettings(delivery_stream_name="d", **urls("firehose")),
        KinesisSettings(stream_name="s", **urls("kinesis")),
        IotEventsSettings(message_queue_url=f"{queues}/messages.fifo", **urls("iot_events")),
        DetectorSettings(
            table_name="detectors",
            message_queue_url=f"{queues}/messages.fifo",
            message_queue_arn="arn:aws:sqs:us-east-1:123456789012:messages.fifo",
            dead_message_queue_url=f"{queues}/dead.fifo",
            action_queue_url=f"{queues}/actions",
            wake_queue_url=f"{queues}/wake",
            schedule_group_name="group",
            schedule_role_arn="arn:role",
            wake_dead_letter_arn="arn:late",
        ),
    ]
