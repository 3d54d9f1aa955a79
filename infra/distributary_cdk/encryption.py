"""Which key encrypts what a stage keeps: AWS's own or one of the stack's, and what its use takes."""

from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IConstruct

from distributary_cdk.configuration import Configuration
from distributary_cdk.home import Home, home, unique_name
from distributary_cdk.retention import removal

_ID = "Key"
# An hour instead of SQS's five minutes: a twelfth of the requests to KMS, and records can still be spilled while KMS
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


def own_key(scope: IConstruct, configuration: Configuration) -> kms.IKey | None:
    """The Distributary's own key, made when first asked for; None where AWS's keys encrypt."""
    if configuration.key:
        return configuration.key
    if configuration.encryption == "aws-managed":
        return None
    return _existing(scope) or _key(scope, configuration)


def uses(scope: IConstruct, *actions: str) -> list[iam.PolicyStatement]:
    """What these actions of one service take of the stack's own key, by way of that service only; none without one."""
    stack = cdk.Stack.of(scope)
    service, _, _ = actions[0].partition(":")
    key = _key_of(service, scope)
    wanted = dict.fromkeys(use for action in actions for use in _USES.get(action, ()))
    if not key or not wanted:
        return []
    through = {"kms:ViaService": f"{service}.{stack.region}.amazonaws.com"}
    conditions = {"StringEquals": through}
    return [iam.PolicyStatement(actions=[*wanted], resources=[key.key_arn], conditions=conditions)]


def of_queue(scope: IConstruct, configuration: Configuration) -> dict[str, Any]:
    """A queue's properties."""
    key = own_key(scope, configuration)
    if not key:
        return {"encryption": sqs.QueueEncryption.SQS_MANAGED}
    return {"encryption": sqs.QueueEncryption.KMS, "encryption_master_key": key, "data_key_reuse": _REUSE}


def of_bucket(scope: IConstruct, configuration: Configuration) -> dict[str, Any]:
    """A bucket's properties; its own key of the day spares a request to KMS for each object."""
    key = own_key(scope, configuration)
    if not key:
        return {"encryption": s3.BucketEncryption.S3_MANAGED}
    return {"encryption": s3.BucketEncryption.KMS, "encryption_key": key, "bucket_key_enabled": True}


def of_stream(scope: IConstruct, configuration: Configuration) -> dict[str, Any]:
    """A Kinesis stream's properties."""
    key = own_key(scope, configuration)
    if not key:
        return {"encryption": kinesis.StreamEncryption.MANAGED}
    return {"encryption": kinesis.StreamEncryption.KMS, "encryption_key": key}


def of_delivery_stream(scope: IConstruct, configuration: Configuration) -> firehose.StreamEncryption:
    """How a delivery stream encrypts what it buffers; Firehose has a grant on the key, so who writes needs nothing."""
    key = own_key(scope, configuration)
    managed = firehose.StreamEncryption.customer_managed_key
    return managed(key) if key else firehose.StreamEncryption.aws_owned_key()


def encrypted(table: dynamodb.TableV2, configuration: Configuration) -> dynamodb.TableV2:
    """The table, under the stack's own key where there is one; DynamoDB's own is a table's default.

    The construct itself takes a key only in a stack that is tied to a region.
    """
    if key := own_key(table, configuration):
        resource = cast("dynamodb.CfnGlobalTable", table.node.default_child)
        resource.add_property_override("SSESpecification", {"SSEEnabled": True, "SSEType": "KMS"})
        resource.add_property_override("Replicas.0.SSESpecification.KMSMasterKeyId", key.key_arn)
    return table


def _key_of(service: str, scope: IConstruct) -> kms.IKey | None:
    """What encrypts the resources of a service: the owner's where they brought the resource, or the key."""
    owner = home(scope)
    if not isinstance(owner, Home):
        return _existing(scope)
    return owner.keys_of_others[service] if service in owner.keys_of_others else owner.key or _existing(scope)


def _existing(scope: IConstruct) -> kms.IKey | None:
    return cast("kms.Key | None", home(scope).node.try_find_child(_ID))


def _key(scope: IConstruct, configuration: Configuration) -> kms.Key:
    stack, owner = cdk.Stack.of(scope), cast("Construct", home(scope))
    description = f"Distributary: everything that {unique_name(scope)} keeps"
    key = kms.Key(owner, _ID, description=description, enable_key_rotation=True, removal_policy=removal(configuration))
    let_logs_use(key, stack)
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
