"""One retry queue per sink. Records that the sink refused wait here until `redrive` delivers them."""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.event_source import map_queue
from distributary_cdk.function import TIMEOUT
from distributary_cdk.part import GRAPH_PERIOD, Graph, Watch
from distributary_cdk.queue import DeadLetterQueue, Queue

# Six times the function's timeout at least, as Lambda's guide asks:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_VISIBILITY = cdk.Duration.seconds(6 * TIMEOUT.to_seconds())
_RECEIVING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility")
# The least that Lambda takes: pending records are redelivered slowly, so that a sink serves its new traffic first.
_CONCURRENCY = 2


class RetryQueue(Queue):
    """The retry queue of the sink that it is named for; `dead_letters` is its dead-letter queue."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration, key: kms.IKey | None) -> None:
        self.dead_letters = DeadLetterQueue(
            scope, f"{name}SetAside", configuration=configuration, key=key, visibility_timeout=_VISIBILITY
        )
        super().__init__(
            scope,
            name,
            configuration=configuration,
            key=key,
            dead_letters=self.dead_letters,
            visibility_timeout=_VISIBILITY,
        )
        self._scope, self._name = scope, name

    def redrive_by(self, function: lambda_.Function) -> None:
        """Hand the function the messages of the retry queue and of its dead-letter queue."""
        for queue, name in ((self, self._name), (self.dead_letters, f"{self._name}SetAside")):
            queue.allow(function, *_RECEIVING)
            map_queue(self._scope, f"{name}Mapping", queue=queue, function=function, concurrency=_CONCURRENCY)

    def alarms(self) -> Iterator[Watch]:
        """The alarms of both queues."""
        yield from super().alarms()
        yield from self.dead_letters.alarms()

    def graphs(self) -> Iterator[Graph]:
        """How many messages wait."""
        waiting = self.metric_approximate_number_of_messages_visible(
            label=self._name, statistic="Maximum", period=GRAPH_PERIOD
        )
        yield Graph("What waits", "Messages in the retry queues", [waiting])
