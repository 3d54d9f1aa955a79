import json
import os
import subprocess
import sys

import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk.assertions import Template
from known_metrics import is_known

from distributary.metrics import UNITS, WAITING
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

    assert {name for namespace, name, _ in metrics if namespace == "Distributary"} == UNITS.keys() - {*WAITING.values()}
    assert statistics == {"p50", "p95", "p99"}
    assert len(body["widgets"][0]["properties"]["alarms"]) > 20


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


class Told(Part):
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
    first = Told(Graph("Cost", "Records in", [one]), Graph("Events", "Answers", [two]))

    sections = by_section([first, Told(), Told(Graph("Cost", "Records in", [three]))])

    assert [(name, [*graphs.items()]) for name, graphs in sections.items()] == [
        ("Events", [("Answers", [two])]),
        ("Cost", [("Records in", [one, three])]),
    ]


def test_what_a_stage_lacks_has_no_graph(stack, configured):
    """Without alarms there is no line of them, without an API none of its graphs; what a part yields is there."""
    parts = [Told(Graph("Sinks", "Spilled", [metric("One")]))]
    Dashboard(stack, "Dashboard", configuration=configured(dashboard={"on": True}), parts=parts)
    [(_, body)] = bodies(Template.from_stack(stack).to_json())

    assert not [one for one in body["widgets"] if one["type"] == "alarm"]
    assert "AWS/" not in json.dumps(body)
    [graph] = [one["properties"] for one in body["widgets"] if one["type"] == "metric"]
    assert graph["title"] == "Spilled"
    assert [line[:2] for line in graph["metrics"]] == [["Tests", "One"]]
