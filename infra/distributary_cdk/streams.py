"""Where events are kept: the Kinesis stream, and the Firehose delivery stream with its bucket."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_s3 as s3
from constructs import Construct

from distributary_cdk.configuration import BucketProps, Configuration, FirehoseProps, KinesisProps
from distributary_cdk.encryption import of_bucket, of_delivery_stream, of_stream
from distributary_cdk.life_cycle import life_cycle
from distributary_cdk.log_group import log_group
from distributary_cdk.permission import allow, statements
from distributary_cdk.retention import removal

# Hive-style partitions, which Athena, Glue and Spark read as columns.
_PARTITION = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"

_MODES = {"provisioned": kinesis.StreamMode.PROVISIONED, "on-demand": kinesis.StreamMode.ON_DEMAND}


class Streams(Construct):
    """The stream, the delivery stream and the bucket of one stage."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration) -> None:
        super().__init__(scope, name)
        self._configuration = configuration
        self._removal = removal(configuration)
        self.delivery_logs = log_group(self, "DeliveryLogs", configuration)
        self.stream = self._stream(configuration.kinesis)
        self.bucket = self._bucket(configuration.bucket)
        self.delivery_stream = self._delivery_stream(configuration.firehose)

    @property
    def names(self) -> dict[str, str]:
        """What the functions must know, by setting."""
        return {
            "delivery_stream_name": self.delivery_stream.delivery_stream_name,
            "stream_name": self.stream.stream_name,
        }

    @property
    def outputs(self) -> dict[str, str]:
        """What commands must know."""
        return {
            "StreamName": self.stream.stream_name,
            "StreamArn": self.stream.stream_arn,
            "DeliveryStreamName": self.delivery_stream.delivery_stream_name,
            "BucketName": self.bucket.bucket_name,
            "DeliveryLogGroupName": self.delivery_logs.log_group_name,
        }

    def grant_write(self, grantee: iam.IGrantable) -> None:
        """Let it put records into both streams."""
        allow(grantee, self.stream.stream_arn, "kinesis:PutRecords")
        allow(grantee, self.delivery_stream.delivery_stream_arn, "firehose:PutRecord", "firehose:PutRecordBatch")

    def grant_api(self, grantee: iam.IGrantable) -> None:
        """Let it do what clients of the AWS-compatible API may ask for, beyond what writing takes."""
        allow(grantee, self.stream.stream_arn, "kinesis:PutRecord", "kinesis:DescribeStream", "kinesis:ListShards")
        self.grant_look(grantee)

    def grant_look(self, grantee: iam.IGrantable) -> None:
        """Let it see whether both streams are there and active."""
        allow(grantee, self.stream.stream_arn, "kinesis:DescribeStreamSummary")
        allow(grantee, self.delivery_stream.delivery_stream_arn, "firehose:DescribeDeliveryStream")

    def _stream(self, configuration: KinesisProps) -> kinesis.IStream:
        if configuration.stream:
            return configuration.stream
        stream = kinesis.Stream(
            self,
            "Stream",
            stream_mode=_MODES[configuration.mode],
            shard_count=configuration.shards if configuration.mode == "provisioned" else None,
            retention_period=cdk.Duration.hours(configuration.retention_hours),
            **of_stream(self, self._configuration),
            removal_policy=self._removal,
        )
        # The L2 construct has no such member.
        cast("kinesis.CfnStream", stream.node.default_child).max_record_size_in_kib = configuration.max_record_kib
        return stream

    def _bucket(self, configuration: BucketProps) -> s3.IBucket:
        return configuration.bucket or s3.Bucket(
            self,
            "Bucket",
            **of_bucket(self, self._configuration),
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=configuration.restore_days > 0,
            lifecycle_rules=life_cycle(configuration),
            removal_policy=self._removal,
            auto_delete_objects=configuration.empty_on_destroy,
        )

    def _delivery_stream(self, configuration: FirehoseProps) -> firehose.DeliveryStream:
        role = self._delivery_role().without_policy_updates()
        destination = firehose.S3Bucket(
            self.bucket,
            data_output_prefix=f"events/{_PARTITION}",
            error_output_prefix=f"errors/!{{firehose:error-output-type}}/{_PARTITION}",
            file_extension=".ndjson.gz",
            compression=firehose.Compression.GZIP,
            buffering_interval=cdk.Duration.seconds(configuration.buffer_seconds),
            buffering_size=cdk.Size.mebibytes(configuration.buffer_mib),
            logging_config=firehose.EnableLogging(self.delivery_logs),
            role=role,
        )
        encryption = of_delivery_stream(self, self._configuration)
        delivery_stream = firehose.DeliveryStream(
            self, "Delivery", destination=destination, encryption=encryption, role=role
        )
        # With the bucket's children too: when the stack is deleted, the bucket is emptied only after the last delivery.
        delivery_stream.node.add_dependency(self.bucket)
        # What the construct adds of its own: a log stream that always stays, and a table of addresses for firewalls.
        cast("cdk.Resource", self.delivery_logs.node.find_child("S3Destination")).apply_removal_policy(self._removal)
        cdk.Stack.of(self).node.try_remove_child("@aws-cdk--aws-kinesisfirehose.CidrBlocks")
        return delivery_stream

    def _delivery_role(self) -> iam.Role:
        """What Firehose may do, as its guide lists it; the construct's own grant could also read and delete.

        Source: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3. The policy is
        part of the role, so that the role is complete when the delivery stream first uses it.
        """
        listing = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        writing = ["s3:AbortMultipartUpload", "s3:PutObject"]
        needed = [
            *statements(self, self.bucket.bucket_arn, *listing),
            *statements(self, self.bucket.arn_for_objects("*"), *writing),
            *statements(self, self.delivery_logs.log_group_arn, "logs:PutLogEvents"),
        ]
        return iam.Role(
            self,
            "DeliveryRole",
            assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"),
            inline_policies={"Delivery": iam.PolicyDocument(statements=needed)},
        )
