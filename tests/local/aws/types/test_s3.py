import json

import pytest
from botocore.exceptions import ClientError


def test_a_bucket_policy_is_put_changed_and_deleted(aws, stack):
    """Also where it refers to its bucket."""

    def resources(action):
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": {"Fn::GetAtt": ["Bucket", "Arn"]},
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document}
        return {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
        }

    found = []
    for action in ("s3:PutObject", "s3:GetObject"):
        name = stack.deploy(resources(action), {"Name": {"Ref": "Bucket"}})["Name"]
        [statement] = json.loads(aws.client("s3").get_bucket_policy(Bucket=name)["Policy"])["Statement"]
        found.append((statement["Action"], statement["Resource"]))

    assert found == [("s3:PutObject", f"arn:aws:s3:::{name}"), ("s3:GetObject", f"arn:aws:s3:::{name}")]
    stack.delete()
    assert name not in [one["Name"] for one in aws.client("s3").list_buckets()["Buckets"]]


def bucket(**more):
    """A bucket."""
    return {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": more}}


def life_cycle(*rules):
    """A bucket's life cycle."""
    return {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", **rule} for rule in rules]}}


OUTPUTS = {"Name": {"Ref": "Bucket"}, "Arn": {"Fn::GetAtt": ["Bucket", "Arn"]}}


def test_every_property_of_a_bucket_has_its_effect(aws, stack):
    """Encryption, life cycle, ownership, access from outside, tags; its name is one that S3 takes."""
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}}
    closed = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    outputs = stack.deploy(
        bucket(
            BucketEncryption={"ServerSideEncryptionConfiguration": [rule]},
            OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            PublicAccessBlockConfiguration=closed,
            Tags=[{"Key": "a", "Value": "b"}],
            **life_cycle({"Prefix": "a/", "ExpirationInDays": 3}),
        ),
        OUTPUTS,
    )
    s3, of = aws.client("s3"), {"Bucket": outputs["Name"]}

    assert outputs["Arn"] == f"arn:aws:s3:::{outputs['Name']}"
    [found] = s3.get_bucket_encryption(**of)["ServerSideEncryptionConfiguration"]["Rules"]
    assert found["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}
    assert s3.get_bucket_ownership_controls(**of)["OwnershipControls"]["Rules"][0]["ObjectOwnership"] == (
        "BucketOwnerEnforced"
    )
    assert s3.get_public_access_block(**of)["PublicAccessBlockConfiguration"] == closed
    assert s3.get_bucket_tagging(**of)["TagSet"] == [{"Key": "a", "Value": "b"}]
    [rule] = s3.get_bucket_lifecycle_configuration(**of)["Rules"]
    assert (rule["Filter"], rule["Expiration"]) == ({"Prefix": "a/"}, {"Days": 3})


def test_a_bucket_changes_in_place(aws, stack):
    """What the template does not have any more is gone; the objects stay."""
    outputs = stack.deploy(bucket(**life_cycle({"ExpirationInDays": 3})), OUTPUTS)
    s3, of = aws.client("s3"), {"Bucket": outputs["Name"]}
    s3.put_object(**of, Key="kept", Body=b"kept")

    assert stack.deploy(bucket(), OUTPUTS) == outputs
    assert s3.get_object(**of, Key="kept")["Body"].read() == b"kept"
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(**of)


def test_a_bucket_whose_life_cycle_s3_refuses_is_not_created(aws, stack):
    """What stage dev once was: its objects expire the day that they move. Nothing of the bucket is left."""
    move = {"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 30}
    before = aws.client("s3").list_buckets()["Buckets"]
    stack.deploy(bucket(**life_cycle({"ExpirationInDays": 30, "Transitions": [move]})))

    assert "InvalidArgument: 'Days' in the Expiration action for filter '(prefix=)'" in stack.reasons()["Bucket"]
    assert aws.client("s3").list_buckets()["Buckets"] == before


def test_a_property_that_no_call_takes_is_refused(stack):
    """A bucket of which this machine would ignore something is not created."""
    stack.deploy(bucket(WebsiteConfiguration={"IndexDocument": "index.html"}))

    assert "WebsiteConfiguration" in stack.reasons()["Bucket"]
