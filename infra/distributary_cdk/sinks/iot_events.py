"""The sink IoT Events: the FIFO queue of accepted messages, where the stack itself runs detectors."""

from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from distributary_cdk.part import GRAPH_PERIOD, Graph, Watch
from distributary_cdk.queue import DeadLetterQueue, Queue
from distributary_cdk.sinks.sink import Shared, Sink

_FIFO: dict[str, Any] = {
    "fifo": True,
    "fifo_throughput_limit": sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
    "deduplication_scope": sqs.DeduplicationScope.MESSAGE_GROUP,
    # EventBridge Scheduler sends to no other kind of FIFO queue.
    "content_based_deduplication": True,
    # Six times the 20 s of the function that will read it, as Lambda's guide advises.
    "visibility_timeout": cdk.Duration.seconds(120),
}


class IotEvents(Sink):
    """`queue` with provider `stack`, none with another endpoint."""

    name = "iot_events"
    label = "IotEvents"

    def __init__(self, scope: Construct, shared: Shared) -> None:
        super().__init__(scope, shared)
        configuration = shared.configuration
        self.dead_letters: DeadLetterQueue | None = None
        self.queue: Queue | None = None
        if configuration.iot_events.provider == "stack":
            self.dead_letters = DeadLetterQueue(
                self, "DeadMessages", configuration=configuration, key=shared.key, **_FIFO
            )
            self.queue = Queue(
                self, "Messages", configuration=configuration, key=shared.key, dead_letters=self.dead_letters, **_FIFO
            )
        queue_url = self.queue.queue_url if self.queue else ""
        self.names |= {"message_queue_url": queue_url}
        self.outputs |= {"MessageQueueUrl": queue_url}

    def grant_put(self, grantee: iam.IGrantable) -> None:
        """Let the grantee send messages."""
        if self.queue:
            self.queue.allow(grantee, "sqs:SendMessage")

    def grant_describe(self, grantee: iam.IGrantable) -> None:
        """Let the grantee see whether the queue is there."""
        if self.queue:
            self.queue.allow(grantee, "sqs:GetQueueAttributes")

    def alarms(self) -> Iterator[Watch]:
        """Alarms for messages that wait too long, and for dead messages."""
        yield from super().alarms()
        for queue in filter(None, (self.dead_letters, self.queue)):
            yield from queue.alarms()

    def graphs(self) -> Iterator[Graph]:
        """The age of the oldest message that waits for detectors."""
        yield from super().graphs()
        if self.queue:
            age = self.queue.metric_approximate_age_of_oldest_message(statistic="Maximum", period=GRAPH_PERIOD)
            yield Graph("What waits", "Oldest message for detectors, in s", [age])
