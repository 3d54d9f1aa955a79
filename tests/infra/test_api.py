import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from infra.api import Api
from infra.routes import ROUTES


@pytest.fixture
def functions(stack):
    """A function for each folder that the table names."""

    def function(name):
        code = lambda_.Code.from_inline("def handle(*_): ...")
        return lambda_.Function(stack, name, runtime=lambda_.Runtime.PYTHON_3_14, handler="index.handle", code=code)

    return {folder: function(folder) for folder in {route.function for route in ROUTES}}


def test_routes(stack, functions):
    """Each line of the table is a route to its function, and whatever else comes goes to ingest."""
    Api(stack, "Api", functions=functions, cors_origins=())

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


def test_payload_format(stack, functions):
    """Functions get payload format 2.0."""
    Api(stack, "Api", functions=functions, cors_origins=())

    integrations = Template.from_stack(stack).find_resources("AWS::ApiGatewayV2::Integration").values()
    assert {each["Properties"]["PayloadFormatVersion"] for each in integrations} == {"2.0"}


def test_stage(stack, functions, properties):
    """The $default stage deploys by itself and lets one health check a second through, once that route exists."""
    Api(stack, "Api", functions=functions, cors_origins=())

    assert properties("AWS::ApiGatewayV2::Stage")["StageName"] == "$default"
    assert properties("AWS::ApiGatewayV2::Stage")["AutoDeploy"] is True
    assert properties("AWS::ApiGatewayV2::Stage")["RouteSettings"] == {
        "GET /v1/health": {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 2}
    }
    template = Template.from_stack(stack)
    [health] = template.find_resources("AWS::ApiGatewayV2::Route", {"Properties": {"RouteKey": "GET /v1/health"}})
    [stage] = template.find_resources("AWS::ApiGatewayV2::Stage").values()
    assert stage["DependsOn"] == [health]


def test_no_cors(stack, functions, properties):
    """Without an allowed origin the API answers no preflight."""
    Api(stack, "Api", functions=functions, cors_origins=())

    assert "CorsConfiguration" not in properties("AWS::ApiGatewayV2::Api")


def test_cors(stack, functions, properties):
    """Allowed origins may send what the contract names, header by header, and read what it exposes."""
    Api(stack, "Api", functions=functions, cors_origins=("https://a.example", "https://b.example"))

    cors = properties("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    named = {"authorization", "content-type", "content-encoding", "idempotency-key", "prefer", "x-api-key"}
    cloud_events = {"ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-subject", "ce-dataschema"}
    assert cors["AllowOrigins"] == ["https://a.example", "https://b.example"]
    assert cors["AllowMethods"] == ["GET", "POST"]
    assert named | cloud_events <= set(cors["AllowHeaders"])
    assert not [header for header in cors["AllowHeaders"] if "*" in header]
    assert cors["ExposeHeaders"] == ["retry-after", "x-request-id", "idempotency-key"]


def test_endpoint(stack, functions):
    """The endpoint is what API Gateway itself calls it, not a host name put together."""
    api = Api(stack, "Api", functions=functions, cors_origins=())

    [resource] = Template.from_stack(stack).find_resources("AWS::ApiGatewayV2::Api")
    assert stack.resolve(api.endpoint) == {"Fn::GetAtt": [resource, "ApiEndpoint"]}
