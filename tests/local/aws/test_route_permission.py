import pytest

from local.aws.route_permission import check_routes
from local.deployment import NotCreated
from local.gateway import FUNCTION_URL, HttpApi, Route
from local.iam.denial import Denied
from local.iam.policy import Decision, Principal, Request

API = HttpApi(
    "api", (Route("POST /v1/events", "ingest:live"), Route("$default", "ingest:live"), Route("GET /", "root"))
)


class Allowing:
    """Allows calls on behalf of these sources alone; `asked` has every one."""

    def __init__(self, *sources: str) -> None:
        self.sources, self.asked = sources, []

    def check_service(self, service: str, action: str, resource: str, source: str) -> None:
        self.asked.append((service, action, resource, source))
        if not source.endswith(self.sources):
            raise Denied(Principal(service=service), Request(action, resource, {}), Decision(denied="resource-based"))


def test_each_route_is_asked_for_by_stage_method_and_path() -> None:
    """In the name of API Gateway, for the function under the alias that the route calls."""
    allowing = Allowing("")

    check_routes(lambda: API, allowing)

    assert [source.partition(":api/")[2] for *_, source in allowing.asked] == [
        "$default/POST/v1/events",
        "$default/$default/$default",
        "$default/GET/",
    ]
    assert allowing.asked[0][:3] == (
        "apigateway.amazonaws.com",
        "lambda:InvokeFunction",
        "arn:aws:lambda:us-east-1:123456789012:function:ingest:live",
    )


def test_a_route_whose_function_may_not_be_called_is_named() -> None:
    """With AWS's words; the deployment is none then."""
    with pytest.raises(NotCreated, match=r"route POST /v1/events: apigateway\..* not authorized") as error:
        check_routes(lambda: API, Allowing("$default", "GET/"))

    assert "GET /:" not in str(error.value)


def test_where_no_api_is_deployed_nothing_is_asked() -> None:
    """A project may have none."""
    allowing = Allowing()

    def none() -> HttpApi:
        raise LookupError("no HTTP API is deployed")

    check_routes(none, allowing)

    assert allowing.asked == []


URL = HttpApi("url", (Route("$default", "ingest:live"),), rules=FUNCTION_URL)


class AllowingAnybody:
    """Allows anybody these actions; `asked` has every one with the context of the call."""

    def __init__(self, *actions: str) -> None:
        self.actions, self.asked = actions, []

    def check_anybody(self, action: str, resource: str, context: dict) -> None:
        self.asked.append((action, resource, context))
        if action not in self.actions:
            raise Denied(Principal(service="*"), Request(action, resource, {}), Decision(denied="resource-based"))


def test_a_function_url_needs_both_permissions_for_anybody() -> None:
    """Of the alias, for a call without IAM and through the URL."""
    allowing = AllowingAnybody("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")

    check_routes(lambda: URL, allowing)

    about = {"lambda:functionurlauthtype": ("NONE",), "lambda:invokedviafunctionurl": ("true",)}
    function = "arn:aws:lambda:us-east-1:123456789012:function:ingest:live"
    assert allowing.asked == [(action, function, about) for action in allowing.actions]


@pytest.mark.parametrize("missing", ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"])
def test_a_function_url_without_one_of_them_is_no_deployment(missing: str) -> None:
    """AWS would answer each request 403."""
    [other] = {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"} - {missing}

    with pytest.raises(NotCreated, match=rf"function URL may not be called:\n.*not authorized to perform: {missing} "):
        check_routes(lambda: URL, AllowingAnybody(other))
