"""The key that encrypts what a stage keeps, AWS's own or one of the stage's, and the permissions to use it."""

from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.home import unique_name
from distributary_cdk.removal_policy import removal

# An hour instead of SQS's five minutes: a twelfth of the requests to KMS, and retry queues still take records while KMS
# throttles or is away. The price: a disabled key opens messages for up to an hour more.
_REUSE = cdk.Duration.hours(1)

# What a service asks of a key in the name of whoever may do this. Sources, by service:
# https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html (parts of an upload are decrypted)
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
_READ_TABLE = ("kms:Decrypt", "kms:DescribeKey")
_WRITE_TABLE = (
    *_READ_TABLE,
    *("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
    *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
)
_USES = {
    "kinesis:PutRecord": ("kms:GenerateDataKey",),
    "kinesis:PutRecords": ("kms:GenerateDataKey",),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "s3:AbortMultipartUpload": ("kms:Decrypt",),
    "s3:GetObject": ("kms:Decrypt",),
    "secretsmanager:GetSecretValue": ("kms:Decrypt",),
    **dict.fromkeys(("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"), _READ_TABLE),
    **dict.fromkeys(("dynamodb:PutItem", "dynamodb:UpdateItem"), _WRITE_TABLE),
}
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
_LOGS = ("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*")


def own_key(scope: Construct, configuration: Configuration) -> kms.IKey | None:
    """The owner's key, or a new one for all that the stage keeps; None where AWS's keys encrypt."""
    if configuration.key:
        let_logs_use(configuration.key, cdk.Stack.of(scope))
        return configuration.key
    return None if configuration.encryption == "aws-managed" else _key(scope, configuration)


def uses(key: kms.IKey | None, *actions: str) -> list[iam.PolicyStatement]:
    """The uses of the key that these actions of one service need, through that service only; empty without a key."""
    wanted = dict.fromkeys(use for action in actions for use in _USES.get(action, ()))
    if not key or not wanted:
        return []
    service, _, _ = actions[0].partition(":")
    through = {"kms:ViaService": f"{service}.{cdk.Stack.of(key).region}.amazonaws.com"}
    conditions = {"StringEquals": through}
    return [iam.PolicyStatement(actions=[*wanted], resources=[key.key_arn], conditions=conditions)]


def of_queue(key: kms.IKey | None) -> dict[str, Any]:
    """A queue's properties."""
    if not key:
        return {"encryption": sqs.QueueEncryption.SQS_MANAGED}
    return {"encryption": sqs.QueueEncryption.KMS, "encryption_master_key": key, "data_key_reuse": _REUSE}


def of_bucket(key: kms.IKey | None) -> dict[str, Any]:
    """A bucket's properties; its own key of the day spares a request to KMS for each object."""
    if not key:
        return {"encryption": s3.BucketEncryption.S3_MANAGED}
    return {"encryption": s3.BucketEncryption.KMS, "encryption_key": key, "bucket_key_enabled": True}


def of_stream(key: kms.IKey | None) -> dict[str, Any]:
    """A Kinesis stream's properties."""
    if not key:
        return {"encryption": kinesis.StreamEncryption.MANAGED}
    return {"encryption": kinesis.StreamEncryption.KMS, "encryption_key": key}


def of_delivery_stream(key: kms.IKey | None) -> firehose.StreamEncryption:
    """How a delivery stream encrypts its buffer. Firehose has a grant on the key, so writers need no permission."""
    managed = firehose.StreamEncryption.customer_managed_key
    return managed(key) if key else firehose.StreamEncryption.aws_owned_key()


def encrypted(table: dynamodb.TableV2, key: kms.IKey | None) -> dynamodb.TableV2:
    """The table, encrypted with the key; without a key DynamoDB uses its own.

    The construct itself takes a key only in a stack that is tied to a region.
    """
    if key:
        resource = cast("dynamodb.CfnGlobalTable", table.node.default_child)
        resource.add_property_override("SSESpecification", {"SSEEnabled": True, "SSEType": "KMS"})
        resource.add_property_override("Replicas.0.SSESpecification.KMSMasterKeyId", key.key_arn)
    return table


def _key(scope: Construct, configuration: Configuration) -> kms.Key:
    description = f"Distributary: everything that {unique_name(scope)} keeps"
    key = kms.Key(
        scope, "Key", description=description, enable_key_rotation=True, removal_policy=removal(configuration)
    )
    let_logs_use(key, cdk.Stack.of(scope))
    return key


def let_logs_use(key: kms.IKey, stack: cdk.Stack) -> None:
    """Let CloudWatch Logs encrypt the stack's log groups; where the key is another stack's, its owner lets it."""
    # CloudFormation begins a log group's name with the stack's.
    groups = stack.format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{stack.stack_name}-*",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            actions=[*_LOGS],
            resources=["*"],
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    )
