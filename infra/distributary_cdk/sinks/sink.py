"""What every sink of a stage has: a retry queue, the metrics of its events, and permissions to use it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from distributary.events import SinkName
from distributary.metrics import SinkMetrics
from distributary.sinks.registry import KINDS
from distributary_cdk.configuration import Configuration
from distributary_cdk.embedded_metric import embedded_metric
from distributary_cdk.part import Graph, Part, Watch, periods
from distributary_cdk.sinks.retry_queue import RetryQueue
from distributary_cdk.storage import Storage


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What the sinks of a stage share.

    `streams` and `retry_queues` are the scopes of resources that are older than their sink's class: a resource's path
    is its logical id, which must stay.
    """

    configuration: Configuration
    storage: Storage
    streams: Construct
    retry_queues: Construct
    key: kms.IKey | None = None


class Sink(Part, Construct):
    """A sink: `name` as settings and metrics spell it, `label` as ids and outputs do.

    `names` has what the functions must know, by setting; `outputs` what commands must know.
    """

    name: ClassVar[SinkName]
    label: ClassVar[str]

    def __init__(self, scope: Construct, shared: Shared) -> None:
        super().__init__(scope, self.label)
        self.configuration, self.storage, self.key = shared.configuration, shared.storage, shared.key
        self.retry_queue = RetryQueue(
            shared.retry_queues, self.label, configuration=shared.configuration, key=shared.key
        )
        self.names = {
            f"{self.name}_spill_url": self.retry_queue.queue_url,
            f"{self.name}_set_aside_url": self.retry_queue.dead_letters.queue_url,
        }
        self.outputs: dict[str, str] = {
            f"{self.label}SpillQueueUrl": self.retry_queue.queue_url,
            f"{self.label}SetAsideQueueUrl": self.retry_queue.dead_letters.queue_url,
        }

    @property
    def metrics(self) -> SinkMetrics:
        """The names of the sink's own metrics."""
        return KINDS[self.name].metrics

    def grant_write(self, grantee: iam.IGrantable) -> None:
        """Let the grantee put records into the sink, and store those that the sink refused."""
        self.grant_put(grantee)
        self.retry_queue.allow(grantee, "sqs:SendMessage")
        for prefix in ("spill", "dead-letters"):
            self.storage.allow(grantee, prefix, "s3:PutObject")

    def grant_look(self, grantee: iam.IGrantable) -> None:
        """Let the grantee see whether the sink and its retry queue are there."""
        self.grant_describe(grantee)
        self.retry_queue.allow(grantee, "sqs:GetQueueAttributes")

    def grant_put(self, grantee: iam.IGrantable) -> None:
        """Let the grantee put records into the sink."""
        raise NotImplementedError

    def grant_describe(self, grantee: iam.IGrantable) -> None:
        """Let the grantee see whether the sink is there and active."""
        raise NotImplementedError

    def grant_api(self, grantee: iam.IGrantable) -> None:
        """Let the grantee do what clients of the AWS-compatible API may ask for, beyond what writing takes."""

    def redrive_by(self, function: lambda_.Function) -> None:
        """Hand the function each message of the retry queue, and let it read the objects that messages name."""
        self.storage.allow(function, "spill", "s3:GetObject")
        self.retry_queue.redrive_by(function)

    def alarms(self) -> Iterator[Watch]:
        """Alarms for dead letters, for a sink that keeps refusing, and for records that wait too long."""
        limits, stage = self.configuration.alarms, self.configuration.stage
        minutes = limits.period_minutes
        dead = embedded_metric(self.metrics.dead_letters, "Sum", stage=stage, minutes=minutes)
        yield Watch("dead-letters", f"{self.label}DeadLetters", dead, 0)
        refused = embedded_metric(self.metrics.retry_queued, "Sum", stage=stage, minutes=minutes)
        refusing = periods(limits.spilling_minutes, limits)
        yield Watch("sink-refuses", f"{self.label}SinkRefuses", refused, 0, refusing)
        # SQS's own age leaves out messages that were received more than three times, which wait longest.
        oldest = embedded_metric(self.metrics.oldest_pending, "Maximum", stage=stage, minutes=minutes)
        yield Watch("queue-age", f"{self.label}SpillAge", oldest, limits.queue_age_seconds)
        yield from self.retry_queue.alarms()

    def graphs(self) -> Iterator[Graph]:
        """What became of events on their way to this sink, and what waits in its retry queue."""
        stage = self.configuration.stage
        ways = {
            "Delivered at once": self.metrics.delivered,
            "Spilled": self.metrics.retry_queued,
            "Redriven": self.metrics.redriven,
        }
        for title, metric in ways.items():
            yield Graph("Sinks", title, [embedded_metric(metric, "Sum", stage=stage)])
        yield from self.retry_queue.graphs()
        yield Graph(
            "What waits",
            "Oldest spilled record, in s",
            [embedded_metric(self.metrics.oldest_pending, "Maximum", stage=stage)],
        )
        yield Graph("What waits", "Dead letters", [embedded_metric(self.metrics.dead_letters, "Sum", stage=stage)])
