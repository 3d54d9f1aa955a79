"""What each part of a stage tells the stack: its outputs, its alarms and its graphs."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import IConstruct

from distributary_cdk.configuration import AlarmsProps

# The period of every graph's metrics.
GRAPH_PERIOD = cdk.Duration.minutes(5)
MINUTE = cdk.Duration.minutes(1)


class Watch(NamedTuple):
    """One alarm: it rings when `metric` is over `threshold` for `periods` in a row.

    `kind` is its entry in docs/how-to/runbook.md. `of` is the watched resource, whose path and kind name the alarm, or
    the alarm's whole name.
    """

    kind: str
    of: IConstruct | str
    metric: cloudwatch.IMetric
    threshold: float
    periods: int = 1


class Graph(NamedTuple):
    """Metrics of one graph of the dashboard. Parts that name the same section and title share the graph."""

    section: str
    title: str
    metrics: list[cloudwatch.Metric]


class Part:
    """A part of a stage. Without more it has no outputs, no alarms and no graphs."""

    outputs: Mapping[str, str] = MappingProxyType({})

    def alarms(self) -> Iterator[Watch]:
        """The alarms of this part's resources and metrics."""
        yield from ()

    def graphs(self) -> Iterator[Graph]:
        """The graphs of this part's resources and metrics."""
        yield from ()


def period(limits: AlarmsProps) -> cdk.Duration:
    """The period of an alarm's metric."""
    return cdk.Duration.minutes(limits.period_minutes)


def periods(minutes: int, limits: AlarmsProps) -> int:
    """The number of periods in so many minutes, at least 1."""
    return max(1, round(minutes / limits.period_minutes))
