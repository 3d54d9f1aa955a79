"""The stage's one bucket: what Firehose delivers, and the objects that functions write."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.encryption import of_bucket
from distributary_cdk.findings import acknowledge, acknowledge_wildcard
from distributary_cdk.life_cycle import life_cycle
from distributary_cdk.part import Part
from distributary_cdk.permission import allow
from distributary_cdk.removal_policy import removal


class Storage(Part):
    """The bucket of one stage."""

    def __init__(self, scope: Construct, *, configuration: Configuration, key: kms.IKey | None = None) -> None:
        self.bucket = configuration.bucket.bucket or _bucket(scope, configuration, key)
        self.names = {"bucket_name": self.bucket.bucket_name}
        self.outputs = {"BucketName": self.bucket.bucket_name}

    def allow(self, grantee: iam.IGrantable, prefix: str, *actions: str) -> None:
        """Let the grantee do these actions with the objects of one prefix."""
        objects = self.bucket.arn_for_objects(f"{prefix}/*")
        allow(grantee, objects, *actions, key=self.bucket.encryption_key)
        acknowledge_wildcard(grantee, objects, "Objects of this one prefix, whose names nobody knows beforehand.")

    def allow_listing(self, grantee: iam.IGrantable) -> None:
        """Let the grantee list the bucket: S3 then tells it that an object is missing, instead of denying access."""
        allow(grantee, self.bucket.bucket_arn, "s3:ListBucket")


def _bucket(scope: Construct, configuration: Configuration, key: kms.IKey | None) -> s3.Bucket:
    wanted = configuration.bucket
    bucket = s3.Bucket(
        scope,
        "Bucket",
        **of_bucket(key),
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        versioned=wanted.restore_days > 0,
        lifecycle_rules=life_cycle(wanted),
        removal_policy=removal(configuration),
        auto_delete_objects=wanted.empty_on_destroy,
    )
    acknowledge(
        bucket,
        "AwsSolutions-S1",
        "Only Firehose writes here; who reads is in CloudTrail's data events, where the account wants them.",
    )
    return bucket
