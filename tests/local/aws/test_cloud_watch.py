import json

import pytest

EMBEDDED = {
    "_aws": {
        "Timestamp": 1,
        "CloudWatchMetrics": [
            {
                "Namespace": "Ours",
                "Dimensions": [["stage"]],
                "Metrics": [{"Name": "accepted", "Unit": "Count"}, {"Name": "spread"}, {"Name": "absent"}],
            }
        ],
    },
    "stage": "local",
    "accepted": 3,
    "spread": [1, 2],
    "text": "…",
}


@pytest.fixture
def keep(aws):
    """Keeps a line, in the embedded AWS's own process."""
    return lambda group, line, stream="2026/11/22/[$LATEST]1": aws.inside(f"cloud_watch.keep{(group, stream, line)!r}")


def test_a_line_is_found_in_its_group(aws, keep, unique) -> None:
    """By FilterLogEvents, with its stream; a group that does not exist is not made."""
    logs, group = aws.client("logs"), unique("group")
    keep(group, "lost")
    logs.create_log_group(logGroupName=group)
    keep(group, "first")
    keep(group, "second\n  with a trace", "other")
    found = logs.filter_log_events(logGroupName=group)["events"]

    assert [(one["logStreamName"][:5], one["message"]) for one in found] == [
        ("2026/", "first"),
        ("other", "second\n  with a trace"),
    ]


def test_metrics_are_read_out_of_lines(aws, keep, unique) -> None:
    """Those that the line has a value for, with its dimensions; a list is many values."""
    cloudwatch, group = aws.client("cloudwatch"), unique("group")
    aws.client("logs").create_log_group(logGroupName=group)
    keep(group, json.dumps(EMBEDDED, ensure_ascii=False))
    keep(group, 'not JSON, but with "_aws" in it')
    found = cloudwatch.list_metrics(Namespace="Ours")["Metrics"]

    assert {one["MetricName"] for one in found} == {"accepted", "spread"}
    assert all(one["Dimensions"] == [{"Name": "stage", "Value": "local"}] for one in found)
    values = [one["Value"] for one in cloudwatch_values(aws)]
    assert sorted(values) == [1, 2, 3]


def cloudwatch_values(aws) -> list[dict]:
    """The data of the namespace."""
    data = "cloud_watch.cloudwatch_backends['123456789012']['us-east-1'].metric_data"
    return [{"Value": one} for one in aws.inside(f"[d.value for d in {data} if d.namespace == 'Ours']")]


def test_what_is_old_is_forgotten(aws, keep, unique) -> None:
    """Of each stream so many lines are kept that a long run does not fill the memory."""
    group = unique("group")
    aws.client("logs").create_log_group(logGroupName=group)
    aws.inside(f"[cloud_watch.keep({group!r}, 's', str(n)) for n in range(2 * cloud_watch.KEPT + 1)] and None")

    events = f"cloud_watch.logs_backends['123456789012']['us-east-1'].groups[{group!r}].streams['s'].events"
    assert aws.inside(f"(len({events}), {events}[-1].message)") == (10_000, "20000")
