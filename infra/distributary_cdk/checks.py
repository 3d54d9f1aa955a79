"""What cdk-nag asks of every template, and each of its findings that is accepted, with the reason."""

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from distributary_cdk.home import Home

# A resource by its path in the Distributary, as the ids of findings name it by its logical id: `<Streams/Bucket.Arn>`.
_NAMED = re.compile(r"<([A-Za-z]+(?:/[A-Za-z]+)*)(\.Arn)?>")


class Accepted(NamedTuple):
    """A finding by its id, at the resources of a type whose path in the Distributary is so (a regular expression)."""

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
        "AwsSolutions-IAM5[Resource::<Streams/Bucket.Arn>/*]",
        "AWS::IAM::Role",
        "Streams/DeliveryRole",
        "Firehose writes objects, whose names nobody knows beforehand, into this one bucket.",
    ),
    *(
        Accepted(
            f"AwsSolutions-IAM5[Resource::<Streams/Bucket.Arn>/{prefix}/*]",
            "AWS::IAM::Policy",
            "(Ingest|Redrive|Detectors/RunDetectors|IotRules/TakeMessages)Role/DefaultPolicy",
            "Objects of this one prefix, whose names nobody knows beforehand.",
        )
        for prefix in ("actions", "claims", "dead-letters", "spill")
    ),
    Accepted(
        "Serverless-LambdaEventSourceMappingDestination",
        "AWS::Lambda::EventSourceMapping",
        ".+(Mapping|Source)",
        "A queue's mapping takes no destination: what fails stays in its queue, and goes to the one set aside.",
    ),
    Accepted(
        "AwsSolutions-IAM5[Resource::<Ingest.Arn>:*]",
        "AWS::IAM::Role",
        "Release/Role",
        "The function's one alias and its versions, whose numbers nobody knows beforehand.",
    ),
    Accepted(
        "AwsSolutions-IAM5[Resource::*]",
        "AWS::IAM::Role",
        "Release/Role",
        "DescribeAlarms of alarms of any kind is checked against all of them; it reads, and nothing secret.",
    ),
    Accepted(
        "AwsSolutions-KDS3",
        "AWS::Kinesis::Stream",
        "Streams/Stream",
        "Where a stage asks for a key of its own: all that it keeps is under one key, which its owner can disable.",
    ),
    Accepted(
        "AwsSolutions-SMG4",
        "AWS::SecretsManager::Secret",
        "Keys/Secret",
        "Rotated by `make keys … rotate`: a new version for new keys. By itself it would end every key in use.",
    ),
    Accepted("AwsSolutions-APIG4", "AWS::ApiGatewayV2::Route", "Api/Http/(POST--|GET--detectors--).*", _BY_US),
    Accepted("AwsSolutions-APIG4", "AWS::ApiGatewayV2::Route", "Api/Http/GET--(v1--health)?", _OPEN),
    Accepted("AwsSolutions-APIG4", "AWS::ApiGatewayV2::Route", "Api/Http/DefaultRoute", "Answers 404 and 405 only."),
    Accepted(
        "Serverless-LambdaDLQ",
        "AWS::Lambda::Function",
        "IotRules/TakeMessages",
        "Topic rules call it asynchronously by aliases, and each of these has a destination on failure.",
    ),
    Accepted(
        "AwsSolutions-SQS3",
        "AWS::SQS::Queue",
        "IotRules/DeadRules",
        "This is the queue of what failed: topic rules and the function behind them send to it.",
    ),
    Accepted(
        "Serverless-LambdaDLQ",
        "AWS::Lambda::Function",
        "(?!IotRules/).+",
        "A dead-letter queue is for asynchronous calls: API Gateway and event sources call synchronously.",
    ),
    Accepted(
        "Serverless-LambdaTracing",
        "AWS::Lambda::Function",
        ".+",
        "One log line a request has its ids and times; X-Ray would cost five times the request.",
    ),
    Accepted(
        "Serverless-SQSRedrivePolicy",
        "AWS::SQS::Queue",
        ".+/(Dead[A-Za-z]+|[A-Za-z]+SetAside|LateWakes)",
        "This is the queue that others redrive to.",
    ),
    Accepted(
        "AwsSolutions-SQS3",
        "AWS::SQS::Queue",
        "Detectors/LateWakes",
        "This is the dead-letter queue of the schedules, which detectors make while they run.",
    ),
    Accepted(
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>"
        ":schedule/<Detectors/Schedules>/*]",
        "AWS::IAM::Policy",
        "Detectors/(RunDetectors|ServeDetectors)Role/DefaultPolicy",
        "Schedules of this stack's own group, one for each armed timer.",
    ),
)


class CheckedApp(cdk.App):
    """An app whose synthesis fails on a finding of cdk-nag's AwsSolutions or Serverless rules that is not accepted.

    `CDK_VALIDATION=false` leaves them out, as it does the CDK's own validation.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if os.environ.get("CDK_VALIDATION") != "false":
            # Loaded where it is used: an app that has the construct in it need not have cdk-nag.
            from cdk_nag import AwsSolutionsChecks, ServerlessChecks  # noqa: PLC0415 - see above

            cdk.Validations.of(self).add_plugins(AwsSolutionsChecks(self), ServerlessChecks(self))


def accept(distributary: Home) -> None:
    """Acknowledge at each resource of a Distributary what is accepted of it, for whoever checks its app."""
    for resource, accepted in accepted_at(distributary):
        acknowledgment = cdk.Acknowledgment(id=_finding(accepted.id, distributary), reason=accepted.reason)
        cdk.Validations.of(resource).acknowledge(acknowledgment)


def _finding(finding: str, distributary: Home) -> str:
    """The finding's id with the logical ids of the resources that it names by their paths."""
    stack = cdk.Stack.of(distributary)

    def named(found: re.Match[str]) -> str:
        if found[1] in distributary.arns_of_others:
            return _written(stack.resolve(distributary.arns_of_others[found[1]]))
        construct: IConstruct = distributary
        for part in found[1].split("/"):
            construct = construct.node.find_child(part)
        resource = cast("cdk.CfnElement", construct.node.default_child or construct)
        return f"<{stack.resolve(resource.logical_id)}{found[2] or ''}>"

    return _NAMED.sub(named, finding)


def _of_models(resource: cdk.CfnResource, path: str) -> Iterator[Accepted]:
    """What the owner's detector models bring: their actions' targets may be expressions, so a part of it is open."""
    if path == "Detectors/CarryOutRole/DefaultPolicy/Resource":
        document = cdk.Stack.of(resource).resolve(cast("iam.CfnPolicy", resource).policy_document)
        for statement in document["Statement"]:
            resources = statement["Resource"]
            for one in resources if isinstance(resources, list) else [resources]:
                if "*" in (text := _written(one)):
                    finding = f"AwsSolutions-IAM5[Resource::{text}]"
                    yield Accepted(finding, "AWS::IAM::Policy", path, "As narrow as the model's own text allows.")


def _written(value: Any) -> str:
    """A template's value as cdk-nag writes it in a finding's id."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(map(_written, value["Fn::Join"][1]))
    return f"<{value['Ref']}>" if "Ref" in value else f"<{'.'.join(value['Fn::GetAtt'])}>"


def accepted_at(scope: IConstruct) -> Iterator[tuple[cdk.CfnResource, Accepted]]:
    """Each resource of the Distributaries at or below the scope, with each finding that is accepted of it."""
    for distributary in (each for each in scope.node.find_all() if isinstance(each, Home)):
        for construct in distributary.node.find_all():
            if isinstance(construct, cdk.CfnResource):
                yield from ((construct, accepted) for accepted in _accepted_of(construct, distributary))


def _accepted_of(resource: cdk.CfnResource, distributary: Home) -> Iterator[Accepted]:
    path = resource.node.path.removeprefix(f"{distributary.node.path}/")
    for accepted in ACCEPTED:
        if resource.cfn_resource_type == accepted.type and re.fullmatch(f"({accepted.path})/Resource", path):
            yield accepted
    yield from _of_models(resource, path)
