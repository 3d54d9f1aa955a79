"""The CloudFormation types that are added to moto's, or that replace one of its that is not good enough."""

from moto.cloudformation import parsing

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


def forget_known_types() -> None:
    """Makes moto look for resource types again: it remembers those that it found first."""
    for remembered in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        remembered.cache_clear()
