import re
from dataclasses import fields
from pathlib import Path

import pytest
from known_metrics import is_known

from distributary_cdk.configuration import AlarmsProps as Settings

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
    entries = set(re.findall(r"^## ([a-z-]+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE))

    assert {alarm["AlarmDescription"].removeprefix("docs/runbook.md#") for alarm in alarms.values()} == entries


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
        *("function-errors", "function-throttles", "function-slow"),
    }

    assert kinds == wanted
    assert {"KinesisSinkRefuses", "FirehoseSinkRefuses", "IotEventsSinkRefuses"} <= set(alarms)
    assert {"StreamsDeliveryDeliveryErrors", "StreamsDeliveryLogsDeliveryErrors"} <= set(alarms)


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
