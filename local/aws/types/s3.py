"""Amazon S3: the bucket policy (moto has the bucket)."""

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties


def policy(properties: Properties) -> Properties:
    """PutBucketPolicy's parameters."""
    return {"Bucket": properties["Bucket"], "Policy": properties["PolicyDocument"]}


TYPES = (
    ResourceType(
        name="AWS::S3::BucketPolicy",
        service="s3",
        create="PutBucketPolicy",
        update=("PutBucketPolicy",),
        delete="DeleteBucketPolicy",
        ref="{Bucket}",
        translate=policy,
        change=policy,
        in_place=("PolicyDocument",),
    ),
)
