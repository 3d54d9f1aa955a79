import pytest

from local.gateway import AccessLog, Authorizer, Cors, Route, Throttle


def resource(kind, **properties):
    """A resource."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


@pytest.fixture
def api(role):
    """A stack with an HTTP API of two routes, one of them to a function."""
    return {
        "Function": resource(
            "Lambda::Function", Runtime="python3.13", Handler="h.f", Role=role, Code={"ZipFile": "def f(): pass"}
        ),
        "Api": resource(
            "ApiGatewayV2::Api",
            Name="any",
            ProtocolType="HTTP",
            CorsConfiguration={
                "AllowOrigins": ["*"],
                "AllowMethods": ["POST"],
                "AllowHeaders": ["content-type"],
                "ExposeHeaders": ["retry-after"],
                "MaxAge": 60,
            },
        ),
        "ToFunction": resource(
            "ApiGatewayV2::Integration",
            ApiId={"Ref": "Api"},
            IntegrationType="AWS_PROXY",
            IntegrationUri={"Fn::GetAtt": ["Function", "Arn"]},
            PayloadFormatVersion="2.0",
        ),
        "Elsewhere": resource(
            "ApiGatewayV2::Integration",
            ApiId={"Ref": "Api"},
            IntegrationType="HTTP_PROXY",
            IntegrationMethod="GET",
            IntegrationUri="https://example.com",
            PayloadFormatVersion="1.0",
        ),
        "Post": route("POST /v1/events", "ToFunction"),
        "Get": route("GET /", "Elsewhere"),
    }


def route(key, integration):
    """A route to an integration."""
    target = {"Fn::Join": ["", ["integrations/", {"Ref": integration}]]}
    return resource("ApiGatewayV2::Route", ApiId={"Ref": "Api"}, RouteKey=key, Target=target)


def test_a_route_may_lead_to_an_alias(aws, stack, api):
    """Whose version's code is what runs, under the alias' name, whatever the function has become since."""
    resources = api | {
        "Version": resource("Lambda::Version", FunctionName={"Ref": "Function"}),
        "Live": resource(
            "Lambda::Alias",
            FunctionName={"Ref": "Function"},
            FunctionVersion={"Fn::GetAtt": ["Version", "Version"]},
            Name="live",
        ),
    }
    resources["ToFunction"]["Properties"]["IntegrationUri"] = {"Ref": "Live"}
    name = stack.deploy(resources, {"Name": {"Ref": "Function"}})["Name"]
    first = aws.inside(f"deployed.function('{name}:live')")
    aws.client("lambda").update_function_configuration(FunctionName=name, MemorySize=512)
    latest, live = aws.inside(f"deployed.function('{name}')"), aws.inside(f"deployed.function('{name}:live')")

    [route] = aws.inside("deployed.http_api()").routes
    stack.delete()

    assert route.function == f"{name}:live"
    assert (latest.memory_mb, latest.version) == (512, "$LATEST")
    assert (live.memory_mb, live.version, live.name) == (128, "1", name)
    assert live.revision == first.revision
    assert live.arn.endswith(f":function:{name}:live")


def test_the_api_has_the_routes_that_lead_to_functions(aws, stack, api):
    """Each with its function's name, and the CORS configuration; another deployment counts at once."""
    name = stack.deploy(api, {"Name": {"Ref": "Function"}})["Name"]
    first = aws.inside("deployed.http_api()")
    stack.deploy(api | {"Put": route("PUT /v2", "ToFunction")})
    second = aws.inside("deployed.http_api()")
    stack.delete()

    assert first.routes == (Route("POST /v1/events", name),)
    assert first.cors == Cors(("*",), ("POST",), ("content-type",), ("retry-after",), 60)
    assert second.routes == (Route("POST /v1/events", name), Route("PUT /v2", name))


def test_the_stages_limits_hold_for_its_routes(aws, stack, api):
    """A route's own settings before the stage's; settings without a rate limit nothing."""
    api = api | {
        "Put": route("PUT /v2", "ToFunction"),
        "Stage": resource(
            "ApiGatewayV2::Stage",
            ApiId={"Ref": "Api"},
            StageName="$default",
            DefaultRouteSettings={"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 50},
            RouteSettings={"PUT /v2": {"ThrottlingRateLimit": 0.5, "ThrottlingBurstLimit": 2}},
        ),
    }
    stack.deploy(api)
    limited = aws.inside("deployed.http_api()").throttles
    stack.delete()

    assert limited == {"POST /v1/events": Throttle(100, 50), "PUT /v2": Throttle(0.5, 2)}


def test_the_stages_access_log_is_known(aws, stack, api):
    """Its group and its format; a stage without one has none."""
    group = "arn:aws:logs:us-east-1:123456789012:log-group:calls"
    logged = {"DestinationArn": group, "Format": "$context.status"}
    parts = {"ApiId": {"Ref": "Api"}, "StageName": "$default"}
    stack.deploy(api | {"Stage": resource("ApiGatewayV2::Stage", AccessLogSettings=logged, **parts)})
    found = aws.inside("deployed.http_api()").access_log
    stack.delete()

    assert found == AccessLog("calls", "$context.status")


def test_a_routes_authorizer_is_the_deployed_one(aws, stack, api):
    """Issuer, audience and the route's scopes; the other routes have none."""
    jwt = {"Issuer": "https://issuer.example", "Audience": ["a", "b"]}
    by_token = {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": "Jwt"}, "AuthorizationScopes": ["write"]}
    put = route("PUT /v2", "ToFunction")
    api = api | {
        "Jwt": resource(
            "ApiGatewayV2::Authorizer",
            ApiId={"Ref": "Api"},
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration=jwt,
            Name="Jwt",
        ),
        "Put": put | {"Properties": put["Properties"] | by_token},
    }
    stack.deploy(api)
    authorizers = {one.key: one.authorizer for one in aws.inside("deployed.http_api()").routes}
    stack.delete()

    assert authorizers == {
        "POST /v1/events": None,
        "PUT /v2": Authorizer("https://issuer.example", ("a", "b"), ("write",)),
    }


def test_before_a_deployment_there_is_no_api(aws):
    """LookupError, which the gateway answers with 404."""
    with pytest.raises(LookupError):
        aws.inside("deployed.http_api()")


def test_an_unknown_function_is_a_lookup_error(aws):
    """As the runtime wants it."""
    with pytest.raises(LookupError):
        aws.inside("deployed.function('nobody')")


def test_a_revision_changes_with_the_configuration_alone(aws, stack, api):
    """Warm processes must see a new environment variable, and no process must end where nothing has changed."""
    function = {"Function": api["Function"]}
    name = stack.deploy(function, {"Name": {"Ref": "Function"}})["Name"]
    revisions = [aws.inside(f"deployed.function({name!r}).revision") for _ in range(2)]
    changed = {**api["Function"]["Properties"], "Environment": {"Variables": {"A": "1"}}}
    stack.deploy({"Function": api["Function"] | {"Properties": changed}})
    revisions.append(aws.inside(f"deployed.function({name!r}).revision"))
    stack.delete()

    assert revisions[0] == revisions[1] != revisions[2]


def test_reserved_concurrency_is_the_functions_under_every_name(aws, stack, api):
    """As the template has it, by the function's name and by a version of it; None where none is reserved."""
    resources = {"Function": api["Function"], "Version": resource("Lambda::Version", FunctionName={"Ref": "Function"})}
    name = stack.deploy(resources, {"Name": {"Ref": "Function"}})["Name"]
    names = (name, f"{name}:1")
    before = [aws.inside(f"deployed.function({one!r}).reserved_concurrency") for one in names]
    reserving = {**api["Function"]["Properties"], "ReservedConcurrentExecutions": 7}
    stack.deploy({**resources, "Function": api["Function"] | {"Properties": reserving}})
    after = [aws.inside(f"deployed.function({one!r}).reserved_concurrency") for one in names]
    stack.delete()

    assert (before, after) == ([None, None], [7, 7])
