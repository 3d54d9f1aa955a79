import pytest
from aws_cdk.assertions import Template
from constructs import Construct

from distributary_cdk.encryption import own_key
from distributary_cdk.storage import Storage


@pytest.fixture
def stored(stack, configured):
    """Makes the bucket as configured."""

    def make(**changes):
        configuration = configured(**changes)
        return Storage(Construct(stack, "Streams"), configuration=configuration, key=own_key(stack, configuration))

    return make


def test_bucket_is_private(stack, stored, properties):
    """The bucket is encrypted, has no public access and no ACLs, and speaks TLS 1.2 or newer only."""
    stored()

    bucket = properties("AWS::S3::Bucket")
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert "BucketName" not in bucket
    statements = Template.from_stack(stack).find_resources("AWS::S3::BucketPolicy")
    [policy] = statements.values()
    denied = [
        each["Condition"] for each in policy["Properties"]["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"
    ]
    assert denied == [{"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": 1.2}}]


def test_what_was_deleted_can_be_restored(stored, properties):
    """The bucket keeps versions where the stage wants to restore them."""
    stored(bucket={"restore_days": 7})

    assert properties("AWS::S3::Bucket")["VersioningConfiguration"] == {"Status": "Enabled"}


def test_no_versions(stored, properties):
    """Where nothing is to be restored there are none."""
    stored(bucket={"restore_days": 0})

    assert "VersioningConfiguration" not in properties("AWS::S3::Bucket")


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, stored, retain, policy):
    """The bucket stays or goes with the stack as the stage says."""
    stored(retain=retain, bucket={"empty_on_destroy": False})

    Template.from_stack(stack).has_resource("AWS::S3::Bucket", {"DeletionPolicy": policy})


@pytest.mark.parametrize(("emptied", "count"), [(True, 1), (False, 0)])
def test_emptied_bucket(stack, stored, emptied, count):
    """A bucket is emptied by a custom resource, which exists only where the stage asks for it."""
    stored(retain=False, bucket={"empty_on_destroy": emptied})

    Template.from_stack(stack).resource_count_is("Custom::S3AutoDeleteObjects", count)


def test_functions_and_commands_know_the_bucket(stack, stored):
    """By the name of the setting and of the output."""
    storage = stored()
    [bucket] = Template.from_stack(stack).find_resources("AWS::S3::Bucket")

    assert stack.resolve(storage.names) == {"bucket_name": {"Ref": bucket}}
    assert stack.resolve(storage.outputs) == {"BucketName": {"Ref": bucket}}


def test_grants(stored, granted):
    """Objects of one prefix, by action; listing is of the bucket."""
    storage = stored()

    assert granted(
        lambda role: storage.allow(role, "claims", "s3:PutObject"),
        lambda role: storage.allow(role, "actions", "s3:PutObject", "s3:GetObject"),
        storage.allow_listing,
    ) == {
        "s3:PutObject": {"StreamsBucket/claims/*", "StreamsBucket/actions/*"},
        "s3:GetObject": {"StreamsBucket/actions/*"},
        "s3:ListBucket": {"StreamsBucket"},
    }


def test_who_writes_objects_may_use_the_key(stored, granted):
    """Where the stage has its own."""
    storage = stored(encryption="own-key")

    assert granted(lambda role: storage.allow(role, "claims", "s3:PutObject")) == {
        "s3:PutObject": {"StreamsBucket/claims/*"},
        "kms:GenerateDataKey": {"Key"},
    }
