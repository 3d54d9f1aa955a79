"""The sink Firehose: the delivery stream into the stage's bucket."""

from collections.abc import Iterator
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from constructs import Construct

from distributary_cdk import configuration as configured
from distributary_cdk.encryption import of_delivery_stream
from distributary_cdk.findings import acknowledge_wildcard
from distributary_cdk.log_group import log_group
from distributary_cdk.part import GRAPH_PERIOD, MINUTE, Graph, Watch, period, periods
from distributary_cdk.permission import allow, statements
from distributary_cdk.removal_policy import removal
from distributary_cdk.sinks.sink import Shared, Sink

# Hive-style partitions, which Athena, Glue and Spark read as columns.
_PARTITION = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"


class Firehose(Sink):
    """The delivery stream of one stage, with its log group."""

    name = "firehose"
    label = "Firehose"

    def __init__(self, scope: Construct, shared: Shared) -> None:
        super().__init__(scope, shared)
        self._bucket = shared.storage.bucket
        self.delivery_logs = log_group(shared.streams, "DeliveryLogs", shared.configuration, shared.key)
        self.delivery_stream = self._delivery_stream(shared.streams, shared.configuration.firehose)
        name = self.delivery_stream.delivery_stream_name
        self.names |= {"delivery_stream_name": name}
        self.outputs |= {"DeliveryStreamName": name, "DeliveryLogGroupName": self.delivery_logs.log_group_name}

    def grant_put(self, grantee: iam.IGrantable) -> None:
        """Let the grantee put records into the delivery stream."""
        allow(grantee, self.delivery_stream.delivery_stream_arn, "firehose:PutRecord", "firehose:PutRecordBatch")

    def grant_describe(self, grantee: iam.IGrantable) -> None:
        """Let the grantee see whether the delivery stream is there and active."""
        allow(grantee, self.delivery_stream.delivery_stream_arn, "firehose:DescribeDeliveryStream")

    def grant_api(self, grantee: iam.IGrantable) -> None:
        """Let the grantee describe the delivery stream."""
        self.grant_describe(grantee)

    def alarms(self) -> Iterator[Watch]:
        """Alarms for late and failed deliveries to the bucket, and for throttled records."""
        yield from super().alarms()
        limits, stream = self.configuration.alarms, self.delivery_stream
        every = period(limits)
        # Firehose writes nothing but errors there, those of records that go to the error prefix among them.
        yield Watch("delivery-errors", self.delivery_logs, _lines_of(self.delivery_logs, every), 0)
        age = stream.metric("DeliveryToS3.DataFreshness", statistic="Maximum", period=every)
        late = self.configuration.firehose.buffer_seconds + limits.delivery_late_seconds
        yield Watch("delivery-late", stream, age, late)
        # The successful puts over all of them: https://docs.aws.amazon.com/firehose/latest/dev/cloudwatch-metrics.html
        success = {"success": stream.metric("DeliveryToS3.Success", statistic="Average")}
        failed = cloudwatch.MathExpression(expression="100 * (1 - success)", using_metrics=success, period=every)
        yield Watch("delivery-errors", stream, failed, limits.error_percent, periods(limits.slow_minutes, limits))
        throttled = stream.metric("ThrottledRecords", statistic="Sum", period=MINUTE)
        yield Watch("stream-throttles", stream, throttled, 0, limits.throttled_minutes)

    def graphs(self) -> Iterator[Graph]:
        """Throttled records, how old an event is when it reaches the bucket, and what Firehose is billed for."""
        yield from super().graphs()
        stream, every = self.delivery_stream, GRAPH_PERIOD
        yield Graph("Sinks", "Throttled by AWS", [stream.metric("ThrottledRecords", statistic="Sum", period=every)])
        late = stream.metric("DeliveryToS3.DataFreshness", statistic="Maximum", period=every)
        yield Graph("Sinks", "On the way to the bucket, in s", [late])
        yield Graph("Cost", "Bytes in: streams", [stream.metric("IncomingBytes", statistic="Sum", period=every)])
        yield Graph("Cost", "Records in", [stream.metric("IncomingRecords", statistic="Sum", period=every)])

    def _delivery_stream(self, scope: Construct, wanted: configured.FirehoseProps) -> firehose.DeliveryStream:
        role = self._delivery_role(scope).without_policy_updates()
        destination = firehose.S3Bucket(
            self._bucket,
            data_output_prefix=f"events/{_PARTITION}",
            error_output_prefix=f"errors/!{{firehose:error-output-type}}/{_PARTITION}",
            file_extension=".ndjson.gz",
            compression=firehose.Compression.GZIP,
            buffering_interval=cdk.Duration.seconds(wanted.buffer_seconds),
            buffering_size=cdk.Size.mebibytes(wanted.buffer_mib),
            logging_config=firehose.EnableLogging(self.delivery_logs),
            role=role,
        )
        delivery_stream = firehose.DeliveryStream(
            scope, "Delivery", destination=destination, encryption=of_delivery_stream(self.key), role=role
        )
        # With the bucket's children too: when the stack is deleted, the bucket is emptied only after the last delivery.
        delivery_stream.node.add_dependency(self._bucket)
        # The construct adds a log stream that always stays, and a table of addresses for firewalls.
        log_stream = cast("cdk.Resource", self.delivery_logs.node.find_child("S3Destination"))
        log_stream.apply_removal_policy(removal(self.configuration))
        cdk.Stack.of(self).node.try_remove_child("@aws-cdk--aws-kinesisfirehose.CidrBlocks")
        return delivery_stream

    def _delivery_role(self, scope: Construct) -> iam.Role:
        """What Firehose may do, as its guide lists it; the construct's own grant could also read and delete.

        Source: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3. The policy is
        part of the role, so that the role is complete when the delivery stream first uses it.
        """
        listing = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        writing = ["s3:AbortMultipartUpload", "s3:PutObject"]
        objects = self._bucket.arn_for_objects("*")
        needed = [
            *statements(self._bucket.bucket_arn, *listing),
            *statements(objects, *writing, key=self._bucket.encryption_key),
            *statements(self.delivery_logs.log_group_arn, "logs:PutLogEvents"),
        ]
        role = iam.Role(
            scope,
            "DeliveryRole",
            assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"),
            inline_policies={"Delivery": iam.PolicyDocument(statements=needed)},
        )
        acknowledge_wildcard(
            role, objects, "Firehose writes objects, whose names nobody knows beforehand, into this one bucket."
        )
        return role


def _lines_of(group: logs.LogGroup, every: cdk.Duration) -> cloudwatch.Metric:
    """The metric of how many lines came in; the construct's own metric counts all groups of the account."""
    return cloudwatch.Metric(
        namespace="AWS/Logs",
        metric_name="IncomingLogEvents",
        dimensions_map={"LogGroupName": group.log_group_name},
        statistic="Sum",
        period=every,
    )
