"""Amazon API Gateway's HTTP APIs (ApiGatewayV2)."""

from typing import Any

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties


def without_former_cors(client: Any, state: Properties) -> None:
    """UpdateApi leaves a CORS configuration that the template no longer has: taking it away is a call of its own."""
    if "CorsConfiguration" not in state:
        client.delete_cors_configuration(ApiId=state["ApiId"])


def part(kind: str) -> ResourceType:
    """A part of an API that the service gives an id."""
    reference = f"{{{kind}Id}}"
    return ResourceType(
        name=f"AWS::ApiGatewayV2::{kind}",
        service="apigatewayv2",
        create=f"Create{kind}",
        update=(f"Update{kind}",),
        delete=f"Delete{kind}",
        ref=reference,
        attributes={f"{kind}Id": reference},
    )


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
    part("Authorizer"),
    part("Integration"),
    part("Route"),
    ResourceType(
        name="AWS::ApiGatewayV2::Stage",
        service="apigatewayv2",
        create="CreateStage",
        update=("UpdateStage",),
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
