import json

OUTPUTS = {"Id": {"Ref": "Key"}, "Arn": {"Fn::GetAtt": ["Key", "Arn"]}}


def key(sid, **more):
    """A key."""
    document = {"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": "Allow", "Principal": {"AWS": "*"}}]}
    return {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document, **more}}}


def test_a_key_changes_in_place_and_ends_with_its_stack(aws, stack):
    """Policy, description and rotation change; deleting it schedules its deletion, as AWS does."""
    kms = aws.client("kms")
    first = stack.deploy(key("one", Description="one", EnableKeyRotation=True), OUTPUTS)
    rotating = kms.get_key_rotation_status(KeyId=first["Id"])["KeyRotationEnabled"]
    second = stack.deploy(key("two", Description="two", EnableKeyRotation=False, PendingWindowInDays=7), OUTPUTS)
    described = kms.describe_key(KeyId=first["Id"])["KeyMetadata"]
    policy = json.loads(kms.get_key_policy(KeyId=first["Id"], PolicyName="default")["Policy"])
    still = kms.get_key_rotation_status(KeyId=first["Id"])["KeyRotationEnabled"]

    assert (first, described["Arn"]) == (second, first["Arn"])
    assert (described["Description"], policy["Statement"][0]["Sid"]) == ("two", "two")
    assert (rotating, still) == (True, False)
    assert stack.delete() == "DELETE_COMPLETE"
    assert kms.describe_key(KeyId=first["Id"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
