"""Where records wait whose sink did not take them: a queue for each sink, and how its messages reach `redrive`."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.function import TIMEOUT
from distributary_cdk.permission import allow
from distributary_cdk.queue import make_queue

# setting → the part of a construct's name
_SINKS = {"firehose": "Firehose", "kinesis": "Kinesis", "iot_events": "IotEvents"}

# Six times the function's timeout at least, as Lambda's guide asks:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_VISIBILITY = cdk.Duration.seconds(6 * TIMEOUT.to_seconds())
_BATCH = 10
# The least that Lambda takes: what waits is brought on slowly, and the sinks come back to their own traffic first.
_CONCURRENCY = 2


class Spill(Construct):
    """`queues` are spilled to, `set_aside` are their dead-letter queues; `bucket` holds what no message can."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration, bucket: s3.IBucket) -> None:
        super().__init__(scope, name)
        self._bucket = bucket
        self.set_aside = {
            sink: make_queue(self, f"{part}SetAside", configuration, visibility_timeout=_VISIBILITY)
            for sink, part in _SINKS.items()
        }
        self.queues = {
            sink: make_queue(self, part, configuration, set_aside=self.set_aside[sink], visibility_timeout=_VISIBILITY)
            for sink, part in _SINKS.items()
        }

    @property
    def names(self) -> dict[str, str]:
        """What the functions must know, by setting."""
        return {
            "bucket_name": self._bucket.bucket_name,
            **{f"{sink}_spill_url": queue.queue_url for sink, queue in self.queues.items()},
            **{f"{sink}_set_aside_url": queue.queue_url for sink, queue in self.set_aside.items()},
        }

    @property
    def outputs(self) -> dict[str, str]:
        """What commands must know: the URL of each queue that is spilled to."""
        return {f"{_SINKS[sink]}SpillQueueUrl": queue.queue_url for sink, queue in self.queues.items()}

    def grant_write(self, grantee: iam.IGrantable, *sinks: str) -> None:
        """Let it spill what is for these sinks (without any: for all), and write dead letters."""
        for sink in sinks or self.queues:
            allow(grantee, self.queues[sink].queue_arn, "sqs:SendMessage")
        for prefix in ("spill", "dead-letters"):
            allow(grantee, self._bucket.arn_for_objects(f"{prefix}/*"), "s3:PutObject")

    def grant_claim(self, grantee: iam.IGrantable) -> None:
        """Let it store the data of events that are too large for a stream."""
        allow(grantee, self._bucket.arn_for_objects("claims/*"), "s3:PutObject")

    def grant_park(self, functions: Mapping[str, iam.IGrantable]) -> None:
        """Let `run_detectors` keep actions that no item holds; that it may list tells it which object has expired."""
        if function := functions.get("run_detectors"):
            allow(function, self._bucket.arn_for_objects("actions/*"), "s3:PutObject", "s3:GetObject")
            allow(function, self._bucket.bucket_arn, "s3:ListBucket")

    def grant_look(self, grantee: iam.IGrantable) -> None:
        """Let it see whether the queues are there."""
        for queue in self.queues.values():
            allow(grantee, queue.queue_arn, "sqs:GetQueueAttributes")

    def feed(self, function: lambda_.Function) -> None:
        """Hand it every queue's messages, and let it read what they point to."""
        allow(function, self._bucket.arn_for_objects("spill/*"), "s3:GetObject")
        for sink, part in _SINKS.items():
            self._map(part, self.queues[sink], function)
            self._map(f"{part}SetAside", self.set_aside[sink], function)

    def _map(self, name: str, queue: sqs.Queue, function: lambda_.Function) -> None:
        """No filters: Lambda deletes what does not match them."""
        receiving = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
        allow(function, queue.queue_arn, *receiving, "sqs:ChangeMessageVisibility")
        mapping = lambda_.EventSourceMapping(
            self,
            f"{name}Mapping",
            target=function,
            event_source_arn=queue.queue_arn,
            batch_size=_BATCH,
            report_batch_item_failures=True,
            max_concurrency=_CONCURRENCY,
        )
        # Lambda looks whether the function's role may receive when the mapping is made.
        if function.role:
            mapping.node.add_dependency(function.role)
