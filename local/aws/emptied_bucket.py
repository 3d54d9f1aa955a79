"""The CDK's custom resource that empties a bucket before its stack deletes it.

Its function is JavaScript with the SDK that Lambda's runtime brings; here the same is done in its place. Source:
https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_s3-readme.html#bucket-deletion
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TYPE = "Custom::S3AutoDeleteObjects"
ALLOWED = {"Key": "aws-cdk:auto-delete-objects", "Value": "true"}


def tell(clients: Callable[[str], Any], kind: str, request: Mapping[str, Any]) -> None:
    """Empties the bucket that the resource is about no more: at its deletion, or at a change to another bucket."""
    bucket = request["ResourceProperties"]["BucketName"]
    former = request.get("OldResourceProperties", {}).get("BucketName", bucket)
    if kind == "Delete":
        empty(clients("s3"), bucket)
    elif former != bucket:
        empty(clients("s3"), former)


def empty(client: Any, bucket: str) -> None:
    """Deletes every version of every object, if the bucket is there and its tag allows it."""
    with contextlib.suppress(client.exceptions.NoSuchBucket):
        if ALLOWED in tags(client, bucket):
            for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
                for one in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                    client.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])


def tags(client: Any, bucket: str) -> list[dict[str, str]]:
    """The bucket's tags."""
    try:
        found: list[dict[str, str]] = client.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchTagSet":
            raise
        return []
    return found
