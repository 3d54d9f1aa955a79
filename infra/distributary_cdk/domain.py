"""The endpoint under a name of the owner's: a domain of API Gateway, and the records that lead to it."""

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from distributary_cdk.entrance import DomainProps


class Domain(Construct):
    """The name, in TLS 1.2 or newer and over IPv4 and IPv6, before the API's one stage."""

    def __init__(self, scope: Construct, name: str, *, domain: DomainProps, http_api: apigateway.HttpApi) -> None:
        super().__init__(scope, name)
        served = apigateway.DomainName(
            self,
            "Name",
            domain_name=domain.name,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", domain.certificate),
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
            endpoint_type=apigateway.EndpointType.REGIONAL,
            ip_address_type=apigateway.IpAddressType.DUAL_STACK,
        )
        apigateway.ApiMapping(self, "Mapping", api=http_api, domain_name=served, stage=http_api.default_stage)
        for kind in ("A", "AAAA"):
            route53.CfnRecordSet(
                self,
                kind,
                type=kind,
                name=domain.name,
                hosted_zone_id=domain.zone_id,
                alias_target=route53.CfnRecordSet.AliasTargetProperty(
                    dns_name=served.regional_domain_name, hosted_zone_id=served.regional_hosted_zone_id
                ),
            )
