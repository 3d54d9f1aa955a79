"""What cdk-nag asks of every template, and each of its findings that is accepted, with the reason."""

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from constructs import IConstruct


class Accepted(NamedTuple):
    """A finding by its exact id, at the resources of a type whose path ends so (a regular expression)."""

    id: str
    type: str
    path: str
    reason: str


_BY_US = "The function behind the route asks for a key itself: an authorizer sees no body, which SigV4 signs."
_OPEN = "Open to all on purpose: it tells nothing that is not public, and its throttle is low."

ACCEPTED = (
    Accepted(
        "AwsSolutions-S1",
        "AWS::S3::Bucket",
        "Streams/Bucket",
        "Only Firehose writes here; who reads is in CloudTrail's data events, where the account wants them.",
    ),
    Accepted(
        "AwsSolutions-IAM5[Resource::<StreamsBucketE0A7115B.Arn>/*]",
        "AWS::IAM::Role",
        "Streams/DeliveryRole",
        "Firehose writes objects, whose names nobody knows beforehand, into this one bucket.",
    ),
    *(
        Accepted(
            f"AwsSolutions-IAM5[Resource::<StreamsBucketE0A7115B.Arn>/{prefix}/*]",
            "AWS::IAM::Policy",
            "(Ingest|Redrive)Role/DefaultPolicy",
            "Objects of this one prefix, whose names nobody knows beforehand.",
        )
        for prefix in ("claims", "dead-letters", "spill")
    ),
    Accepted(
        "Serverless-LambdaEventSourceMappingDestination",
        "AWS::Lambda::EventSourceMapping",
        ".+Mapping",
        "A queue's mapping takes no destination: what fails stays in its queue, and goes to the one set aside.",
    ),
    Accepted(
        "AwsSolutions-SMG4",
        "AWS::SecretsManager::Secret",
        "Keys/Secret",
        "Rotated by `make keys … rotate`: a new version for new keys. By itself it would end every key in use.",
    ),
    Accepted("AwsSolutions-APIG4", "AWS::ApiGatewayV2::Route", "Api/Http/POST--.*", _BY_US),
    Accepted("AwsSolutions-APIG4", "AWS::ApiGatewayV2::Route", "Api/Http/GET--(v1--health)?", _OPEN),
    Accepted("AwsSolutions-APIG4", "AWS::ApiGatewayV2::Route", "Api/Http/DefaultRoute", "Answers 404 and 405 only."),
    Accepted(
        "Serverless-LambdaDLQ",
        "AWS::Lambda::Function",
        "[A-Za-z]+",
        "A dead-letter queue is for asynchronous calls: API Gateway and event sources call synchronously.",
    ),
    Accepted(
        "Serverless-LambdaTracing",
        "AWS::Lambda::Function",
        "[A-Za-z]+",
        "One log line a request has its ids and times; X-Ray would cost five times the request.",
    ),
    Accepted(
        "Serverless-SQSRedrivePolicy",
        "AWS::SQS::Queue",
        ".+/(Dead[A-Za-z]+|[A-Za-z]+SetAside)",
        "This is the queue that others redrive to.",
    ),
)


class CheckedApp(cdk.App):
    """An app whose synthesis fails on a finding of cdk-nag's AwsSolutions or Serverless rules that is not accepted.

    `CDK_VALIDATION=false` leaves them out, as it does the CDK's own validation.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if os.environ.get("CDK_VALIDATION") != "false":
            cdk.Validations.of(self).add_plugins(AwsSolutionsChecks(self), ServerlessChecks(self))

    def synth(self, **options: Any) -> Any:
        """The cloud assembly."""
        accept(self)
        return super().synth(**options)


def accept(scope: IConstruct) -> None:
    """Acknowledge at each resource what is accepted of it."""
    for resource, accepted in accepted_at(scope):
        acknowledgment = cdk.Acknowledgment(id=accepted.id, reason=accepted.reason)
        cdk.Validations.of(resource).acknowledge(acknowledgment)


def accepted_at(scope: IConstruct) -> Iterator[tuple[cdk.CfnResource, Accepted]]:
    """Each resource below the scope with each finding that is accepted of it."""
    for construct in scope.node.find_all():
        if isinstance(construct, cdk.CfnResource):
            _, _, path = construct.node.path.partition("/")
            for accepted in ACCEPTED:
                if construct.cfn_resource_type == accepted.type and re.fullmatch(f"({accepted.path})/Resource", path):
                    yield construct, accepted
