"""Amazon S3: the bucket, each of whose settings is a call of its own, and its policy."""

from collections.abc import Callable
from typing import Any, NamedTuple

from local.aws.life_cycle_rule import from_template
from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties, call


class Setting(NamedTuple):
    """A property of a bucket: the call that sets it, what that call takes of it, and the call that takes it back."""

    put: str
    parameters: Callable[[Any], Properties]
    delete: str


SETTINGS = {
    "BucketEncryption": Setting(
        "PutBucketEncryption",
        lambda value: {"ServerSideEncryptionConfiguration": encryption(value)},
        "DeleteBucketEncryption",
    ),
    "LifecycleConfiguration": Setting(
        "PutBucketLifecycleConfiguration",
        lambda value: {"LifecycleConfiguration": {"Rules": from_template(value)}},
        "DeleteBucketLifecycle",
    ),
    "OwnershipControls": Setting(
        "PutBucketOwnershipControls", lambda value: {"OwnershipControls": value}, "DeleteBucketOwnershipControls"
    ),
    "PublicAccessBlockConfiguration": Setting(
        "PutPublicAccessBlock", lambda value: {"PublicAccessBlockConfiguration": value}, "DeletePublicAccessBlock"
    ),
    "Tags": Setting("PutBucketTagging", lambda value: {"Tagging": {"TagSet": value}}, "DeleteBucketTagging"),
}
# There is one account on this machine, and versions that nobody restores would only fill its memory.
WITHOUT_EFFECT = ("AccessControl", "VersioningConfiguration")


def encryption(configuration: Properties) -> Properties:
    """PutBucketEncryption's words for it."""
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    rules = configuration["ServerSideEncryptionConfiguration"]
    return {"Rules": [{names.get(key, key): value for key, value in rule.items()} for rule in rules]}


def set_the_rest(client: Any, state: Properties) -> None:
    """Sets what the template has, and takes back what it does not have any more."""
    bucket = {"Bucket": state["BucketName"]}
    for name, setting in SETTINGS.items():
        if name in state:
            call(client, setting.put, bucket | setting.parameters(state[name]), strict=True)
        else:
            call(client, setting.delete, bucket, strict=True)


def bucket(properties: Properties) -> Properties:
    """CreateBucket's and DeleteBucket's parameters."""
    own = {key: value for key, value in properties.items() if key != "BucketName"}
    return {"Bucket": properties["BucketName"], **own}


def policy(properties: Properties) -> Properties:
    """PutBucketPolicy's parameters."""
    return {"Bucket": properties["Bucket"], "Policy": properties["PolicyDocument"]}


TYPES = (
    ResourceType(
        name="AWS::S3::Bucket",
        service="s3",
        create="CreateBucket",
        delete="DeleteBucket",
        ref="{BucketName}",
        attributes={
            "Arn": "arn:aws:s3:::{BucketName}",
            "DomainName": "{BucketName}.s3.amazonaws.com",
            "DualStackDomainName": "{BucketName}.s3.dualstack.{Region}.amazonaws.com",
            "RegionalDomainName": "{BucketName}.s3.{Region}.amazonaws.com",
            "WebsiteURL": "http://{BucketName}.s3-website.{Region}.amazonaws.com",
        },
        named_by="BucketName",
        name_length=63,
        translate=bucket,
        beyond_create=(*SETTINGS, *WITHOUT_EFFECT),
        deletion=bucket,
        after=set_the_rest,
    ),
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
