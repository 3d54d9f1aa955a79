import re
from dataclasses import fields
from pathlib import Path

import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template
from constructs import Construct
from known_metrics import is_known

from distributary_cdk.alarms import Alarms
from distributary_cdk.configuration import AlarmsProps as Settings
from distributary_cdk.part import Part, Watch

ROOT = Path(__file__).parent.parent.parent
TOPIC = "arn:aws:sns:eu-west-1:123456789012:calls"  # of the stack that is told


def alarms_in(template):
    """The alarms of a template, by logical id without hash."""
    return {
        name[:-8].removeprefix("Alarms"): each["Properties"]
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    }


# What each setting, in the stack that is told at a value that is not the shipped one, makes of an alarm.
CHANGED = {
    "period_minutes": ("RefusedKeys", {"Period": 600}),
    "error_percent": ("ApiHttpServerErrors", {"Threshold": 7}),
    "p99_seconds": ("ApiHttpSlowAnswers", {"Threshold": 2000}),
    "slow_minutes": ("ApiHttpSlowAnswers", {"EvaluationPeriods": 3}),
    "queue_age_seconds": ("SpillKinesisQueueAge", {"Threshold": 99}),
    "refused_keys": ("RefusedKeys", {"Threshold": 5}),
    "spilling_minutes": ("KinesisSinkRefuses", {"EvaluationPeriods": 1}),
    "throttled_minutes": ("StreamsStreamStreamThrottles", {"EvaluationPeriods": 9, "Period": 60}),
    "timeout_percent": ("IngestFunctionSlow", {"Threshold": 14_500}),
    "behind_percent": ("StreamsStreamStreamBehind", {"Threshold": 6 * 3_600_000}),
    "delivery_late_seconds": ("StreamsDeliveryDeliveryLate", {"Threshold": 360}),
}


# What the stack that is told watches, by entry of the runbook: statistic and metric, the seconds of a period, how many
# periods in a row, and the thresholds.
WATCHED = {
    "dead-letters": {
        ("Sum dead_letters_firehose", 600, 1, 0),
        ("Sum dead_letters_kinesis", 600, 1, 0),
        ("Sum dead_letters_iot_events", 600, 1, 0),
    },
    "delivery-errors": {
        ("Sum IncomingLogEvents", 600, 1, 0),
        ("100 * (1 - success), Average DeliveryToS3.Success", 600, 3, 7),
    },
    "actions-fail": {("Sum actions_failed", 600, 1, 0)},
    "delivery-late": {("Maximum DeliveryToS3.DataFreshness", 600, 1, 360)},
    "function-errors": {("Sum Errors", 600, 1, 0)},
    "function-slow": {("Maximum Duration", 600, 1, longest) for longest in (10_000, 14_500, 30_000)},
    "function-throttles": {("Sum Throttles", 60, 9, 0)},
    "queue-age": {
        ("Maximum oldest_spilled_seconds_firehose", 600, 1, 99),
        ("Maximum oldest_spilled_seconds_kinesis", 600, 1, 99),
        ("Maximum oldest_spilled_seconds_iot_events", 600, 1, 99),
        ("Maximum ApproximateAgeOfOldestMessage", 60, 3, 99),
    },
    "refused-keys": {("Sum refused_keys", 600, 1, 5)},
    "server-errors": {("100 * errors / requests, Sum 5xx, Sum Count", 600, 1, 7)},
    "set-aside": {("Maximum ApproximateNumberOfMessagesVisible", 600, 1, 0)},
    "sink-refuses": {
        ("Sum spilled_firehose", 600, 1, 0),
        ("Sum spilled_kinesis", 600, 1, 0),
        ("Sum spilled_iot_events", 600, 1, 0),
    },
    "slow-answers": {("p99 Latency", 600, 3, 2000)},
    "stream-behind": {("Maximum GetRecords.IteratorAgeMilliseconds", 600, 1, 6 * 3_600_000)},
    "stream-throttles": {
        ("Sum ThrottledRecords", 60, 9, 0),
        ("Sum WriteProvisionedThroughputExceeded", 60, 9, 0),
    },
}


@pytest.fixture(scope="module")
def alarms(synthesised):
    """The alarms of the shipped thresholds."""
    return alarms_in(synthesised("prod"))


def metrics(alarm):
    """Namespace, name and dimensions of each metric that an alarm looks at."""
    stats = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one] or [alarm]
    return [
        ((one["Namespace"], one["MetricName"]), {each["Name"] for each in one.get("Dimensions", [])}) for one in stats
    ]


def test_every_metric_exists(alarms):
    """Each is one that AWS documents or that our own log lines make, with its dimensions."""
    for name, alarm in alarms.items():
        for (namespace, metric), dimensions in metrics(alarm):
            assert is_known(namespace, metric, dimensions), name


def test_every_alarm_has_its_entry_in_the_runbook(alarms):
    """And no entry is about an alarm that is not."""
    entries = set(re.findall(r"^## ([a-z-]+)$", (ROOT / "docs/how-to/runbook.md").read_text(), re.MULTILINE))

    assert {alarm["AlarmDescription"].removeprefix("docs/how-to/runbook.md#") for alarm in alarms.values()} == entries


@pytest.mark.parametrize("stack", ["prod", "told", "careful"])
def test_a_threshold_may_be_reached(synthesised, stack):
    """Only what is over it alarms: most thresholds are 0, which is where a healthy stage is."""
    alarms = alarms_in(synthesised(stack))

    assert {one["ComparisonOperator"] for one in alarms.values()} == {"GreaterThanThreshold"}
    assert min(one["Threshold"] for one in alarms.values()) == 0
    assert ("ReleaseBrake" in alarms) is (stack == "careful")


def test_what_is_watched(alarms, synthesised):
    """Every function, queue, stream and the API, whichever the stack has."""
    resources = synthesised("prod")["Resources"]
    kinds = [each["Type"] for name, each in resources.items() if not name.startswith("Custom")]
    about = [next(iter(metrics(alarm)))[0] for alarm in alarms.values()]

    assert about.count(("AWS/Lambda", "Errors")) == kinds.count("AWS::Lambda::Function")
    queues = about.count(("AWS/SQS", "ApproximateAgeOfOldestMessage"))
    queues += about.count(("AWS/SQS", "ApproximateNumberOfMessagesVisible"))
    assert queues == kinds.count("AWS::SQS::Queue")
    assert {"StreamsDeliveryDeliveryLate", "ApiHttpServerErrors", "IotEventsDeadLetters", "IotEventsSpillAge"} <= set(
        alarms
    )


def test_what_one_is_on_call_for(alarms):
    """5xx and latency, each sink's refusals, Firehose's delivery, Kinesis, spill, dead letters, functions, keys."""
    kinds = {alarm["AlarmDescription"].partition("#")[2] for alarm in alarms.values()}
    wanted = {
        *("server-errors", "slow-answers", "stream-throttles", "stream-behind", "sink-refuses", "queue-age"),
        *("delivery-late", "delivery-errors", "dead-letters", "set-aside", "refused-keys"),
        *("function-errors", "function-throttles", "function-slow", "actions-fail"),
    }

    assert kinds == wanted
    assert {"KinesisSinkRefuses", "FirehoseSinkRefuses", "IotEventsSinkRefuses"} <= set(alarms)
    assert {"StreamsDeliveryDeliveryErrors", "StreamsDeliveryLogsDeliveryErrors"} <= set(alarms)


def watched(alarm):
    """What an alarm watches, as a row of WATCHED has it."""
    if "Metrics" not in alarm:
        metric = f"{alarm.get('Statistic') or alarm.get('ExtendedStatistic')} {alarm['MetricName']}"
        return (metric, alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"])
    stats = [one["MetricStat"] for one in alarm["Metrics"] if "MetricStat" in one]
    [expression] = [one["Expression"] for one in alarm["Metrics"] if "Expression" in one]
    [period] = {one["Period"] for one in stats}
    parts = [expression, *(f"{one['Stat']} {one['Metric']['MetricName']}" for one in stats)]
    return (", ".join(parts), period, alarm["EvaluationPeriods"], alarm["Threshold"])


def test_what_each_alarm_watches(synthesised):
    """Each entry of the runbook has alarms of these statistics, periods and thresholds only."""
    found = {}
    for alarm in alarms_in(synthesised("told")).values():
        found.setdefault(alarm["AlarmDescription"].partition("#")[2], set()).add(watched(alarm))

    assert found == WATCHED


@pytest.mark.parametrize("setting", CHANGED)
def test_periods_and_thresholds_are_settings(synthesised, setting):
    """Each of them changes what it is about."""
    name, expected = CHANGED[setting]
    alarm = alarms_in(synthesised("told"))[name]

    assert {member: alarm[member] for member in expected} == expected


def test_every_setting_of_an_alarm_is_tried():
    """And none is left out."""
    assert {each.name for each in fields(Settings)} - {"on", "topic"} == set(CHANGED)


def test_a_topic_is_told(synthesised):
    """Of the fault and of its end."""
    alarms = alarms_in(synthesised("told"))

    assert {(*alarm["AlarmActions"], *alarm["OKActions"]) for alarm in alarms.values()} == {(TOPIC, TOPIC)}


def test_silence(alarms, synthesised):
    """A stage may have none, and missing data is no alarm."""
    assert alarms_in(synthesised("dev")) == {}
    assert {alarm["TreatMissingData"] for alarm in alarms.values()} == {"notBreaching"}


class Told(Part):
    """A part with these alarms."""

    def __init__(self, *watches):
        self._watches = watches

    def alarms(self):
        """These."""
        yield from self._watches


@pytest.mark.parametrize("scope", ["alone", "alone/Events", "alone/Other"])
def test_an_alarm_is_named_for_what_it_watches(stack, configured, scope):
    """By the path below the alarms' own scope, wherever that is; or as its part says."""
    scope = stack if scope == "alone" else Construct(stack, scope.partition("/")[2])
    queue = sqs.Queue(Construct(scope, "Retry"), "Queue")
    metric = cloudwatch.Metric(namespace="Tests", metric_name="One")
    part = Told(Watch("queue-age", queue, metric, 7, 2), Watch("refused-keys", "RefusedKeys", metric, 0))
    configuration = configured(alarms={"on": True})
    alarms = Alarms(scope, "Alarms", configuration=configuration, parts=[Part(), part]).made

    assert [alarm.node.id for alarm in alarms] == ["RetryQueueQueueAge", "RefusedKeys"]
    found = Template.from_stack(stack).find_resources("AWS::CloudWatch::Alarm").values()
    assert {(one["Properties"]["Threshold"], one["Properties"]["EvaluationPeriods"]) for one in found} == {
        (7, 2),
        (0, 1),
    }
