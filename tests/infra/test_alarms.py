import re
from pathlib import Path

import pytest
from known_metrics import is_known

ROOT = Path(__file__).parent.parent.parent
TOPIC = "arn:aws:sns:eu-west-1:123456789012:calls"  # of the stack that is told


def alarms_in(template):
    """The alarms of a template, by logical id without hash."""
    return {
        name[:-8].removeprefix("Alarms"): each["Properties"]
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    }


@pytest.fixture(scope="module")
def alarms(synthesised):
    """The alarms of the shipped thresholds."""
    return alarms_in(synthesised("prod"))


def metrics(alarm):
    """Namespace, name and dimensions of each metric that an alarm looks at."""
    stats = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one] or [alarm]
    return [((one["Namespace"], one["MetricName"]), {each["Name"] for each in one["Dimensions"]}) for one in stats]


def test_every_metric_exists(alarms):
    """Each is one that AWS documents or that our own log lines make, with its dimensions."""
    for name, alarm in alarms.items():
        for (namespace, metric), dimensions in metrics(alarm):
            assert is_known(namespace, metric, dimensions), name


def test_every_alarm_has_its_entry_in_the_runbook(alarms):
    """And no entry is about an alarm that is not."""
    entries = set(re.findall(r"^## ([a-z-]+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE))

    assert {alarm["AlarmDescription"].removeprefix("docs/runbook.md#") for alarm in alarms.values()} == entries


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


def test_thresholds_are_settings(synthesised):
    """And a topic is told of the fault and of its end."""
    alarms = alarms_in(synthesised("told"))

    assert alarms["ApiHttpServerErrors"]["Threshold"] == 7
    assert alarms["ApiHttpSlowAnswers"]["Threshold"] == 2000
    assert alarms["SpillKinesisQueueAge"]["Threshold"] == 99
    assert {(*alarm["AlarmActions"], *alarm["OKActions"]) for alarm in alarms.values()} == {(TOPIC, TOPIC)}


def test_silence(alarms, synthesised):
    """A stage may have none, and missing data is no alarm."""
    assert alarms_in(synthesised("dev")) == {}
    assert {alarm["TreatMissingData"] for alarm in alarms.values()} == {"notBreaching"}
