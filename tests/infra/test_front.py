"""What each front serves, over the route table: by the template, and by the function that answers."""

import json

import pytest

from distributary.functions.needs import NEEDS
from distributary_cdk.configuration import ReservedProps
from distributary_cdk.function import bundled
from distributary_cdk.routes import DEFAULT, ROUTES, absent, is_cut_off, served

FRONTS = ("api-gateway", "function-url")
OF_EVENTS = {
    "POST /v1/events",
    "POST /v1/events/plan",
    "POST /",
    "POST /inputs/messages",
    "GET /",
    "GET /openapi.json",
    "GET /problems/{slug}",
}


@pytest.mark.parametrize("front", FRONTS)
def test_each_route_is_served_or_absent(front):
    """Never both, and never neither."""
    assert {*served(front)} | {*absent(front)} == {*ROUTES}
    assert not {*served(front)} & {*absent(front)}


def test_a_function_url_serves_what_its_function_serves():
    """Events, the AWS-compatible API, messages, and what those tell about themselves."""
    assert {route.key for route in served("function-url")} == OF_EVENTS
    assert {route.function for route in served("function-url")} == {DEFAULT}
    assert absent("api-gateway") == []


def test_functions_that_only_the_other_front_leads_to_are_not_deployed():
    """Health and the detectors API; what an event source or a schedule calls stays."""
    assert {name for name in NEEDS if is_cut_off(name, "function-url")} == {"check_health", "serve_detectors"}
    assert not [name for name in NEEDS if is_cut_off(name, "api-gateway")]


@pytest.mark.parametrize("front", FRONTS)
def test_the_function_is_told(configured, front):
    """It answers 404 that names the setting for what is absent."""
    told = bundled(configured(http={"front": front}, functions={"reserved_concurrency": ReservedProps(ingest=1)}))

    assert [route["path"] for route in told["routes"]] == [route.path for route in served(front)]
    assert [route["path"] for route in told["absent"]] == [route.path for route in absent(front)]


def test_a_stack_has_one_front(synthesised):
    """A function URL has no HTTP API, no access log, and not the functions that only an HTTP API has routes to."""
    found = {stage: json.dumps(synthesised(stage)["Resources"]) for stage in ("prod", "url")}
    names = {stage: {*synthesised(stage)["Resources"]} for stage in found}

    assert "AWS::Lambda::Url" not in found["prod"]
    assert "ApiGateway" not in found["url"]
    for part in ("CheckHealth", "ServeDetectors", "AccessLogs"):
        assert not [name for name in names["url"] if part in name], part
    assert synthesised("url")["Outputs"]["Front"]["Value"] == "function-url"
    assert "Front" not in synthesised("prod")["Outputs"]
