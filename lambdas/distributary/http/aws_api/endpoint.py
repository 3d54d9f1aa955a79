"""`POST /`: Firehose and Kinesis as AWS SDKs speak to them, for this stack's own two streams.

What comes in is passed on as it is: no envelope, no rules. Limits are AWS's and are checked before anything is sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from distributary.clock import Clock
from distributary.delivery import delivery
from distributary.errors import BadRequest, SinkUnavailable
from distributary.events import Outcome
from distributary.http.aws_api import aws_body
from distributary.http.aws_api.answer import Answer, answer, error_answer
from distributary.http.aws_api.firehose_operations import FirehoseOperations
from distributary.http.aws_api.kinesis_describe import KinesisDescribe
from distributary.http.aws_api.kinesis_operations import KinesisOperations
from distributary.http.aws_api.stream_names import StreamNames
from distributary.http.request import Request, Response
from distributary.http.structure import Structure
from distributary.settings import Settings
from distributary.sinks.firehose import FirehoseSettings, FirehoseSink
from distributary.sinks.kinesis import KinesisSettings, KinesisSink
from distributary.sinks.sink import Sink

R = TypeVar("R")
AwsOperation = Callable[[Structure, Callable[..., Any]], Answer]

FIREHOSE_OPERATIONS = (
    "Firehose_20150804.PutRecord",
    "Firehose_20150804.PutRecordBatch",
    "Firehose_20150804.DescribeDeliveryStream",
)
KINESIS_OPERATIONS = (
    "Kinesis_20131202.PutRecord",
    "Kinesis_20131202.PutRecords",
    "Kinesis_20131202.DescribeStream",
    "Kinesis_20131202.DescribeStreamSummary",
    "Kinesis_20131202.ListShards",
    "Kinesis_20131202.ListStreams",
)


@dataclass(frozen=True, kw_only=True)
class AwsApiSettings(Settings):
    """What the AWS-compatible API knows beside its sinks."""

    stream_alias: str = "events"
    """A name that AWS clients may use instead of the streams' real names."""


class AwsEndpoint:
    """Answers for the streams of this stack, under each of their names: AWS JSON 1.1, of Kinesis also CBOR."""

    def __init__(
        self,
        settings: AwsApiSettings,
        clock: Clock,
        *,
        retry_seconds: float,
        firehose: tuple[FirehoseSink, FirehoseSettings] | None = None,
        kinesis: tuple[KinesisSink, KinesisSettings] | None = None,
    ) -> None:
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._operations = {
            **dict.fromkeys((*FIREHOSE_OPERATIONS, *KINESIS_OPERATIONS), _absent),
            **(_of_firehose(*firehose, settings.stream_alias) if firehose else {}),
            **(_of_kinesis(*kinesis, settings.stream_alias) if kinesis else {}),
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


def _of_firehose(sink: FirehoseSink, settings: FirehoseSettings, alias: str) -> dict[str, AwsOperation]:
    names = {settings.delivery_stream_name, alias, *settings.aliases}
    operations = FirehoseOperations(sink, names, delimit=settings.delimiter == "newline")
    done = (operations.put_record, operations.put_record_batch, operations.describe)
    return dict(zip(FIREHOSE_OPERATIONS, done, strict=True))


def _of_kinesis(sink: KinesisSink, settings: KinesisSettings, alias: str) -> dict[str, AwsOperation]:
    names = StreamNames({settings.stream_name, alias, *settings.aliases})
    puts, reads = KinesisOperations(sink, names), KinesisDescribe(sink, names)
    done = (
        *(puts.put_record, puts.put_records),
        *(reads.describe, reads.summarise, reads.list_shards, reads.list_streams),
    )
    return dict(zip(KINESIS_OPERATIONS, done, strict=True))


def _absent(_body: Structure, _deliver: object) -> Answer:
    """The answer of every operation on a stream that this stage does not have."""
    raise BadRequest("ResourceNotFoundException", "This stage has no such stream.")
