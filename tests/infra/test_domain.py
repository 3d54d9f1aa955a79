import aws_cdk as cdk
import pytest
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk.assertions import Template

from distributary_cdk.domain import Domain
from distributary_cdk.entrance import DomainProps

CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/0f0f-1"


@pytest.fixture
def resources(stack: cdk.Stack):
    """Finds the properties of the resources of a type: `resources("Route53::RecordSet")`."""
    named = DomainProps(name="events.example.com", certificate=CERTIFICATE, zone_id="Z0123456789ABC")
    Domain(stack, "Domain", domain=named, http_api=apigateway.HttpApi(stack, "Http"))
    template = Template.from_stack(stack)
    return lambda kind: template.find_resources(f"AWS::{kind}")


def test_the_name(resources):
    """It is regional, over IPv4 and IPv6, and speaks TLS 1.2 or newer with the owner's certificate."""
    [name] = resources("ApiGatewayV2::DomainName").values()

    assert name["Properties"]["DomainName"] == "events.example.com"
    assert name["Properties"]["DomainNameConfigurations"] == [
        {
            "CertificateArn": CERTIFICATE,
            "EndpointType": "REGIONAL",
            "IpAddressType": "dualstack",
            "SecurityPolicy": "TLS_1_2",
        }
    ]


def test_the_api_answers_at_its_root(resources):
    """All of the name is the API's one stage, once that exists."""
    [name], [api], [stage] = (resources(f"ApiGatewayV2::{kind}") for kind in ("DomainName", "Api", "Stage"))
    [mapping] = resources("ApiGatewayV2::ApiMapping").values()

    assert mapping["Properties"] == {"ApiId": {"Ref": api}, "DomainName": {"Ref": name}, "Stage": "$default"}
    assert stage in mapping["DependsOn"]


def test_its_records(resources):
    """The zone leads it to API Gateway over IPv4 and IPv6, by alias."""
    [name] = resources("ApiGatewayV2::DomainName")
    records = [each["Properties"] for each in resources("Route53::RecordSet").values()]

    alias = {
        "DNSName": {"Fn::GetAtt": [name, "RegionalDomainName"]},
        "HostedZoneId": {"Fn::GetAtt": [name, "RegionalHostedZoneId"]},
    }
    shared = {"Name": "events.example.com", "HostedZoneId": "Z0123456789ABC", "AliasTarget": alias}
    assert records == [shared | {"Type": "A"}, shared | {"Type": "AAAA"}]
