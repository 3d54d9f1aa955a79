"""The CloudFormation types that are added to moto's, or that replace one of its that is not good enough."""

from local.aws.resource_type import ResourceType
from local.aws.types import (
    api_gateway,
    cdk,
    cloudwatch,
    dynamodb,
    firehose,
    iam,
    iot,
    kinesis,
    kms,
    lambda_functions,
    logs,
    s3,
    scheduler,
    secrets,
    sns,
    sqs,
)

TYPES: tuple[ResourceType, ...] = tuple(
    kind
    for service in (
        api_gateway,
        cdk,
        cloudwatch,
        dynamodb,
        firehose,
        iam,
        iot,
        kinesis,
        kms,
        lambda_functions,
        logs,
        s3,
        scheduler,
        secrets,
        sns,
        sqs,
    )
    for kind in service.TYPES
)
