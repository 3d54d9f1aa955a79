"""When somebody should look: an alarm for each way in which a stage can be ill, described in docs/runbook.md."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IConstruct

from distributary.events import SINK_NAMES
from distributary.metrics import DEAD_LETTERS, OLDEST
from infra.configuration import Configuration
from infra.own_metric import own

_MINUTE, _FIVE = cdk.Duration.minutes(1), cdk.Duration.minutes(5)
# Where nothing should ever be: what is here has been given up by the queue before it.
_LAST = re.compile(r".*(Dead\w*|SetAside|LateWakes)")
_FUNCTION_SECONDS = 29
# Firehose tries again by itself for 24 hours: a quarter of an hour more than the buffer is no passing fault.
_FRESHNESS_SECONDS = 900


class Watch(NamedTuple):
    """One alarm: of the entry `kind` in the runbook, when `metric` is over `threshold` for `periods` in a row."""

    kind: str
    metric: cloudwatch.IMetric
    threshold: float
    periods: int = 1


class Alarms(Construct):
    """Alarms of every function, queue, stream and API that its stack has when this is made."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration) -> None:
        super().__init__(scope, name)
        if not configuration.alarms.on:
            return
        topic = configuration.alarms.topic
        action = actions.SnsAction(sns.Topic.from_topic_arn(self, "Topic", topic)) if topic else None
        for construct in cdk.Stack.of(self).node.find_all():
            of = "".join(construct.node.path.split("/")[1:])
            for watch in _watches(construct, configuration):
                self._alarm(f"{of}{watch.kind.title().replace('-', '')}", watch, action)
        for sink in SINK_NAMES:
            of = sink.title().replace("_", "")
            letters = own(DEAD_LETTERS[sink], "Sum", stage=configuration.stage)
            self._alarm(f"{of}DeadLetters", Watch("dead-letters", letters, 0), action)
            # SQS's own age leaves out what was received more than three times, which is what waits longest.
            oldest = own(OLDEST[sink], "Maximum", stage=configuration.stage)
            self._alarm(f"{of}SpillAge", Watch("queue-age", oldest, configuration.alarms.queue_age_seconds), action)

    def _alarm(self, name: str, watch: Watch, action: cloudwatch.IAlarmAction | None) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_description=f"docs/runbook.md#{watch.kind}",
            metric=watch.metric,
            threshold=watch.threshold,
            evaluation_periods=watch.periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if action:
            alarm.add_alarm_action(action)
            alarm.add_ok_action(action)


def _watches(construct: IConstruct, configuration: Configuration) -> Iterator[Watch]:
    """What is watched of a construct; nothing of most."""
    limits = configuration.alarms
    if isinstance(construct, lambda_.Function):
        yield Watch("function-errors", construct.metric_errors(statistic="Sum", period=_FIVE), 0)
        yield Watch("function-throttles", construct.metric_throttles(statistic="Sum", period=_MINUTE), 0, 5)
        longest = (construct.timeout.to_seconds() if construct.timeout else _FUNCTION_SECONDS) * 900
        yield Watch("function-slow", construct.metric_duration(statistic="Maximum", period=_FIVE), longest)
    elif isinstance(construct, sqs.Queue) and _LAST.fullmatch(construct.node.id):
        visible = construct.metric_approximate_number_of_messages_visible(statistic="Maximum", period=_FIVE)
        yield Watch("set-aside", visible, 0)
    elif isinstance(construct, sqs.Queue):
        age = construct.metric_approximate_age_of_oldest_message(statistic="Maximum", period=_MINUTE)
        yield Watch("queue-age", age, limits.queue_age_seconds, 3)
    elif isinstance(construct, kinesis.Stream):
        throttled = construct.metric_write_provisioned_throughput_exceeded(statistic="Sum", period=_MINUTE)
        yield Watch("stream-throttles", throttled, 0, 5)
        behind = construct.metric_get_records_iterator_age_milliseconds(statistic="Maximum", period=_FIVE)
        yield Watch("stream-behind", behind, configuration.kinesis.retention_hours * 3_600_000 // 2)
    elif isinstance(construct, firehose.DeliveryStream):
        age = construct.metric("DeliveryToS3.DataFreshness", statistic="Maximum", period=_FIVE)
        yield Watch("delivery-late", age, configuration.firehose.buffer_seconds + _FRESHNESS_SECONDS)
    elif isinstance(construct, apigateway.HttpApi):
        parts = {"errors": construct.metric_server_error(), "requests": construct.metric_count(statistic="Sum")}
        share = cloudwatch.MathExpression(expression="100 * errors / requests", using_metrics=parts, period=_FIVE)
        yield Watch("server-errors", share, limits.error_percent)
        latency = construct.metric_latency(statistic="p99", period=_FIVE)
        yield Watch("slow-answers", latency, limits.p99_seconds * 1000, 3)
