"""Amazon API Gateway's HTTP APIs (ApiGatewayV2)."""

from typing import Any

from local.aws.resource_type import Properties, ResourceType


def without_former_cors(client: Any, state: Properties) -> None:
    """UpdateApi leaves a CORS configuration that the template no longer has: taking it away is a call of its own."""
    if "CorsConfiguration" not in state:
        client.delete_cors_configuration(ApiId=state["ApiId"])


TYPES = (
    ResourceType(
        name="AWS::ApiGatewayV2::Api",
        service="apigatewayv2",
        create="CreateApi",
        update=("UpdateApi",),
        delete="DeleteApi",
        ref="{ApiId}",
        attributes={"ApiEndpoint": "{ApiEndpoint}", "ApiId": "{ApiId}"},
        in_place=("CorsConfiguration",),
        after=without_former_cors,
    ),
    ResourceType(
        name="AWS::ApiGatewayV2::Authorizer",
        service="apigatewayv2",
        create="CreateAuthorizer",
        update=("UpdateAuthorizer",),
        delete="DeleteAuthorizer",
        ref="{AuthorizerId}",
        attributes={"AuthorizerId": "{AuthorizerId}"},
    ),
    ResourceType(
        name="AWS::ApiGatewayV2::Integration",
        service="apigatewayv2",
        create="CreateIntegration",
        update=("UpdateIntegration",),
        delete="DeleteIntegration",
        ref="{IntegrationId}",
        attributes={"IntegrationId": "{IntegrationId}"},
    ),
    ResourceType(
        name="AWS::ApiGatewayV2::Route",
        service="apigatewayv2",
        create="CreateRoute",
        update=("UpdateRoute",),
        delete="DeleteRoute",
        ref="{RouteId}",
        attributes={"RouteId": "{RouteId}"},
    ),
    ResourceType(
        name="AWS::ApiGatewayV2::Stage",
        service="apigatewayv2",
        create="CreateStage",
        delete="DeleteStage",
        ref="{StageName}",
    ),
    ResourceType(
        name="AWS::ApiGatewayV2::DomainName",
        service="apigatewayv2",
        create="CreateDomainName",
        delete="DeleteDomainName",
        ref="{DomainName}",
        attributes={
            "RegionalDomainName": "{DomainNameConfigurations[0][ApiGatewayDomainName]}",
            "RegionalHostedZoneId": "{DomainNameConfigurations[0][HostedZoneId]}",
        },
    ),
    ResourceType(
        name="AWS::ApiGatewayV2::ApiMapping",
        service="apigatewayv2",
        create="CreateApiMapping",
        delete="DeleteApiMapping",
        ref="{ApiMappingId}",
        attributes={"ApiMappingId": "{ApiMappingId}"},
    ),
)
