ARN = "arn:aws:lambda:us-east-1:123456789012:function:any"


def resource(kind, **properties):
    """A resource of the service."""
    return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": properties}


def api(**more):
    """An HTTP API with one route."""
    return {
        "Api": resource("Api", Name="any", ProtocolType="HTTP", **more),
        "Integration": resource(
            "Integration",
            ApiId={"Ref": "Api"},
            IntegrationType="AWS_PROXY",
            IntegrationUri=ARN,
            PayloadFormatVersion="2.0",
            TimeoutInMillis="29000",
        ),
        "Route": resource(
            "Route",
            ApiId={"Ref": "Api"},
            RouteKey="POST /v1/events",
            Target={"Fn::Join": ["/", ["integrations", {"Ref": "Integration"}]]},
            AuthorizationType="NONE",
        ),
        "Stage": resource(
            "Stage",
            ApiId={"Ref": "Api"},
            StageName="$default",
            AutoDeploy=True,
            DefaultRouteSettings={"ThrottlingRateLimit": 10},
        ),
    }


OUTPUTS = {"Id": {"Ref": "Api"}, "Endpoint": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}


def test_an_api_is_created_with_all_that_belongs_to_it(aws, stack):
    """API with CORS, integration, route, stage; its endpoint is the gateway's."""
    outputs = stack.deploy(api(CorsConfiguration={"AllowOrigins": ["*"], "MaxAge": 60}), OUTPUTS)
    client, given = aws.client("apigatewayv2"), {"ApiId": outputs["Id"]}

    assert outputs["Endpoint"] == "http://localhost:9999"
    assert client.get_api(**given)["CorsConfiguration"] == {"AllowOrigins": ["*"], "MaxAge": 60}
    [integration] = client.get_integrations(**given)["Items"]
    [route] = client.get_routes(**given)["Items"]
    [stage] = client.get_stages(**given)["Items"]
    assert (integration["IntegrationUri"], integration["TimeoutInMillis"]) == (ARN, 29000)
    assert (route["RouteKey"], route["Target"]) == ("POST /v1/events", f"integrations/{integration['IntegrationId']}")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    stack.delete()


def test_routes_change_and_go(aws, stack):
    """An update changes API, route and integration in place and makes the stage anew; a route that is gone is gone."""
    before = stack.deploy(api(), OUTPUTS)
    resources = api(CorsConfiguration={"AllowMethods": ["PUT"]})
    resources["Route"]["Properties"]["RouteKey"] = "PUT /v2/{name+}"
    resources["Integration"]["Properties"]["IntegrationUri"] = f"{ARN}-else"
    resources["Stage"]["Properties"]["DefaultRouteSettings"] = {"ThrottlingRateLimit": 20}
    after = stack.deploy(resources, OUTPUTS)
    client, given = aws.client("apigatewayv2"), {"ApiId": after["Id"]}
    keys = [route["RouteKey"] for route in client.get_routes(**given)["Items"]]
    uris = [one["IntegrationUri"] for one in client.get_integrations(**given)["Items"]]
    [stage] = client.get_stages(**given)["Items"]
    del resources["Route"]
    stack.deploy(resources, OUTPUTS)

    assert before == after
    assert (keys, uris) == (["PUT /v2/{name+}"], [f"{ARN}-else"])
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 20
    assert client.get_api(**given)["CorsConfiguration"] == {"AllowMethods": ["PUT"]}
    assert client.get_routes(**given)["Items"] == []
    stack.delete()


def test_cors_that_the_template_no_longer_has_is_gone(aws, stack):
    """As with AWS, the API answers no preflight any more."""
    stack.deploy(api(CorsConfiguration={"AllowOrigins": ["*"]}), OUTPUTS)
    outputs = stack.deploy(api(), OUTPUTS)

    assert "CorsConfiguration" not in aws.client("apigatewayv2").get_api(ApiId=outputs["Id"])
    stack.delete()


def test_an_authorizer_and_a_domain_are_created(aws, stack, unique):
    """The rest of what an HTTP API may have."""
    domain = f"{unique('api')}.example.com"
    outputs = stack.deploy(
        api()
        | {
            "Authorizer": resource(
                "Authorizer",
                ApiId={"Ref": "Api"},
                AuthorizerType="REQUEST",
                AuthorizerUri=ARN,
                AuthorizerPayloadFormatVersion="2.0",
                IdentitySource=["$request.header.Authorization"],
                Name="keys",
            ),
            "Domain": resource(
                "DomainName",
                DomainName=domain,
                DomainNameConfigurations=[{"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c"}],
            ),
            "Mapping": resource(
                "ApiMapping", ApiId={"Ref": "Api"}, DomainName={"Ref": "Domain"}, Stage={"Ref": "Stage"}
            ),
        },
        OUTPUTS | {"Authorizer": {"Ref": "Authorizer"}},
    )
    client = aws.client("apigatewayv2")
    authorizer = client.get_authorizer(ApiId=outputs["Id"], AuthorizerId=outputs["Authorizer"])

    assert stack.reasons() == {}
    assert authorizer["Name"] == "keys"
    assert [one["ApiId"] for one in client.get_api_mappings(DomainName=domain)["Items"]] == [outputs["Id"]]
    stack.delete()
    assert outputs["Id"] not in [one["ApiId"] for one in client.get_apis()["Items"]]
