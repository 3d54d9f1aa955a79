"""The HTTP API: each line of the route table, the default route, CORS and throttles."""

from collections.abc import Mapping, Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.routes import DEFAULT, ROUTES, THROTTLES

# A browser asks for each by name: API Gateway knows no `ce-*`.
_ALLOWED_HEADERS = (
    *("authorization", "content-type", "content-encoding", "idempotency-key", "prefer", "x-api-key"),
    *(
        "ce-specversion",
        "ce-id",
        "ce-source",
        "ce-type",
        "ce-subject",
        "ce-time",
        "ce-datacontenttype",
        "ce-dataschema",
    ),
    *("ce-dataref", "ce-partitionkey", "ce-explicithashkey", "ce-traceparent", "ce-tracestate"),
    # what the AWS SDK for JavaScript sends from a browser
    *(
        "x-amz-target",
        "x-amz-date",
        "x-amz-content-sha256",
        "x-amz-user-agent",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
    ),
)
_EXPOSED_HEADERS = ("retry-after", "x-request-id", "idempotency-key")


class Api(Construct):
    """The endpoint; `functions` holds a function for each folder that the route table names."""

    def __init__(
        self, scope: Construct, name: str, *, functions: Mapping[str, lambda_.IFunction], cors_origins: Sequence[str]
    ) -> None:
        super().__init__(scope, name)
        # An integration belongs to one function; the routes of a function share it.
        targets = {name: integrations.HttpLambdaIntegration(name, function) for name, function in functions.items()}
        self.http_api = apigateway.HttpApi(
            self,
            "Http",
            api_name=cdk.Stack.of(self).stack_name,
            description="Distributary: events in, three streams out",
            default_integration=targets[DEFAULT],
            cors_preflight=_cors(cors_origins) if cors_origins else None,
        )
        for route in ROUTES:
            methods = [apigateway.HttpMethod(route.method)]
            made = self.http_api.add_routes(path=route.path, methods=methods, integration=targets[route.function])
            if route.key in THROTTLES:
                self._throttle(route.key, made[0])

    @property
    def endpoint(self) -> str:
        """The base URL, without a slash at its end."""
        return self.http_api.api_endpoint

    def _throttle(self, key: str, route: apigateway.HttpRoute) -> None:
        stage = _resource(self.http_api.default_stage)
        rate, burst = THROTTLES[key]
        stage.add_property_override(
            f"RouteSettings.{key}", {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}
        )
        # API Gateway refuses settings of a route that does not exist yet.
        stage.add_resource_dependency(_resource(route))


def _resource(construct: object) -> cdk.CfnResource:
    return cast("cdk.CfnResource", cast("Construct", construct).node.default_child)


def _cors(origins: Sequence[str]) -> apigateway.CorsPreflightOptions:
    return apigateway.CorsPreflightOptions(
        allow_origins=[*origins],
        allow_methods=[apigateway.CorsHttpMethod.GET, apigateway.CorsHttpMethod.POST],
        allow_headers=[*_ALLOWED_HEADERS],
        expose_headers=[*_EXPOSED_HEADERS],
        max_age=cdk.Duration.hours(1),
    )
