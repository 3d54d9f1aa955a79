"""What a deployment left in moto, as the gateway, the function processes and the event sources want to know it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends

from local.aws.services.lambda_functions import LOG_LEVEL
from local.deployment import ACCOUNT, REGION
from local.event_sources import EventSource
from local.functions import FunctionSpec
from local.gateway import FUNCTION_URL, AccessLog, Authorizer, Cors, HttpApi, Route, Throttle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moto.apigatewayv2.models import Api
    from moto.apigatewayv2.models import Route as ApiRoute
    from moto.awslambda.models import EventSourceMapping, FunctionUrlConfig, LambdaFunction

A_SECOND = 10
"""Requests of a function for each reserved execution: docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html."""
FUNCTION_ARN = re.compile(r"arn:[^:]*:lambda:[^:]*:\d*:function:([^:/]+)")
QUALIFIED = re.compile(r"arn:[^:]*:lambda:[^:]*:\d*:function:([^/]+)")


def function(name: str) -> FunctionSpec:
    """The function of that name or ARN, with or without a qualifier; raises LookupError where there is none."""
    backend = lambda_backends[ACCOUNT][REGION]
    try:
        found = backend.get_function(name)
        reserved = backend.get_function(found.function_name).reserved_concurrency  # the function's, not a version's
    except UnknownFunctionException as error:
        raise LookupError(name) from error
    qualifier = name.rpartition("function:")[2].partition(":")[2]
    return FunctionSpec(
        name=found.function_name,
        arn=under(found.function_arn, qualifier),
        handler=str(found.handler),
        code=found.code_bytes,
        environment=dict(found.environment_vars),
        timeout_seconds=int(found.timeout),
        memory_mb=int(found.memory_size),
        log_group=found.logs_group_name,
        json_log_level=vars(found).get(LOG_LEVEL, ""),
        revision=revision(found),
        version=str(found.version),
        role=str(found.role),
        reserved_concurrency=None if reserved is None else int(reserved),
    )


def under(arn: str, qualifier: str) -> str:
    """The function's ARN with the qualifier under which it is called, where there is one."""
    plain = FUNCTION_ARN.match(arn)
    return f"{plain[0]}:{qualifier}" if plain and qualifier else arn


def revision(found: LambdaFunction) -> str:
    """A text that changes with the function's code or configuration."""
    configuration = {**found.get_configuration(), LOG_LEVEL: vars(found).get(LOG_LEVEL)}
    return hashlib.sha256(json.dumps(configuration, sort_keys=True, default=str).encode()).hexdigest()


def front() -> HttpApi:
    """The function URL, or the HTTP API with its routes; raises LookupError before one is deployed."""
    backend: Any = lambda_backends[ACCOUNT][REGION]  # `local.aws.services.lambda_functions.Lambda`
    urls = list(backend.function_urls.items())
    return function_url(*urls[-1]) if urls else http_api()


def function_url(name: str, config: FunctionUrlConfig) -> HttpApi:
    """The URL of `function:qualifier`: whatever is asked for, goes to the function."""
    given = {f"{key[0].lower()}{key[1:]}": value for key, value in (config.config.get("Cors") or {}).items()}
    reserved = function(name).reserved_concurrency
    throttles = {} if reserved is None else {"$default": Throttle(A_SECOND * reserved, A_SECOND * reserved)}
    return HttpApi("url", (Route("$default", name),), cors(given), throttles, rules=FUNCTION_URL)


def http_api() -> HttpApi:
    """The HTTP API with its routes; raises LookupError before one is deployed."""
    apis = [api for api in apigatewayv2_backends[ACCOUNT][REGION].get_apis() if api.protocol_type == "HTTP"]
    if not apis:
        raise LookupError("no HTTP API is deployed")
    api = apis[-1]
    routes = (
        Route(route.route_key, function_of(api, route.target), authorizer_of(api, route))
        for route in list(api.routes.values())
    )
    served = tuple(route for route in routes if route.function)
    return HttpApi(api.api_id, served, cors(api.cors_configuration), throttles(api, served), access_log(api))


def access_log(api: Api) -> AccessLog | None:
    """Where the `$default` stage writes of each request, if anywhere."""
    stage = api.stages.get("$default")
    settings = stage.access_log_settings if stage else None
    return AccessLog(settings["destinationArn"].rpartition(":")[2], settings["format"]) if settings else None


def throttles(api: Api, routes: Sequence[Route]) -> dict[str, Throttle]:
    """The limits of each route for which the `$default` stage has any, its own before the stage's."""
    stage = api.stages.get("$default")
    if stage is None:
        return {}
    settings = {route.key: stage.route_settings.get(route.key) or stage.default_route_settings for route in routes}
    return {
        key: Throttle(float(one["throttlingRateLimit"]), int(one["throttlingBurstLimit"]))
        for key, one in settings.items()
        if "throttlingRateLimit" in one and "throttlingBurstLimit" in one
    }


def function_of(api: Api, target: str) -> str:
    """The function that a route's target stands for, as `name` or `name:alias`; empty where it is no function."""
    integration = api.integrations.get(str(target).removeprefix("integrations/"))
    found = QUALIFIED.search(integration.integration_uri or "") if integration else None
    return found[1] if found else ""


def authorizer_of(api: Api, route: ApiRoute) -> Authorizer | None:
    """Whose JWTs the route takes, if it takes any."""
    if route.authorization_type != "JWT":
        return None
    of_tokens: Any = api.authorizers[str(route.authorizer_id)].jwt_config
    return Authorizer(of_tokens["issuer"], (*of_tokens["audience"],), (*(route.authorization_scopes or ()),))


def event_sources(endpoint: str) -> tuple[EventSource, ...]:
    """The mappings of queues to functions; `endpoint` is the embedded AWS's, for the queues' URLs."""
    mappings = lambda_backends[ACCOUNT][REGION].list_event_source_mappings("", "")
    return tuple(event_source(mapping, endpoint) for mapping in mappings if ":sqs:" in mapping.event_source_arn)


def event_source(mapping: EventSourceMapping, endpoint: str) -> EventSource:
    """One mapping."""
    queue = mapping.event_source_arn
    function_name = FUNCTION_ARN.match(mapping.function_arn)
    concurrency = (mapping.scaling_config or {}).get("MaximumConcurrency")
    return EventSource(
        uuid=mapping.uuid,
        queue_url=f"{endpoint}/{ACCOUNT}/{queue.rsplit(':', 1)[-1]}",
        queue_arn=queue,
        function=function_name[1] if function_name else mapping.function_name,
        batch_size=mapping.batch_size,
        batching_window_seconds=int(mapping.max_batch_window or 0),
        maximum_concurrency=int(concurrency) if concurrency else None,
        report_batch_item_failures="ReportBatchItemFailures" in (mapping.function_response_types or ()),
        enabled=bool(mapping.enabled),
        role=role_of(mapping.function_arn),
    )


def role_of(arn: str) -> str:
    """The execution role of a function; empty where the function is gone."""
    try:
        return str(lambda_backends[ACCOUNT][REGION].get_function(arn).role)
    except UnknownFunctionException:
        return ""


def cors(configuration: Any) -> Cors | None:
    """The API's CORS configuration, if it has one."""
    if not configuration:
        return None
    return Cors(
        allow_origins=tuple(configuration.get("allowOrigins", ())),
        allow_methods=tuple(configuration.get("allowMethods", ())),
        allow_headers=tuple(configuration.get("allowHeaders", ())),
        expose_headers=tuple(configuration.get("exposeHeaders", ())),
        max_age=configuration.get("maxAge"),
        allow_credentials=bool(configuration.get("allowCredentials")),
    )
