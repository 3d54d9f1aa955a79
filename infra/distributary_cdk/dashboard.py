"""The CloudWatch dashboard of a stage: the state of its alarms, then each graph that its parts yield."""

from collections.abc import Iterable, Sequence

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.home import unique_name
from distributary_cdk.part import Graph, Part

# An account's first three dashboards are free up to so many metrics: https://aws.amazon.com/cloudwatch/pricing/
FREE_METRICS = 50
# The order of the sections on the dashboard.
SECTIONS = ("Events", "Sinks", "What waits", "Detectors", "Functions", "Cost")


class Dashboard(Construct):
    """The graphs of these parts and the state of these alarms. A stage may have its dashboard switched off."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        configuration: Configuration,
        parts: Iterable[Part] = (),
        alarms: Sequence[cloudwatch.Alarm] = (),
        http_api: apigateway.HttpApi | None = None,
    ) -> None:
        super().__init__(scope, name)
        if not configuration.dashboard.on:
            return
        # Loaded where it is used: it takes a quarter of a second, and the local stage has no dashboard.
        import cdk_monitoring_constructs as monitoring  # noqa: PLC0415 - see above

        prefix = unique_name(self)
        factory = monitoring.DefaultDashboardFactory(self, "Factory", dashboard_name_prefix=prefix)
        facade = monitoring.MonitoringFacade(self, "Facade", dashboard_factory=factory)
        if alarms:
            facade.add_widget(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=[*alarms], width=24, height=6))
        latencies = [monitoring.LatencyType.P50, monitoring.LatencyType.P95, monitoring.LatencyType.P99]
        if http_api:
            facade.monitor_api_gateway_v2_http_api(
                api=http_api,
                latency_types_to_render=latencies,
                human_readable_name="HTTP API",
                alarm_friendly_name="HttpApi",
            )
        for section, graphs in by_section(parts).items():
            groups = [monitoring.CustomMetricGroup(title=title, metrics=metrics) for title, metrics in graphs.items()]
            name = section.replace(" ", "")
            facade.monitor_custom(metric_groups=groups, human_readable_name=section, alarm_friendly_name=name)


def by_section(parts: Iterable[Part]) -> dict[str, dict[str, list[cloudwatch.Metric]]]:
    """The metrics of each graph, by section and title; sections in the dashboard's order, titles as parts name them."""
    found: list[Graph] = [graph for part in parts for graph in part.graphs()]
    sections: dict[str, dict[str, list[cloudwatch.Metric]]] = {section: {} for section in SECTIONS}
    for graph in found:
        sections[graph.section].setdefault(graph.title, []).extend(graph.metrics)
    return {section: graphs for section, graphs in sections.items() if graphs}
