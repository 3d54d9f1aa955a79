"""Delivery to the sinks of a function, with their retry queues and the bucket behind it."""

from distributary.delivery.dead_letters import DeadLetters
from distributary.delivery.retry_queue import RETRY_CONNECTIONS, RetryQueue
from distributary.delivery.storing import StoringDelivery
from distributary.functions.stage_sinks import sink_settings
from distributary.functions.start import Start


def retry_queue(start: Start) -> RetryQueue:
    """The retry queues of these sinks."""
    urls = {name: one.retry_queue_url for name, one in sink_settings(start).items()}
    client = start.clients.make("sqs", connections=RETRY_CONNECTIONS)
    return RetryQueue(client, urls, start.bucket, start.clock)


def storing_delivery(start: Start) -> StoringDelivery:
    """Delivery to these sinks, with their retry queues and the bucket behind it."""
    return StoringDelivery(retry_queue(start), DeadLetters(start.bucket, start.clock), start.clock)
