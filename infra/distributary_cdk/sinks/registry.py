"""The sinks that a stage deploys, in the order in which the template has them."""

from distributary_cdk.sinks.firehose import Firehose
from distributary_cdk.sinks.iot_events import IotEvents
from distributary_cdk.sinks.kinesis import Kinesis
from distributary_cdk.sinks.sink import Sink

SINKS: tuple[type[Sink], ...] = (Firehose, Kinesis, IotEvents)
