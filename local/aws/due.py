"""What services do by themselves once it is due: Firehose's objects, Scheduler's messages, items that have expired."""

from moto.dynamodb.models import dynamodb_backends
from moto.firehose.models import firehose_backends
from moto.s3.models import s3_backends
from moto.scheduler.models import scheduler_backends

from local.aws.services import dynamodb
from local.aws.services.firehose import Firehose
from local.aws.services.scheduler import Scheduler
from local.deployment import ACCOUNT


def store(bucket: str, key: str, content: bytes) -> None:
    """Writes an object as the service itself, not over HTTP: no layer can refuse it."""
    s3_backends[ACCOUNT]["aws"].put_object(bucket, key, content)


def flush_firehose(*, everything: bool = False) -> None:
    """Writes what Firehose's buffering hints want written, or everything."""
    for _, _, backend in list(firehose_backends.iter_backends()):
        if isinstance(backend, Firehose):
            backend.flush_due(everything=everything)


def fire_schedules() -> None:
    """Sends the schedules that are due."""
    for _, _, backend in list(scheduler_backends.iter_backends()):
        if isinstance(backend, Scheduler):
            backend.fire_due()


def expire_items() -> None:
    """Deletes the items whose time to live is over."""
    for _, _, backend in list(dynamodb_backends.iter_backends()):
        if isinstance(backend, dynamodb.DynamoDb):
            backend.expire_due()
