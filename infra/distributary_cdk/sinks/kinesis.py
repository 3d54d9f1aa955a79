"""The sink Kinesis: the stream."""

from collections.abc import Iterator
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from distributary_cdk import configuration as configured
from distributary_cdk.encryption import of_stream
from distributary_cdk.findings import acknowledge
from distributary_cdk.part import GRAPH_PERIOD, MINUTE, Graph, Watch, period
from distributary_cdk.permission import allow
from distributary_cdk.removal_policy import removal
from distributary_cdk.sinks.sink import Shared, Sink

_MODES = {"provisioned": kinesis.StreamMode.PROVISIONED, "on-demand": kinesis.StreamMode.ON_DEMAND}

_ONE_KEY = "Where a stage asks for a key of its own: all that it keeps is under one key, which its owner can disable."


class Kinesis(Sink):
    """The stream of one stage."""

    name = "kinesis"
    label = "Kinesis"

    def __init__(self, scope: Construct, shared: Shared) -> None:
        super().__init__(scope, shared)
        self.stream = self._stream(shared.streams, shared.configuration.kinesis)
        self.names |= {"stream_name": self.stream.stream_name}
        self.outputs |= {"StreamName": self.stream.stream_name, "StreamArn": self.stream.stream_arn}

    def grant_put(self, grantee: iam.IGrantable) -> None:
        """Let the grantee put records into the stream."""
        self._allow(grantee, "kinesis:PutRecords")

    def grant_describe(self, grantee: iam.IGrantable) -> None:
        """Let the grantee see whether the stream is there and active."""
        self._allow(grantee, "kinesis:DescribeStreamSummary")

    def grant_api(self, grantee: iam.IGrantable) -> None:
        """Let the grantee put single records, and describe the stream and its shards."""
        self._allow(grantee, "kinesis:PutRecord", "kinesis:DescribeStream", "kinesis:ListShards")
        self.grant_describe(grantee)

    def alarms(self) -> Iterator[Watch]:
        """Alarms for throttled writes, and for consumers that may lose records."""
        yield from super().alarms()
        limits = self.configuration.alarms
        throttled = self.stream.metric_write_provisioned_throughput_exceeded(statistic="Sum", period=MINUTE)
        yield Watch("stream-throttles", self.stream, throttled, 0, limits.throttled_minutes)
        behind = self.stream.metric_get_records_iterator_age_milliseconds(statistic="Maximum", period=period(limits))
        milliseconds = self.configuration.kinesis.retention_hours * 3_600_000
        yield Watch("stream-behind", self.stream, behind, milliseconds * limits.behind_percent // 100)

    def graphs(self) -> Iterator[Graph]:
        """Throttled writes, the age of what consumers read, and what the stream is billed for."""
        yield from super().graphs()
        stream, every = self.stream, GRAPH_PERIOD
        throttled = stream.metric_write_provisioned_throughput_exceeded(statistic="Sum", period=every)
        yield Graph("Sinks", "Throttled by AWS", [throttled])
        behind = stream.metric_get_records_iterator_age_milliseconds(statistic="Maximum", period=every)
        yield Graph("Sinks", "Consumers of Kinesis behind, in ms", [behind])
        yield Graph("Cost", "Bytes in: streams", [stream.metric("IncomingBytes", statistic="Sum", period=every)])
        yield Graph("Cost", "Records in", [stream.metric("IncomingRecords", statistic="Sum", period=every)])

    def _allow(self, grantee: iam.IGrantable, *actions: str) -> None:
        allow(grantee, self.stream.stream_arn, *actions, key=self.stream.encryption_key)

    def _stream(self, scope: Construct, wanted: configured.KinesisProps) -> kinesis.IStream:
        if wanted.stream:
            return wanted.stream
        stream = kinesis.Stream(
            scope,
            "Stream",
            stream_mode=_MODES[wanted.mode],
            shard_count=wanted.shards if wanted.mode == "provisioned" else None,
            retention_period=cdk.Duration.hours(wanted.retention_hours),
            **of_stream(self.key),
            removal_policy=removal(self.configuration),
        )
        # The L2 construct has no such member.
        cast("kinesis.CfnStream", stream.node.default_child).max_record_size_in_kib = wanted.max_record_kib
        if self.key:
            acknowledge(
                stream,
                "AwsSolutions-KDS3",
                _ONE_KEY,
            )
        return stream
