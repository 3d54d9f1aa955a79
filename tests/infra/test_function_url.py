import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match, Template
from known_metrics import is_known

from distributary_cdk.configuration import ReservedProps
from distributary_cdk.function_url import FunctionUrl


@pytest.fixture
def made(stack, configured):
    """Makes the URL of a function's alias: `made(cors_origins=("*",))`."""

    def make(alarms=None, **http):
        code = lambda_.Code.from_inline("def handle(*_): ...")
        function = lambda_.Function(
            stack, "Ingest", runtime=lambda_.Runtime.PYTHON_3_14, handler="index.handle", code=code
        )
        alias = lambda_.Alias(stack, "Live", alias_name="live", version=function.current_version)
        configuration = configured(
            http={"front": "function-url", **http},
            functions={"reserved_concurrency": ReservedProps(ingest=12)},
            alarms=alarms or {},
        )
        return FunctionUrl(stack, "Url", function=function, alias=alias, configuration=configuration)

    return make


def test_the_alias_has_a_url_that_asks_nobody(made, properties):
    """The guard behind it asks; an answer is whole when it is sent."""
    made()

    found = properties("AWS::Lambda::Url")
    assert (found["AuthType"], found["InvokeMode"], found["Qualifier"]) == ("NONE", "BUFFERED", "live")
    assert "Cors" not in found


def test_anybody_has_both_permissions_on_the_alias_and_through_the_url_alone(made, stack):
    """With one of them AWS answers 403; without their conditions anybody with credentials could invoke the function."""
    made()

    permissions = [
        each["Properties"] for each in Template.from_stack(stack).find_resources("AWS::Lambda::Permission").values()
    ]
    assert {
        one["Action"]: (one.get("FunctionUrlAuthType"), one.get("InvokedViaFunctionUrl")) for one in permissions
    } == {
        "lambda:InvokeFunctionUrl": ("NONE", None),
        "lambda:InvokeFunction": (None, True),
    }
    assert {one["Principal"] for one in permissions} == {"*"}
    assert all("Live" in one["FunctionName"]["Ref"] for one in permissions)


def test_the_endpoint_has_no_slash_at_its_end(made, stack):
    """Scheme and host of what Lambda says, which ends with one."""
    url = {"Fn::Split": ["/", {"Fn::GetAtt": [stack.get_logical_id(made()._url.node.default_child), "FunctionUrl"]}]}
    endpoint = stack.resolve(stack.node.find_child("Url").endpoint)

    assert endpoint == {"Fn::Join": ["//", [{"Fn::Select": [0, url]}, {"Fn::Select": [2, url]}]]}


def test_cors(made, properties):
    """The same as of an HTTP API, within the numbers that Lambda allows."""
    made(cors_origins=("https://a.example",), cors_headers=("x-tenant",), cors_credentials=True)

    cors = properties("AWS::Lambda::Url")["Cors"]
    assert (cors["AllowOrigins"], cors["AllowMethods"]) == (["https://a.example"], ["GET", "POST"])
    assert {"authorization", "ce-id", "x-amz-target", "x-tenant"} <= set(cors["AllowHeaders"])
    assert len(cors["AllowHeaders"]) <= 100
    assert (cors["AllowCredentials"], cors["MaxAge"]) == (True, 3600)
    own = ["retry-after", "x-request-id", "x-amzn-requestid", "idempotency-key"]
    assert cors["ExposeHeaders"] == [*own, "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]


def test_synth_says_what_is_missing(made, stack):
    """And how many requests there are at once, and that the base URL is another one."""
    made()

    said = Match.string_like_regexp(
        "GET /v1/health.*(\n.*)*ingest = 12 requests at once, or 120 a second.*(\n.*)*base URL"
    )
    Annotations.from_stack(stack).has_info("/alone/Url", said)


def test_alarms_and_graphs_are_of_the_urls_own_metrics(made, stack):
    """Under the names that AWS documents, with the thresholds of the stage."""
    url = made(alarms={"on": True, "error_percent": 7, "p99_seconds": 2})

    alarms = {watch.kind: watch for watch in url.alarms()}
    assert {kind: watch.threshold for kind, watch in alarms.items()} == {"server-errors": 7, "slow-answers": 2000}
    metrics = [metric for graph in url.graphs() for metric in graph.metrics if isinstance(metric, cloudwatch.Metric)]
    of_lambda = {(one.namespace, one.metric_name) for one in metrics if one.namespace == "AWS/Lambda"}
    assert of_lambda == {
        ("AWS/Lambda", name) for name in ("UrlRequestCount", "Url4xxCount", "Url5xxCount", "UrlRequestLatency")
    }
    assert all(is_known(*one, {"FunctionName"}) for one in of_lambda)
