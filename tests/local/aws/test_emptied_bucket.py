import pytest

TAGGED = {"Tags": [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]}


def lake(name, **more):
    """A bucket, emptied by the CDK's custom resource."""
    properties = {"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:any", "BucketName": {"Ref": "Lake"}}
    return {
        "Lake": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name, **more}},
        "Emptying": {"Type": "Custom::S3AutoDeleteObjects", "Properties": properties},
    }


@pytest.fixture
def filled(aws):
    """Puts three versions of two objects, one of which was deleted, into a bucket."""

    def fill(name, versioning):
        s3 = aws.client("s3")
        if versioning:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for key in ("a", "a", "b"):
            s3.put_object(Bucket=name, Key=key, Body=b"x")
        s3.delete_object(Bucket=name, Key="b")

    return fill


def buckets(aws):
    """The names of all buckets."""
    return [one["Name"] for one in aws.client("s3").list_buckets()["Buckets"]]


@pytest.mark.parametrize("versioning", [True, False])
def test_a_bucket_is_emptied_and_goes_with_its_stack(aws, stack, unique, filled, versioning):
    """Versions and delete markers too."""
    name = unique("lake")
    stack.deploy(lake(name, **TAGGED))
    filled(name, versioning)

    assert stack.delete() == "DELETE_COMPLETE"
    assert name not in buckets(aws)


def test_a_bucket_without_the_tag_is_left_as_it_is(aws, stack, unique, filled):
    """So its stack cannot be deleted, as with AWS, until somebody empties it."""
    name = unique("lake")
    stack.deploy(lake(name))
    filled(name, False)

    assert stack.delete() == "DELETE_FAILED"
    assert "BucketNotEmpty" in stack.reasons("DELETE_FAILED")["Lake"]
    assert name in buckets(aws)


def test_the_former_bucket_is_emptied_when_another_takes_its_place(aws, stack, unique, filled):
    """Only then: a deployment that changes nothing of it deletes nothing."""
    names = (unique("lake"), unique("lake"))
    stack.deploy(lake(names[0], **TAGGED))
    filled(names[0], False)
    stack.deploy({**lake(names[0], **TAGGED), "Queue": {"Type": "AWS::SQS::Queue"}})
    kept = aws.client("s3").list_objects_v2(Bucket=names[0])["KeyCount"]
    stack.deploy(lake(names[1], **TAGGED))

    assert (kept, stack.status) == (1, "UPDATE_COMPLETE")
    assert [name in buckets(aws) for name in names] == [False, True]
