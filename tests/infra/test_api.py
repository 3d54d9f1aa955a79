import json

import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from distributary_cdk.api import Api
from distributary_cdk.entrance import DomainProps, JwtProps
from distributary_cdk.routes import ROUTES

ORIGINS = ("https://a.example", "https://b.example")


@pytest.fixture
def functions(stack):
    """A function for each folder that the table names."""

    def function(name):
        code = lambda_.Code.from_inline("def handle(*_): ...")
        return lambda_.Function(stack, name, runtime=lambda_.Runtime.PYTHON_3_14, handler="index.handle", code=code)

    return {folder: function(folder) for folder in {route.function for route in ROUTES}}


def test_routes(stack, functions, configured):
    """Each line of the table is a route to its function, and whatever else comes goes to ingest."""
    Api(stack, "Api", functions=functions, configuration=configured())

    template = Template.from_stack(stack)
    integrations = {
        name: each["Properties"]["IntegrationUri"]["Fn::GetAtt"][0]
        for name, each in template.find_resources("AWS::ApiGatewayV2::Integration").items()
    }
    targets = {
        route["Properties"]["RouteKey"]: integrations[route["Properties"]["Target"]["Fn::Join"][1][1]["Ref"]]
        for route in template.find_resources("AWS::ApiGatewayV2::Route").values()
    }
    logical = {folder: stack.get_logical_id(each.node.default_child) for folder, each in functions.items()}
    assert targets == {**{route.key: logical[route.function] for route in ROUTES}, "$default": logical["ingest"]}
    assert len(integrations) == len(functions)


def test_payload_format(stack, functions, configured):
    """Functions get payload format 2.0."""
    Api(stack, "Api", functions=functions, configuration=configured())

    integrations = Template.from_stack(stack).find_resources("AWS::ApiGatewayV2::Integration").values()
    assert {each["Properties"]["PayloadFormatVersion"] for each in integrations} == {"2.0"}


def test_stage(stack, functions, configured, properties):
    """The $default stage deploys by itself; every route has a throttle, low ones once their route exists."""
    Api(stack, "Api", functions=functions, configuration=configured(http={"requests_per_second": 70, "burst": 30}))

    stage = properties("AWS::ApiGatewayV2::Stage")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 70, "ThrottlingBurstLimit": 30}
    assert stage["RouteSettings"] == {
        "GET /v1/health": {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 2},
        "HEAD /v1/health": {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 2},
        "GET /": {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10},
        "GET /openapi.json": {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10},
        "GET /problems/{slug}": {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10},
        "$default": {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40},
    }
    template = Template.from_stack(stack)
    routes = template.find_resources("AWS::ApiGatewayV2::Route")
    limited = {name for name, route in routes.items() if route["Properties"]["RouteKey"] in stage["RouteSettings"]}
    [found] = template.find_resources("AWS::ApiGatewayV2::Stage").values()
    assert {*found["DependsOn"]} == limited


def test_access_log(stack, functions, configured, properties):
    """Each request is a line of the API's own log group, without its query, its path or a header."""
    api = Api(stack, "Api", functions=functions, configuration=configured())

    settings = properties("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
    group = stack.get_logical_id(api.logs.node.default_child)
    assert settings["DestinationArn"]["Fn::Join"][1][-2:] == [":log-group:", {"Ref": group}]
    logged = set(json.loads(settings["Format"]).values())
    assert "$context.requestId" in logged
    assert not [one for one in logged if any(word in one for word in ("path", "query", "header", "authorizer"))]


def test_no_cors(stack, functions, configured, properties):
    """Without an allowed origin the API answers no preflight."""
    Api(stack, "Api", functions=functions, configuration=configured())

    assert "CorsConfiguration" not in properties("AWS::ApiGatewayV2::Api")


def test_cors(stack, functions, configured, properties):
    """Allowed origins may send what the contract names, header by header, and read what it exposes."""
    Api(stack, "Api", functions=functions, configuration=configured(http={"cors_origins": ORIGINS}))

    cors = properties("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    named = {"authorization", "content-type", "content-encoding", "idempotency-key", "prefer", "x-api-key"}
    cloud_events = {"ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-subject", "ce-dataschema"}
    assert cors["AllowOrigins"] == [*ORIGINS]
    assert cors["AllowMethods"] == ["GET", "POST"]
    assert named | cloud_events <= set(cors["AllowHeaders"])
    assert not [header for header in cors["AllowHeaders"] if "*" in header]
    assert {"traceparent", "tracestate", "baggage"} <= set(cors["AllowHeaders"])
    own = ["retry-after", "x-request-id", "x-amzn-requestid", "idempotency-key"]
    assert cors["ExposeHeaders"] == [*own, "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]
    assert cors["MaxAge"] == 3600
    assert not cors.get("AllowCredentials")


def test_cors_by_setting(stack, functions, configured, properties):
    """A stage names more headers, each of them once, and lets credentialed requests in."""
    http = {"cors_origins": ORIGINS, "cors_headers": ("x-tenant", "content-type"), "cors_credentials": True}
    Api(stack, "Api", functions=functions, configuration=configured(http=http))

    cors = properties("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors["AllowCredentials"] is True
    assert "x-tenant" in cors["AllowHeaders"]
    assert "traceparent" not in cors["AllowHeaders"]
    assert len(cors["AllowHeaders"]) == len(set(cors["AllowHeaders"]))


def test_endpoint(stack, functions, configured):
    """The endpoint is what API Gateway itself calls it, not a host name put together."""
    api = Api(stack, "Api", functions=functions, configuration=configured())

    [resource] = Template.from_stack(stack).find_resources("AWS::ApiGatewayV2::Api")
    assert stack.resolve(api.endpoint) == {"Fn::GetAtt": [resource, "ApiEndpoint"]}


def test_a_domain_is_the_only_endpoint(stack, functions, configured, properties):
    """With a name of the owner's, API Gateway's own is switched off and no output names it."""
    domain = DomainProps(
        name="events.example.com", certificate="arn:aws:acm:eu-west-1:123456789012:certificate/c", zone_id="Z1"
    )

    api = Api(stack, "Api", functions=functions, configuration=configured(http={"domain": domain}))

    assert properties("AWS::ApiGatewayV2::Api")["DisableExecuteApiEndpoint"] is True
    assert api.endpoint == "https://events.example.com"


def test_without_a_domain_there_is_none(stack, functions, configured, properties):
    """What ships answers at API Gateway's own name."""
    Api(stack, "Api", functions=functions, configuration=configured())

    assert "DisableExecuteApiEndpoint" not in properties("AWS::ApiGatewayV2::Api")
    Template.from_stack(stack).resource_count_is("AWS::ApiGatewayV2::DomainName", 0)


def test_keys_need_no_authorizer(stack, functions, configured):
    """Without an issuer the functions ask for a key themselves."""
    Api(stack, "Api", functions=functions, configuration=configured())

    template = Template.from_stack(stack)
    template.resource_count_is("AWS::ApiGatewayV2::Authorizer", 0)
    routes = template.find_resources("AWS::ApiGatewayV2::Route").values()
    assert {each["Properties"]["AuthorizationType"] for each in routes} == {"NONE"}


def test_tokens(stack, functions, configured, properties):
    """With an issuer, API Gateway lets to `/v1/events` its tokens alone; clients of the other APIs have none."""
    jwt = JwtProps(issuer="https://issuer.example", audience=("a", "b"), scopes=("write",))

    api = Api(stack, "Api", functions=functions, configuration=configured(http={"jwt": jwt}))

    assert api.outputs["JwtIssuer"] == "https://issuer.example"
    authorizer = properties("AWS::ApiGatewayV2::Authorizer")
    assert authorizer["JwtConfiguration"] == {"Issuer": "https://issuer.example", "Audience": ["a", "b"]}
    assert (authorizer["AuthorizerType"], authorizer["IdentitySource"]) == ("JWT", ["$request.header.Authorization"])
    template = Template.from_stack(stack)
    [reference] = template.find_resources("AWS::ApiGatewayV2::Authorizer")
    routes = [each["Properties"] for each in template.find_resources("AWS::ApiGatewayV2::Route").values()]
    behind = [route for route in routes if route["AuthorizationType"] != "NONE"]
    assert [
        (each["RouteKey"], each["AuthorizationType"], each["AuthorizerId"], each["AuthorizationScopes"])
        for each in behind
    ] == [(key, "JWT", {"Ref": reference}, ["write"]) for key in ("POST /v1/events", "POST /v1/events/plan")]


def test_the_api_has_the_stacks_name(stack, functions, configured):
    """In the console, next to the other stages'."""
    Api(stack, "Api", functions=functions, configuration=configured())

    Template.from_stack(stack).has_resource_properties("AWS::ApiGatewayV2::Api", {"Name": "alone"})


def test_alarms(stack, functions, configured):
    """The share of server errors, and the slowest answers of a hundred."""
    limits = {"error_percent": 3, "p99_seconds": 2, "slow_minutes": 30, "period_minutes": 10}
    api = Api(stack, "Api", functions=functions, configuration=configured(alarms=limits))

    assert [(watch.kind, watch.of, watch.threshold, watch.periods) for watch in api.alarms()] == [
        ("server-errors", api.http_api, 3, 1),
        ("slow-answers", api.http_api, 2000, 3),
    ]


def test_graphs(stack, functions, configured):
    """What events were answered with, and what is billed."""
    api = Api(stack, "Api", functions=functions, configuration=configured())

    assert [(graph.section, graph.title) for graph in api.graphs()] == [
        ("Events", "Answers"),
        ("Cost", "Requests"),
        ("Cost", "Bytes in: HTTP API"),
    ]
    assert [metric.metric_name for metric in next(api.graphs()).metrics] == ["accepted", "rejected", "retry"]


def test_webhooks_have_a_route_where_senders_are_named(stack, functions, configured):
    """With a throttle of its own, without an authorizer; without senders there is none, nor a throttle for it."""
    Api(stack, "Api", functions=functions, configuration=configured(http={"webhook_origins": ("emitter.example.com",)}))
    Api(stack, "Without", functions=functions, configuration=configured())

    template = Template.from_stack(stack)
    routes = [each["Properties"] for each in template.find_resources("AWS::ApiGatewayV2::Route").values()]
    limited = [each["Properties"] for each in template.find_resources("AWS::ApiGatewayV2::Stage").values()]
    assert [each["AuthorizationType"] for each in routes if each["RouteKey"] == "OPTIONS /v1/events"] == ["NONE"]
    assert sorted("OPTIONS /v1/events" in each["RouteSettings"] for each in limited) == [False, True]
