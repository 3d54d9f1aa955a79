"""The dashboard's graphs: which metrics belong together, from the constructs that a stage has."""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import IConstruct

from distributary.events import SINK_NAMES
from distributary.metrics import (
    DEAD_LETTERS,
    DELIVERED,
    DETECTORS_STEPPED,
    EVENTS,
    OLDEST,
    REDRIVEN,
    REFUSED_KEYS,
    SPILLED,
    TIMERS_LATE,
)
from distributary_cdk.own_metric import own

_FIVE = cdk.Duration.minutes(5)
# The functions that events go through; the others' errors are alarms. `Ingest` is what a request costs.
_FUNCTIONS = ("Ingest", "Redrive", "RunDetectors")

T = TypeVar("T")


class Graph(NamedTuple):
    """One graph."""

    title: str
    metrics: list[cloudwatch.Metric]


def sections(constructs: Iterable[IConstruct], stage: str) -> dict[str, list[Graph]]:
    """The graphs by the heading that they stand under, without those of what the stage does not have."""
    parts = list(constructs)
    found = {
        "Events": _events(stage),
        "Sinks": [*_sinks(stage), *_streams(parts)],
        "What waits": [*_spilled(parts, stage), *_queue(parts)],
        "Detectors": _detectors(stage),
        "Functions": _functions(parts),
        "Cost": _costs(parts),
    }
    return {title: [graph for graph in graphs if graph.metrics] for title, graphs in found.items()}


def _events(stage: str) -> list[Graph]:
    return [
        Graph("Answers", [own(name, "Sum", stage=stage) for name in EVENTS]),
        Graph("Requests refused for their key", [own(REFUSED_KEYS, "Sum", stage=stage)]),
    ]


def _sinks(stage: str) -> list[Graph]:
    return [
        Graph(title, [own(names[sink], "Sum", stage=stage) for sink in SINK_NAMES])
        for title, names in (("Delivered at once", DELIVERED), ("Spilled", SPILLED), ("Redriven", REDRIVEN))
    ]


def _streams(parts: list[IConstruct]) -> list[Graph]:
    streams, deliveries = _all(parts, kinesis.Stream), _all(parts, firehose.DeliveryStream)
    throttled = [
        *(one.metric_write_provisioned_throughput_exceeded(statistic="Sum", period=_FIVE) for one in streams),
        *(one.metric("ThrottledRecords", statistic="Sum", period=_FIVE) for one in deliveries),
    ]
    behind = [one.metric_get_records_iterator_age_milliseconds(statistic="Maximum", period=_FIVE) for one in streams]
    late = [one.metric("DeliveryToS3.DataFreshness", statistic="Maximum", period=_FIVE) for one in deliveries]
    return [
        Graph("Throttled by AWS", throttled),
        Graph("Consumers of Kinesis behind, in ms", behind),
        Graph("On the way to the bucket, in s", late),
    ]


def _spilled(parts: list[IConstruct], stage: str) -> list[Graph]:
    queues = [one for one in _all(parts, sqs.Queue) if "/Spill/" in one.node.path and "SetAside" not in one.node.id]
    depths = [
        one.metric_approximate_number_of_messages_visible(label=one.node.id, statistic="Maximum", period=_FIVE)
        for one in queues
    ]
    return [
        Graph("Messages in the spill queues", depths),
        Graph("Oldest spilled record, in s", [own(OLDEST[sink], "Maximum", stage=stage) for sink in SINK_NAMES]),
        Graph("Dead letters", [own(DEAD_LETTERS[sink], "Sum", stage=stage) for sink in SINK_NAMES]),
    ]


def _queue(parts: list[IConstruct]) -> list[Graph]:
    queues = [one for one in _all(parts, sqs.Queue) if one.node.id == "Messages"]
    ages = [one.metric_approximate_age_of_oldest_message(statistic="Maximum", period=_FIVE) for one in queues]
    return [Graph("Oldest message for detectors, in s", ages)]


def _detectors(stage: str) -> list[Graph]:
    return [
        Graph("Detectors stepped", [own(DETECTORS_STEPPED, "Sum", stage=stage)]),
        Graph("Timers late, in s", [own(TIMERS_LATE, "Maximum", stage=stage)]),
    ]


def _functions(parts: list[IConstruct]) -> list[Graph]:
    functions = [one for one in _all(parts, lambda_.Function) if one.node.id in _FUNCTIONS]
    return [
        Graph("Errors", [one.metric_errors(label=one.node.id, period=_FIVE) for one in functions]),
        Graph("Throttles", [one.metric_throttles(label=one.node.id, period=_FIVE) for one in functions]),
    ]


def _costs(parts: list[IConstruct]) -> list[Graph]:
    apis, functions = _all(parts, apigateway.HttpApi), _all(parts, lambda_.Function)
    streams: list[kinesis.Stream | firehose.DeliveryStream] = []
    streams += [*_all(parts, kinesis.Stream), *_all(parts, firehose.DeliveryStream)]
    ingest = [one for one in functions if one.node.id == "Ingest"]
    return [
        Graph("Requests", [one.metric_count(statistic="Sum", period=_FIVE) for one in apis]),
        Graph("Bytes in: HTTP API", [one.metric_data_processed(statistic="Sum", period=_FIVE) for one in apis]),
        Graph("Bytes in: streams", [one.metric("IncomingBytes", statistic="Sum", period=_FIVE) for one in streams]),
        Graph("Records in", [one.metric("IncomingRecords", statistic="Sum", period=_FIVE) for one in streams]),
        Graph("Milliseconds of ingest", [one.metric_duration(statistic="Sum", period=_FIVE) for one in ingest]),
    ]


def _all(parts: list[IConstruct], kind: type[T]) -> list[T]:
    return [part for part in parts if isinstance(part, kind)]
