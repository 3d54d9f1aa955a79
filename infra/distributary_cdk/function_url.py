"""A Lambda function URL instead of an HTTP API: it serves what `ingest` serves, and costs nothing.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from distributary.metrics import EVENTS
from distributary_cdk.configuration import Configuration
from distributary_cdk.cors import EXPOSED_HEADERS, MAX_AGE_HOURS, allowed_headers
from distributary_cdk.embedded_metric import embedded_metric
from distributary_cdk.entrance import HttpProps
from distributary_cdk.part import GRAPH_PERIOD, Graph, Part, Watch, period, periods

# For each reserved execution: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-throttling
_REQUESTS_A_SECOND = 10
NOTICE = """[http] front = "function-url": this stage has no API Gateway.
  Missing are GET /v1/health and the detectors API (both 404), JSON Web Tokens, throttles of routes, the access log
  and a domain. Beyond functions.reserved_concurrency.ingest = {reserved} requests at once, or {a_second} a second,
  Lambda answers 429.
  The base URL is another one than with the HTTP API: a stage that changes its front needs the new output Endpoint in
  every client (docs/how-to/function-url.md)."""


class FunctionUrl(Part, Construct):
    """The endpoint: the URL of the alias of `ingest`, whose guard lets callers in. Lambda itself asks nobody."""

    http_api = None

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        function: lambda_.Function,
        alias: lambda_.IAlias,
        configuration: Configuration,
    ) -> None:
        super().__init__(scope, name)
        self._configuration, self._function = configuration, function
        http = configuration.http
        # With it come both permissions that a caller without credentials needs since 2025, InvokeFunctionUrl and
        # InvokeFunction: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
        self._url = lambda_.FunctionUrl(
            self,
            "Url",
            function=alias,
            auth_type=lambda_.FunctionUrlAuthType.NONE,
            invoke_mode=lambda_.InvokeMode.BUFFERED,
            cors=_cors(http) if http.cors_origins else None,
        )
        self.outputs = {"Endpoint": self.endpoint, "Front": http.front}
        reserved = configuration.functions.reserved_concurrency.ingest
        notice = NOTICE.format(reserved=reserved, a_second=_REQUESTS_A_SECOND * reserved)
        cdk.Annotations.of(self).add_info_v2("distributary:front", notice)

    @property
    def endpoint(self) -> str:
        """The base URL, without the slash that Lambda ends it with."""
        parts = cdk.Fn.split("/", self._url.url)
        return cdk.Fn.join("//", [cdk.Fn.select(0, parts), cdk.Fn.select(2, parts)])

    def alarms(self) -> Iterator[Watch]:
        """Alarms for the share of answers that are server errors, and for slow answers."""
        limits = self._configuration.alarms
        every = period(limits)
        counts = {"errors": self._metric("Url5xxCount"), "requests": self._metric("UrlRequestCount")}
        share = cloudwatch.MathExpression(expression="100 * errors / requests", using_metrics=counts, period=every)
        yield Watch("server-errors", self._url, share, limits.error_percent)
        latency = self._metric("UrlRequestLatency", "p99", every)
        yield Watch("slow-answers", self._url, latency, limits.p99_seconds * 1000, periods(limits.slow_minutes, limits))

    def graphs(self) -> Iterator[Graph]:
        """What events were answered with, how soon, and how many requests there were."""
        stage = self._configuration.stage
        yield Graph("Events", "Answers", [embedded_metric(name, "Sum", stage=stage) for name in EVENTS])
        latencies = [self._metric("UrlRequestLatency", share) for share in ("p50", "p95", "p99")]
        yield Graph("Events", "Latency of the function URL, in ms", latencies)
        refused = [self._metric(name) for name in ("Url4xxCount", "Url5xxCount")]
        yield Graph("Events", "Refused by the function URL, or failed", refused)
        yield Graph("Cost", "Requests", [self._metric("UrlRequestCount")])

    def _metric(self, name: str, statistic: str = "Sum", every: cdk.Duration = GRAPH_PERIOD) -> cloudwatch.Metric:
        """A metric of the URL: https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html."""
        return self._function.metric(name, statistic=statistic, period=every)


def _cors(http: HttpProps) -> lambda_.FunctionUrlCorsOptions:
    return lambda_.FunctionUrlCorsOptions(
        allowed_origins=[*http.cors_origins],
        allowed_methods=[lambda_.HttpMethod.GET, lambda_.HttpMethod.POST],
        allowed_headers=allowed_headers(http),
        allow_credentials=http.cors_credentials or None,
        exposed_headers=[*EXPOSED_HEADERS],
        max_age=cdk.Duration.hours(MAX_AGE_HOURS),
    )
