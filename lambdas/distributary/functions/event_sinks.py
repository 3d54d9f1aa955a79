"""The sinks of a stage, as its functions open them."""

from dataclasses import dataclass

from distributary.delivery.dead_letters import DeadLetters
from distributary.delivery.retry_queue import RETRY_CONNECTIONS, RetryQueue
from distributary.delivery.storing import StoringDelivery
from distributary.events import SinkName
from distributary.functions.start import Start
from distributary.settings import Settings
from distributary.sinks.registry import SINKS, Sinks, open_sinks
from distributary.sinks.sink import SinkContext, SinkSettings

EVERY_SINK = "*"
"""What a function's `SINKS` is if it has all sinks of the stage; else they are a tuple of names."""


@dataclass(frozen=True, kw_only=True)
class StageSinks(Settings):
    """The sinks that a function has, by name."""

    sinks: tuple[SinkName, ...]


def sink_settings(start: Start) -> dict[SinkName, SinkSettings]:
    """The settings of each sink that the function has."""
    names = start.settings(StageSinks).sinks
    return {kind.name: start.settings(kind.settings) for kind in SINKS if kind.name in names}


def stage_sinks(start: Start, context: SinkContext) -> Sinks:
    """Each sink that the function has."""
    return open_sinks(start.settings(StageSinks).sinks, start.settings, context)


def retry_queue(start: Start) -> RetryQueue:
    """The retry queues of these sinks."""
    urls = {name: one.retry_queue_url for name, one in sink_settings(start).items()}
    client = start.clients.make("sqs", connections=RETRY_CONNECTIONS)
    return RetryQueue(client, urls, start.bucket, start.clock)


def storing_delivery(start: Start) -> StoringDelivery:
    """Delivery to these sinks, with their retry queues and the bucket behind it."""
    return StoringDelivery(retry_queue(start), DeadLetters(start.bucket, start.clock), start.clock)
