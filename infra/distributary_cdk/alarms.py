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
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IConstruct

from distributary.events import SINK_NAMES
from distributary.metrics import DEAD_LETTERS, OLDEST, REFUSED_KEYS, SPILLED
from distributary_cdk import configuration as configured
from distributary_cdk.configuration import Configuration
from distributary_cdk.home import home, ids_below
from distributary_cdk.own_metric import own

_MINUTE = cdk.Duration.minutes(1)
# Where nothing should ever be: what is here has been given up by the queue before it.
_LAST = re.compile(r".*(Dead\w*|SetAside|LateWakes)")
_FUNCTION_SECONDS = 29


class Watch(NamedTuple):
    """One alarm: of the entry `kind` in the runbook, when `metric` is over `threshold` for `periods` in a row."""

    kind: str
    metric: cloudwatch.IMetric
    threshold: float
    periods: int = 1


class Alarms(Construct):
    """Alarms of every function, queue, stream and API that its Distributary has by then, and of our own metrics."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration) -> None:
        super().__init__(scope, name)
        if not configuration.alarms.on:
            return
        action = self._action(configuration)
        for construct in home(self).node.find_all():
            of = "".join(ids_below(construct))
            for watch in _watches(construct, configuration):
                self._alarm(f"{of}{watch.kind.title().replace('-', '')}", watch, action)
        for of, watch in _own_watches(configuration):
            self._alarm(of, watch, action)

    def _action(self, configuration: Configuration) -> cloudwatch.IAlarmAction | None:
        if configuration.alarm_topic:
            return actions.SnsAction(configuration.alarm_topic)
        topic = configuration.alarms.topic
        return actions.SnsAction(sns.Topic.from_topic_arn(self, "Topic", topic)) if topic else None

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


def _own_watches(configuration: Configuration) -> Iterator[tuple[str, Watch]]:
    """What is watched of our own metrics, with a name each."""
    limits = configuration.alarms

    def metric(name: str, statistic: str) -> cloudwatch.Metric:
        return own(name, statistic, stage=configuration.stage, minutes=limits.period_minutes)

    yield "RefusedKeys", Watch("refused-keys", metric(REFUSED_KEYS, "Sum"), limits.refused_keys)
    for sink in SINK_NAMES:
        of = sink.title().replace("_", "")
        yield f"{of}DeadLetters", Watch("dead-letters", metric(DEAD_LETTERS[sink], "Sum"), 0)
        spilling = _periods(limits.spilling_minutes, limits)
        yield f"{of}SinkRefuses", Watch("sink-refuses", metric(SPILLED[sink], "Sum"), 0, spilling)
        # SQS's own age leaves out what was received more than three times, which is what waits longest.
        yield f"{of}SpillAge", Watch("queue-age", metric(OLDEST[sink], "Maximum"), limits.queue_age_seconds)


def _watches(construct: IConstruct, configuration: Configuration) -> Iterator[Watch]:
    """What is watched of a construct; nothing of most."""
    limits = configuration.alarms
    period = cdk.Duration.minutes(limits.period_minutes)
    if isinstance(construct, lambda_.Function):
        yield from _of_function(construct, limits, period)
    elif isinstance(construct, sqs.Queue) and _LAST.fullmatch(construct.node.id):
        visible = construct.metric_approximate_number_of_messages_visible(statistic="Maximum", period=period)
        yield Watch("set-aside", visible, 0)
    elif isinstance(construct, sqs.Queue):
        age = construct.metric_approximate_age_of_oldest_message(statistic="Maximum", period=_MINUTE)
        yield Watch("queue-age", age, limits.queue_age_seconds, 3)
    elif isinstance(construct, kinesis.Stream):
        throttled = construct.metric_write_provisioned_throughput_exceeded(statistic="Sum", period=_MINUTE)
        yield Watch("stream-throttles", throttled, 0, limits.throttled_minutes)
        behind = construct.metric_get_records_iterator_age_milliseconds(statistic="Maximum", period=period)
        milliseconds = configuration.kinesis.retention_hours * 3_600_000
        yield Watch("stream-behind", behind, milliseconds * limits.behind_percent // 100)
    elif isinstance(construct, firehose.DeliveryStream):
        yield from _of_delivery(construct, configuration, period)
    elif isinstance(construct, logs.LogGroup) and construct.node.id == "DeliveryLogs":
        # Firehose writes nothing but errors there, those of records that go to the error prefix among them.
        yield Watch("delivery-errors", _lines_of(construct, period), 0)
    elif isinstance(construct, apigateway.HttpApi):
        yield from _of_api(construct, limits, period)


def _lines_of(group: logs.LogGroup, period: cdk.Duration) -> cloudwatch.Metric:
    """How many lines came in; the construct's own metric is that of all groups of the account."""
    return cloudwatch.Metric(
        namespace="AWS/Logs",
        metric_name="IncomingLogEvents",
        dimensions_map={"LogGroupName": group.log_group_name},
        statistic="Sum",
        period=period,
    )


def _of_function(function: lambda_.Function, limits: configured.AlarmsProps, period: cdk.Duration) -> Iterator[Watch]:
    yield Watch("function-errors", function.metric_errors(statistic="Sum", period=period), 0)
    throttles = function.metric_throttles(statistic="Sum", period=_MINUTE)
    yield Watch("function-throttles", throttles, 0, limits.throttled_minutes)
    longest = (function.timeout.to_seconds() if function.timeout else _FUNCTION_SECONDS) * 10 * limits.timeout_percent
    yield Watch("function-slow", function.metric_duration(statistic="Maximum", period=period), longest)


def _of_delivery(
    stream: firehose.DeliveryStream, configuration: Configuration, period: cdk.Duration
) -> Iterator[Watch]:
    limits = configuration.alarms
    age = stream.metric("DeliveryToS3.DataFreshness", statistic="Maximum", period=period)
    yield Watch("delivery-late", age, configuration.firehose.buffer_seconds + limits.delivery_late_seconds)
    # The successful puts over all of them: https://docs.aws.amazon.com/firehose/latest/dev/cloudwatch-metrics.html
    success = {"success": stream.metric("DeliveryToS3.Success", statistic="Average")}
    failed = cloudwatch.MathExpression(expression="100 * (1 - success)", using_metrics=success, period=period)
    yield Watch("delivery-errors", failed, limits.error_percent, _periods(limits.slow_minutes, limits))
    throttled = stream.metric("ThrottledRecords", statistic="Sum", period=_MINUTE)
    yield Watch("stream-throttles", throttled, 0, limits.throttled_minutes)


def _of_api(api: apigateway.HttpApi, limits: configured.AlarmsProps, period: cdk.Duration) -> Iterator[Watch]:
    parts = {"errors": api.metric_server_error(), "requests": api.metric_count(statistic="Sum")}
    share = cloudwatch.MathExpression(expression="100 * errors / requests", using_metrics=parts, period=period)
    yield Watch("server-errors", share, limits.error_percent)
    latency = api.metric_latency(statistic="p99", period=period)
    yield Watch("slow-answers", latency, limits.p99_seconds * 1000, _periods(limits.slow_minutes, limits))


def _periods(minutes: int, limits: configured.AlarmsProps) -> int:
    """How many periods so many minutes are, one at least."""
    return max(1, round(minutes / limits.period_minutes))
