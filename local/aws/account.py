"""What moto holds of roles, of the policies of resources and of the keys that encrypt them, as IAM asks for it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.kinesis.models import kinesis_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends

from local.deployment import ACCOUNT, REGION
from local.iam.operations import Needed
from local.iam.policy import Statement, parsed
from local.iam.request import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from moto.iam.models import ManagedPolicy, Role

    from local.iam.condition import Context

# What each action uses of the customer's key that encrypts its resource. By service:
# https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
KEY_USES = {
    "dynamodb": ("kms:Decrypt",),
    "kinesis:PutRecord": ("kms:GenerateDataKey",),
    "kinesis:PutRecords": ("kms:GenerateDataKey",),
    "s3:GetObject": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "secretsmanager:GetSecretValue": ("kms:Decrypt",),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
}
OF_AWS = "alias/aws/"


class MotoAccount:
    """The account of the embedded AWS. A policy of a resource of another service than these has no say."""

    def statements(self, role: str) -> tuple[Statement, ...]:
        """The statements of a role's own and attached policies; none for a role that does not exist."""
        found = role_of(role)
        if found is None:
            return ()
        attached = [(policy.name, managed(policy)) for policy in found.managed_policies.values()]
        return joined(*((name, text(document)) for name, document in (*found.policies.items(), *attached)))

    def trust(self, role: str) -> tuple[Statement, ...]:
        """The statements that say who may assume a role."""
        found = role_of(role)
        return parsed(f"trust of {role}", text(found.assume_role_policy_document)) if found else ()

    def resource_policy(self, arn: str) -> Sequence[Statement]:
        """The statements of a queue's, a bucket's, a key's or a function's policy."""
        service, name = arn.split(":")[2], arn.rpartition(":")[2]
        document: Any = None
        if service == "sqs":
            queue = sqs_backends[ACCOUNT][REGION].queues.get(name)
            document = getattr(queue, "policy", None)
        elif service == "s3":
            bucket = s3_backends[ACCOUNT]["aws"].buckets.get(name.partition("/")[0])
            document = bucket.policy.decode() if bucket and bucket.policy else None
        elif service == "kms":
            key = kms_backends[ACCOUNT][REGION].keys.get(name.rpartition("/")[2])
            document = key.policy if key else None
        elif service == "lambda":
            document = {"Statement": [*function_policy(arn)]}
        return parsed(f"policy of {arn}", text(document)) if document else ()

    def encrypting(self, need: Needed) -> Iterator[Needed]:
        """What an action uses of the customer's key that encrypts its resource; nothing of AWS's own keys."""
        service = need.action.partition(":")[0]
        uses = KEY_USES.get(need.action) or KEY_USES.get(service)
        key = customers(encrypting_key(service, whole(need.resource))) if uses else ""
        via: Context = {"kms:viaservice": (f"{service}.{REGION}.amazonaws.com",)}
        yield from (Needed(use, key, via) for use in uses or () if key)


def role_of(arn: str) -> Role | None:
    """The role of that ARN."""
    name = arn.rpartition("/")[2]
    roles = list(iam_backends[ACCOUNT]["aws"].roles.values())
    return next((role for role in roles if role.name == name and role.arn == arn), None)


@lru_cache(maxsize=64)
def joined(*policies: tuple[str, str]) -> tuple[Statement, ...]:
    """The statements of policies, each given by name and document. Raises NotEvaluated."""
    return tuple(one for name, document in policies for one in parsed(name, document))


def managed(policy: ManagedPolicy) -> str:
    """The document of a managed policy's default version."""
    return next(one.document for one in policy.versions if one.version_id == policy.default_version_id) or "{}"


def customers(key: str | None) -> str:
    """The ARN of a key that was given by its id or ARN; empty where it is one of AWS's own."""
    name = (key or OF_AWS).rpartition(":")[2].removeprefix("key/")
    found = kms_backends[ACCOUNT][REGION].keys.get(name)
    aliases = found.aliases if found else ()
    if name.startswith(OF_AWS) or any(alias.startswith(OF_AWS) for alias in aliases):
        return ""
    return whole(f"kms:key/{name}")


def text(document: Any) -> str:
    """A policy document as JSON: moto keeps some as they stood in the template."""
    return document if isinstance(document, str) else json.dumps(document)


def function_policy(arn: str) -> list[dict[str, Any]]:
    """The statements that say who may call a function, or its alias."""
    name = arn.partition(":function:")[2].partition(":")[0]
    try:
        function = lambda_backends[ACCOUNT][REGION].get_function(name)
    except UnknownFunctionException:
        return []
    return list(function.policy.statements)


def encrypting_key(service: str, arn: str) -> str | None:
    """The id, ARN or alias of the key that encrypts a resource; None where AWS's own does."""
    name = arn.rpartition(":")[2]
    if service == "sqs":
        queue = sqs_backends[ACCOUNT][REGION].queues.get(name)
        return getattr(queue, "kms_master_key_id", None)
    if service == "s3":
        bucket = s3_backends[ACCOUNT]["aws"].buckets.get(name.partition("/")[0])
        rule = ((bucket.encryption if bucket else None) or {}).get("Rule", {})
        return (rule.get("ApplyServerSideEncryptionByDefault") or {}).get("KMSMasterKeyID")
    if service == "kinesis":
        stream = kinesis_backends[ACCOUNT][REGION].streams.get(name.rpartition("/")[2])
        return getattr(stream, "key_id", None) if stream and stream.encryption_type == "KMS" else None
    if service == "dynamodb":
        table = dynamodb_backends[ACCOUNT][REGION].tables.get(name.split("/")[1])
        return (table.sse_specification or {}).get("KMSMasterKeyId") if table else None
    secret = next((one for one in secretsmanager_backends[ACCOUNT][REGION].secrets.values() if one.arn == arn), None)
    return getattr(secret, "kms_key_id", None)
