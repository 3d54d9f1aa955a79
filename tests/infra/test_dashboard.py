import json
import os
import subprocess
import sys

import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk.assertions import Template
from known_metrics import is_known

from distributary.sinks.registry import EVERY_UNIT, SINKS
from distributary_cdk.dashboard import FREE_METRICS, Dashboard, by_section
from distributary_cdk.part import Graph, Part


def bodies(template):
    """Names and bodies of a template's dashboards; what only the deployment knows stands as its logical id."""
    resources = template.get("Resources", {})
    found = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::CloudWatch::Dashboard"]
    return [(one["DashboardName"], json.loads(written(one["DashboardBody"]))) for one in found]


def written(value):
    """A template's value as text."""
    if isinstance(value, str):
        return value
    return "".join(map(written, value["Fn::Join"][1])) if "Fn::Join" in value else str(next(iter(value.values())))


@pytest.fixture(scope="module")
def body(synthesised):
    """The one dashboard of a stage with alarms."""
    [(name, body)] = bodies(synthesised("prod"))
    assert name == "prod"
    return body


@pytest.fixture
def metrics(body):
    """Namespace, name and dimensions, a tuple of names and values, of every metric that a graph shows."""
    lines = [
        line for one in body["widgets"] for line in one["properties"].get("metrics", []) if isinstance(line[0], str)
    ]
    found = [[part for part in line if not isinstance(part, dict)] for line in lines]
    return {(line[0], line[1], tuple(line[2:])) for line in found}


def test_every_metric_exists(metrics):
    """Each is one that AWS documents or that our own log lines make, with its dimensions."""
    assert [one for one in metrics if not is_known(one[0], one[1], set(one[2][::2]))] == []


def test_what_it_shows(metrics, body):
    """All of our own metrics but one that others imply, latency at three percentiles, and how the alarms stand."""
    statistics = {
        line[-1]["stat"]
        for one in body["widgets"]
        for line in one["properties"].get("metrics", [])
        if line[1:2] == ["Latency"]
    }

    assert {name for namespace, name, _ in metrics if namespace == "Distributary"} == EVERY_UNIT.keys() - {
        kind.metrics.pending for kind in SINKS
    }
    assert statistics == {"p50", "p95", "p99"}
    assert len(body["widgets"][0]["properties"]["alarms"]) > 20


def each_sink(metric):
    """This metric of every sink, in their order."""
    return [metric.replace("*", sink) for sink in ("firehose", "kinesis", "iot_events")]


# Metric, statistic and, where it is not the metric's own name, the label of each line.
GRAPHS = {
    "Events": {
        "Answers": ["accepted Sum", "rejected Sum", "retry Sum"],
        "Requests refused for their key": ["refused_keys Sum"],
    },
    "Sinks": {
        "Delivered at once": each_sink("delivered_* Sum"),
        "Spilled": each_sink("spilled_* Sum"),
        "Redriven": each_sink("redriven_* Sum"),
        "Throttled by AWS": ["ThrottledRecords Sum", "WriteProvisionedThroughputExceeded Sum"],
        "On the way to the bucket, in s": ["DeliveryToS3.DataFreshness Maximum"],
        "Consumers of Kinesis behind, in ms": ["GetRecords.IteratorAgeMilliseconds Maximum"],
    },
    "What waits": {
        "Messages in the retry queues": [
            f"ApproximateNumberOfMessagesVisible Maximum {name}" for name in ("Firehose", "Kinesis", "IotEvents")
        ],
        "Oldest spilled record, in s": each_sink("oldest_spilled_seconds_* Maximum"),
        "Dead letters": each_sink("dead_letters_* Sum"),
        "Oldest message for detectors, in s": ["ApproximateAgeOfOldestMessage Maximum"],
    },
    "Detectors": {
        "Detectors stepped": ["detectors_stepped Sum"],
        "Actions that failed": ["actions_failed Sum"],
        "Timers late, in s": ["timers_late_seconds Maximum"],
    },
    "Functions": {
        title: [f"{title} Sum {name}" for name in ("RunDetectors", "Ingest", "Redrive")]
        for title in ("Errors", "Throttles")
    },
    "Cost": {
        "Requests": ["Count Sum"],
        "Bytes in: HTTP API": ["DataProcessed Sum"],
        "Bytes in: streams": ["IncomingBytes Sum"] * 2,
        "Records in": ["IncomingRecords Sum"] * 2,
        "Milliseconds of ingest": ["Duration Sum"],
    },
}


def test_each_graph_shows_what_its_title_says(body):
    """Under its heading, in this order, with a statistic that fits; each line has the default period, five minutes."""
    found, graphs = {}, {}
    for one in body["widgets"]:
        about = one["properties"]
        if one["type"] == "text":
            graphs = found.setdefault(about["markdown"].removeprefix("### "), {})
        elif one["type"] == "metric":
            graphs[about["title"]] = [
                " ".join(filter(None, (line[1], line[-1]["stat"], line[-1].get("label"))))
                for line in about["metrics"]
                if isinstance(line[0], str) and "stat" in line[-1]
            ]
            assert not [line for line in about["metrics"] if "period" in line[-1]]
    api = next(iter(found))

    assert api.endswith("**HTTP API**")
    assert [(title, graphs) for title, graphs in found.items() if title != api] == list(GRAPHS.items())


def test_the_alarms_come_first(body):
    """In the dashboard's whole width."""
    first = body["widgets"][0]

    assert (first["type"], first["properties"]["title"]) == ("alarm", "Alarms")
    assert {name: first[name] for name in ("x", "y", "width", "height")} == {"x": 0, "y": 0, "width": 24, "height": 6}


def test_it_stays_free(metrics):
    """CloudWatch asks nothing for the first dashboards of so many metrics."""
    assert len(metrics) <= FREE_METRICS


def test_a_stage_may_have_none(stack, configured):
    """Then the library is not even loaded."""
    Dashboard(stack, "Dashboard", configuration=configured(dashboard={"on": False}))
    code = "import sys, distributary_cdk.stack; sys.exit('cdk_monitoring_constructs' in sys.modules)"

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    assert bodies(Template.from_stack(stack).to_json()) == []
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


class PartWithGraphs(Part):
    """A part with these graphs."""

    def __init__(self, *graphs):
        self._graphs = graphs

    def graphs(self):
        """These."""
        yield from self._graphs


def metric(name):
    """A metric that CloudWatch need not know."""
    return cloudwatch.Metric(namespace="Tests", metric_name=name)


def test_parts_share_the_graphs_that_they_name_alike():
    """Sections stand in the dashboard's order, graphs as the parts come, without sections that nobody names."""
    one, two, three = (metric(name) for name in ("One", "Two", "Three"))
    first = PartWithGraphs(Graph("Cost", "Records in", [one]), Graph("Events", "Answers", [two]))

    sections = by_section([first, PartWithGraphs(), PartWithGraphs(Graph("Cost", "Records in", [three]))])

    assert [(name, [*graphs.items()]) for name, graphs in sections.items()] == [
        ("Events", [("Answers", [two])]),
        ("Cost", [("Records in", [one, three])]),
    ]


def test_what_a_stage_lacks_has_no_graph(stack, configured):
    """Without alarms there is no line of them, without an API none of its graphs; what a part yields is there."""
    parts = [PartWithGraphs(Graph("Sinks", "Spilled", [metric("One")]))]
    Dashboard(stack, "Dashboard", configuration=configured(dashboard={"on": True}), parts=parts)
    [(_, body)] = bodies(Template.from_stack(stack).to_json())

    assert not [one for one in body["widgets"] if one["type"] == "alarm"]
    assert "AWS/" not in json.dumps(body)
    [graph] = [one["properties"] for one in body["widgets"] if one["type"] == "metric"]
    assert graph["title"] == "Spilled"
    assert [line[:2] for line in graph["metrics"]] == [["Tests", "One"]]
