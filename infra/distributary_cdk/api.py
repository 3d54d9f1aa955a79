"""The HTTP API: each line of the route table, the default route, CORS and throttles."""

import json
from collections.abc import Iterator, Mapping
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from distributary.metrics import EVENTS
from distributary_cdk.configuration import Configuration
from distributary_cdk.cors import EXPOSED_HEADERS, MAX_AGE_HOURS, allowed_headers
from distributary_cdk.domain import Domain
from distributary_cdk.embedded_metric import embedded_metric
from distributary_cdk.entrance import HttpProps, JwtProps
from distributary_cdk.findings import acknowledge
from distributary_cdk.home import unique_name
from distributary_cdk.log_group import log_group
from distributary_cdk.part import GRAPH_PERIOD, Graph, Part, Watch, period, periods
from distributary_cdk.routes import BY_JWT, DEFAULT, THROTTLES, served, throttles

# Of each request: no query and no path as it was asked for, since either may hold a key. What the event and the
# request's own line say already is left out: this line cannot be sampled, and is paid by its length.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "ip": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "integration_error": "$context.integrationErrorMessage",
}
_UNAUTHORIZED = "AwsSolutions-APIG4"
_BY_US = "The function behind the route asks for a key itself: an authorizer sees no body, which SigV4 signs."
_OPEN = "Open to all on purpose: it tells nothing that is not public, and its throttle is low."


class Api(Part, Construct):
    """The endpoint; `functions` by folder: routes to one that the stage does not have are left out."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        functions: Mapping[str, lambda_.IFunction],
        configuration: Configuration,
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, name)
        http = configuration.http
        # An integration belongs to one function; the routes of a function share it.
        targets = {name: integrations.HttpLambdaIntegration(name, function) for name, function in functions.items()}
        self.http_api = apigateway.HttpApi(
            self,
            "Http",
            api_name=unique_name(self),
            description="Distributary: events in, three streams out",
            # Nobody goes around the name: its records and its certificate are what clients are told to trust.
            disable_execute_api_endpoint=True if http.domain.name else None,
            cors_preflight=_cors(http) if http.cors_origins else None,
        )
        self._configuration, self._domain = configuration, http.domain.name
        # What commands must know: where to post, and whose tokens are taken there; empty: keys.
        self.outputs = {"Endpoint": self.endpoint, "JwtIssuer": http.jwt.issuer}
        if self._domain:
            Domain(self, "Domain", domain=http.domain, http_api=self.http_api)
        self.logs = log_group(self, "AccessLogs", configuration, key)
        self._limit(http)
        self._default_route(targets[DEFAULT])
        of_tokens, scopes = _authorizer(http.jwt), [*http.jwt.scopes]
        routes = served("api-gateway", webhooks=bool(http.webhook_origins))
        for route in (one for one in routes if one.function in functions):
            by_jwt = of_tokens if route.key in BY_JWT else None
            made = self.http_api.add_routes(
                path=route.path,
                methods=[apigateway.HttpMethod(route.method)],
                integration=targets[route.function],
                authorizer=by_jwt,
                authorization_scopes=scopes if by_jwt else None,
            )
            self._after(route.key, made[0])
            if not by_jwt:
                acknowledge(made[0], _UNAUTHORIZED, _OPEN if route.key in THROTTLES else _BY_US)

    @property
    def endpoint(self) -> str:
        """The base URL, without a slash at its end."""
        return f"https://{self._domain}" if self._domain else self.http_api.api_endpoint

    def alarms(self) -> Iterator[Watch]:
        """Alarms for the share of answers that are server errors, and for slow answers."""
        limits, api = self._configuration.alarms, self.http_api
        every = period(limits)
        counts = {"errors": api.metric_server_error(), "requests": api.metric_count(statistic="Sum")}
        share = cloudwatch.MathExpression(expression="100 * errors / requests", using_metrics=counts, period=every)
        yield Watch("server-errors", api, share, limits.error_percent)
        latency = api.metric_latency(statistic="p99", period=every)
        yield Watch("slow-answers", api, latency, limits.p99_seconds * 1000, periods(limits.slow_minutes, limits))

    def graphs(self) -> Iterator[Graph]:
        """What events were answered with, and what the API is billed for."""
        stage, api = self._configuration.stage, self.http_api
        yield Graph("Events", "Answers", [embedded_metric(name, "Sum", stage=stage) for name in EVENTS])
        yield Graph("Cost", "Requests", [api.metric_count(statistic="Sum", period=GRAPH_PERIOD)])
        bytes_in = api.metric_data_processed(statistic="Sum", period=GRAPH_PERIOD)
        yield Graph("Cost", "Bytes in: HTTP API", [bytes_in])

    def _default_route(self, integration: integrations.HttpLambdaIntegration) -> None:
        """The route of whatever no other route takes."""
        default = apigateway.HttpRoute(
            self.http_api,
            "DefaultRoute",
            http_api=self.http_api,
            route_key=apigateway.HttpRouteKey.DEFAULT,
            integration=integration,
        )
        self._after("$default", default)
        acknowledge(default, _UNAUTHORIZED, "Answers 404 and 405 only.")

    def _limit(self, http: HttpProps) -> None:
        """What the stage lets through, and what it writes down of each request."""
        stage = cast("apigateway.CfnStage", _resource(self.http_api.default_stage))
        stage.default_route_settings = apigateway.CfnStage.RouteSettingsProperty(
            throttling_rate_limit=http.requests_per_second, throttling_burst_limit=http.burst
        )
        # JSON to CloudFormation, which therefore wants its own spelling.
        stage.route_settings = {
            key: {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}
            for key, (rate, burst) in throttles(webhooks=bool(http.webhook_origins)).items()
        }
        name, of_group = self.logs.log_group_name, cdk.ArnFormat.COLON_RESOURCE_NAME
        stage.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=cdk.Stack.of(self).format_arn(
                service="logs", resource="log-group", resource_name=name, arn_format=of_group
            ),
            format=json.dumps(ACCESS_LOG, separators=(",", ":")),
        )

    def _after(self, key: str, route: object) -> None:
        # API Gateway refuses settings of a route that does not exist yet.
        if key in THROTTLES:
            _resource(self.http_api.default_stage).add_resource_dependency(_resource(route))


def _resource(construct: object) -> cdk.CfnResource:
    return cast("cdk.CfnResource", cast("Construct", construct).node.default_child)


def _authorizer(jwt: JwtProps) -> authorizers.HttpJwtAuthorizer | None:
    """By which API Gateway checks each token with the keys that the issuer publishes, before any function runs."""
    return authorizers.HttpJwtAuthorizer("Jwt", jwt.issuer, jwt_audience=[*jwt.audience]) if jwt.issuer else None


def _cors(http: HttpProps) -> apigateway.CorsPreflightOptions:
    return apigateway.CorsPreflightOptions(
        allow_origins=[*http.cors_origins],
        allow_methods=[apigateway.CorsHttpMethod.GET, apigateway.CorsHttpMethod.POST],
        allow_headers=allowed_headers(http),
        allow_credentials=http.cors_credentials or None,
        expose_headers=[*EXPOSED_HEADERS],
        max_age=cdk.Duration.hours(MAX_AGE_HOURS),
    )
