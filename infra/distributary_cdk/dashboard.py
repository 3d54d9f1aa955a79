"""What a stage does and what it costs, on one CloudWatch dashboard; first of all, how its alarms stand."""

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.graphs import sections
from distributary_cdk.home import home, unique_name

# An account's first three dashboards are free up to so many metrics: https://aws.amazon.com/cloudwatch/pricing/
FREE_METRICS = 50


class Dashboard(Construct):
    """Graphs of all that its Distributary has by then; nothing where the stage has its dashboard switched off."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration) -> None:
        super().__init__(scope, name)
        if not configuration.dashboard.on:
            return
        # Loaded where it is used: it takes a quarter of a second, and the local stage has no dashboard.
        import cdk_monitoring_constructs as monitoring  # noqa: PLC0415 - see above

        parts = home(self).node.find_all()
        factory = monitoring.DefaultDashboardFactory(self, "Factory", dashboard_name_prefix=unique_name(self))
        facade = monitoring.MonitoringFacade(self, "Facade", dashboard_factory=factory)
        if alarms := [part for part in parts if isinstance(part, cloudwatch.Alarm)]:
            facade.add_widget(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms, width=24, height=6))
        latencies = [monitoring.LatencyType.P50, monitoring.LatencyType.P95, monitoring.LatencyType.P99]
        for api in (part for part in parts if isinstance(part, apigateway.HttpApi)):
            facade.monitor_api_gateway_v2_http_api(
                api=api,
                latency_types_to_render=latencies,
                human_readable_name="HTTP API",
                alarm_friendly_name="HttpApi",
            )
        for title, graphs in sections(parts, configuration.stage).items():
            groups = [monitoring.CustomMetricGroup(title=one.title, metrics=one.metrics) for one in graphs]
            name = title.replace(" ", "")
            facade.monitor_custom(metric_groups=groups, human_readable_name=title, alarm_friendly_name=name)
