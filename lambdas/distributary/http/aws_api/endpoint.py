"""`POST /`: Firehose and Kinesis as AWS SDKs speak to them, for this stack's own two streams.

What comes in is passed on as it is: no envelope, no rules. Limits are AWS's and are checked before anything is sent.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from distributary.clock import Clock
from distributary.delivery import delivery
from distributary.errors import BadRequest, SinkUnavailable
from distributary.events import Outcome
from distributary.http.aws_api import aws_body
from distributary.http.aws_api.answer import Answer, answer, error_answer
from distributary.http.aws_api.firehose_operations import FirehoseWire
from distributary.http.aws_api.kinesis_describe import KinesisReads
from distributary.http.aws_api.kinesis_operations import KinesisWire
from distributary.http.aws_api.stream_names import StreamNames
from distributary.http.request import Request, Response
from distributary.http.structure import Structure
from distributary.settings import Settings
from distributary.sinks.firehose import FirehoseSink
from distributary.sinks.kinesis import KinesisSink
from distributary.sinks.sink import Sink

R = TypeVar("R")
AwsOperation = Callable[[Structure, Callable[..., Any]], Answer]


class AwsEndpoint:
    """Answers for the streams of this stack, under each of their names: AWS JSON 1.1, of Kinesis also CBOR."""

    def __init__(self, settings: Settings, firehose: FirehoseSink, kinesis: KinesisSink, clock: Clock) -> None:
        self._retry_seconds = settings.retry_seconds
        self._clock = clock
        shared = settings.stream_alias
        names = StreamNames({settings.stream_name, shared, *settings.kinesis_aliases})
        streams, reads = KinesisWire(kinesis, names), KinesisReads(kinesis, names)
        deliveries = FirehoseWire(
            firehose,
            {settings.delivery_stream_name, shared, *settings.firehose_aliases},
            delimit=settings.firehose_delimiter == "newline",
        )
        self._operations: dict[str, AwsOperation] = {
            "Firehose_20150804.PutRecord": deliveries.put_record,
            "Firehose_20150804.PutRecordBatch": deliveries.put_record_batch,
            "Firehose_20150804.DescribeDeliveryStream": deliveries.describe,
            "Kinesis_20131202.PutRecord": streams.put_record,
            "Kinesis_20131202.PutRecords": streams.put_records,
            "Kinesis_20131202.DescribeStream": reads.describe,
            "Kinesis_20131202.DescribeStreamSummary": reads.summarise,
            "Kinesis_20131202.ListShards": reads.list_shards,
            "Kinesis_20131202.ListStreams": reads.list_streams,
        }

    def answer(self, request: Request) -> Response:
        """AWS's answer, or AWS's error; never an exception for what a client sent."""
        target = request.headers.get("x-amz-target", "")
        try:
            return answer(
                self._operation(target)(aws_body.read_aws_body(request), self._deliver(request)), target, request
            )
        except (BadRequest, SinkUnavailable) as error:
            return error_answer(error, request)

    def _operation(self, target: str) -> AwsOperation:
        if target not in self._operations:
            raise BadRequest("UnknownOperationException", f"no such operation: {target[:100]}")
        return self._operations[target]

    def _deliver(self, request: Request) -> Callable[[Sink[R], Sequence[R]], list[Outcome]]:
        """Delivery within what the request has of time, from now on."""
        end = delivery.deadline(remaining=request.remaining, retry_seconds=self._retry_seconds, clock=self._clock)
        return lambda sink, records: delivery.deliver(sink, records, deadline=end, clock=self._clock)
